"""CSV as rows: read row by row, so that a fault is told with the line where it stands, and handed over in batches."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from loyalty.services.ingest.encodings import can_be_read, encoding_of, known_encoding
from loyalty.services.ingest.packed import open_bytes
from loyalty.services.ingest.readings import FileTable, Format, Reading, check_heading, told_apart
from loyalty.services.ingest.rows import BATCH_ROWS, LINE, FileRefused, Problem

if TYPE_CHECKING:
    import _csv

DELIMITERS = ",;\t|"
SAMPLE_BYTES = 1 << 20
SAMPLE_ROWS = 200
LONGEST_CELL = 1 << 17
# One row in all its lines. Without a bound a file that never ends its line would fill the memory.
LONGEST_ROW = 1 << 22
NO_HEADING = "The heading cannot be read. The first line must name the columns."


def open_csv(path: Path, reading: Reading) -> FileTable:
    """The heading is read at once, the rows while they are taken."""
    with open_bytes(path) as file:
        sample = file.read(SAMPLE_BYTES)
    if not sample.strip():
        raise FileRefused("The file is empty. Choose a file with a heading and at least one row.")
    encoding = known_encoding(reading.encoding) if reading.encoding else encoding_of(path, sample)
    text = sample.decode(encoding, errors="ignore").lstrip("\ufeff")
    delimiter = _chosen(reading.delimiter) or _delimiter(text, is_whole=len(sample) < SAMPLE_BYTES)
    heading = _heading(text, delimiter)
    schema = pa.schema([pa.field(LINE, pa.int64()), *(pa.field(name, pa.string()) for name in told_apart(heading))])
    reader = _CsvReader(path, encoding, delimiter, schema)
    return FileTable(
        format=Format.CSV,
        heading=heading,
        schema=schema,
        batches=reader.batches(),
        problems=reader.problems,
        encoding=encoding,
        delimiter=delimiter,
        may_be_garbled=not can_be_read(path, encoding),
    )


def _chosen(delimiter: str | None) -> str:
    if delimiter and delimiter not in list(DELIMITERS):
        raise FileRefused("Choose a comma, a semicolon, a tab or a vertical bar as delimiter.")
    return delimiter or ""


def _delimiter(text: str, *, is_whole: bool) -> str:
    """The one that cuts most rows into as many cells as the heading, then the one that cuts most often."""
    lines = list(islice(io.StringIO(text, newline=""), 4 * SAMPLE_ROWS))
    if not is_whole or len(lines) == 4 * SAMPLE_ROWS:
        lines = lines[:-1] or lines
    return max(DELIMITERS, key=lambda delimiter: _consistency(lines, delimiter))


def _consistency(lines: list[str], delimiter: str) -> tuple[float, int]:
    widths: list[int] = []
    try:
        for row in csv.reader(iter(lines), delimiter=delimiter):
            if row:
                widths.append(len(row))
            if len(widths) == SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    if not widths or widths[0] == 1:
        return 0.0, 0
    alike = Counter(widths)[widths[0]] / len(widths)
    return round(alike, 2), widths[0]


def _heading(text: str, delimiter: str) -> tuple[str, ...]:
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise FileRefused(NO_HEADING) from error
    heading = tuple(name.strip() for name in names)
    check_heading(heading)
    return heading


class _CsvReader:
    def __init__(self, path: Path, encoding: str, delimiter: str, schema: pa.Schema) -> None:
        self.path = path
        self.encoding = encoding
        self.delimiter = delimiter
        self.schema = schema
        self.problems: list[Problem] = []
        self.row_length = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        with open_bytes(self.path) as file, io.TextIOWrapper(file, self.encoding, "replace", newline="") as text:
            reader = csv.reader(self._lines(text), delimiter=self.delimiter, strict=True)
            self._skip_heading(reader)
            kept: list[tuple[object, ...]] = []
            for row in self._rows(reader):
                kept.append(row)
                if len(kept) >= BATCH_ROWS:
                    yield self._batch(kept)
                    kept = []
            if kept:
                yield self._batch(kept)

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        while line := text.readline(LONGEST_ROW):
            self.row_length += len(line)
            if self.row_length > LONGEST_ROW:
                raise csv.Error("row too long")
            yield line

    def _skip_heading(self, reader: "_csv.Reader") -> None:
        try:
            next(reader, None)
        except csv.Error as error:
            raise FileRefused(NO_HEADING) from error

    def _rows(self, reader: "_csv.Reader") -> Iterator[tuple[object, ...]]:
        n_columns = len(self.schema) - 1
        line = reader.line_num + 1
        while True:
            self.row_length = 0
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise FileRefused(
                    f"Line {line} cannot be read. Look for a quotation mark that is not closed, "
                    f"or a cell longer than {LONGEST_CELL:,} characters."
                ) from error
            if cells is None:
                return
            if len(cells) != n_columns and not any(cells[n_columns:]) and len(cells) > n_columns:
                # Spreadsheets end a row with delimiters of columns that are not there.
                del cells[n_columns:]
            if len(cells) == n_columns:
                yield (line, *(cell or None for cell in cells))
            elif any(cells):
                reason = f"This row has {len(cells)} cells where the heading has {n_columns}. Correct the row."
                self.problems.append(Problem(line, "", self.delimiter.join(cells)[:200], reason))
                yield (line, *([None] * n_columns))
            line = reader.line_num + 1

    def _batch(self, rows: list[tuple[object, ...]]) -> pa.RecordBatch:
        arrays = [
            pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), self.schema, strict=True)
        ]
        return pa.record_batch(arrays, schema=self.schema)
