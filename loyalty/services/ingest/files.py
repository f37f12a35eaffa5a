"""A person's file as rows: CSV in the encodings and delimiters that spreadsheets write, or Parquet."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from loyalty.services.ingest.kinds import RecordKind
from loyalty.services.ingest.rows import (
    BATCH_ROWS,
    LINE,
    FileRefused,
    Problem,
    Rows,
    check_names,
    from_batches,
)

if TYPE_CHECKING:
    import _csv

PARQUET_MARK = b"PAR1"
SAMPLE_BYTES = 1 << 20
DELIMITERS = ",;\t|"
LONGEST_CELL = 1 << 17


def read_file(kind: RecordKind, path: Path) -> Rows:
    """Rows of a CSV or Parquet file. The heading is checked at once, the rows while they are read."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    if not sample.strip():
        raise FileRefused("The file is empty. Choose a file with a heading and at least one row.")
    if sample.startswith(PARQUET_MARK):
        return _read_parquet(kind, path)
    return _read_csv(kind, path, sample)


def _read_parquet(kind: RecordKind, path: Path) -> Rows:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise FileRefused("This Parquet file is damaged or incomplete. Export it again.") from error
    check_names(kind, file.schema_arrow.names)
    if file.metadata.num_rows == 0:
        raise FileRefused("The file has a heading but no rows.")
    return from_batches(kind, file.schema_arrow, _parquet_batches(file), file.metadata.num_rows, 1)


def _parquet_batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    try:
        yield from file.iter_batches(batch_size=BATCH_ROWS)
    except (pa.ArrowInvalid, OSError) as error:
        raise FileRefused("This Parquet file is damaged or incomplete. Export it again.") from error


def _read_csv(kind: RecordKind, path: Path, sample: bytes) -> Rows:
    encoding = _encoding(path, sample)
    text = sample.decode(encoding, errors="ignore")
    delimiter = _delimiter(text)
    names = _heading(text, delimiter)
    check_names(kind, names)
    schema = pa.schema([pa.field(LINE, pa.int64()), *(pa.field(name, pa.string()) for name in names)])
    reader = _CsvReader(path, encoding, delimiter, schema)
    rows = from_batches(kind, schema, reader.batches(), None, 1)
    rows.problems = reader.problems
    return rows


def _encoding(path: Path, sample: bytes) -> str:
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in sample:
        raise FileRefused("This is not a table: choose a CSV or Parquet file. Spreadsheets can save as CSV.")
    if sample.startswith(b"PK\x03\x04"):
        raise FileRefused("This is a spreadsheet or a zip file. Open it and save it as CSV first.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            while file.read(SAMPLE_BYTES):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _delimiter(text: str) -> str:
    """The one that cuts the heading into most columns; a comma when there is only one column."""
    heading = text.splitlines()[0] if text.splitlines() else ""
    return max(DELIMITERS, key=heading.count)


def _heading(text: str, delimiter: str) -> list[str]:
    try:
        names = next(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise FileRefused("The heading cannot be read. The first line must name the columns.") from error
    cleaned = [name.strip() for name in names]
    if not any(cleaned):
        raise FileRefused("The heading is empty. The first line must name the columns.")
    if "" in cleaned:
        raise FileRefused(f"Column {cleaned.index('') + 1} of the heading has no name. Name it or remove it.")
    return cleaned


class _CsvReader:
    """Reads row by row, so that a fault is told with the line where it stands; hands over batches."""

    def __init__(self, path: Path, encoding: str, delimiter: str, schema: pa.Schema) -> None:
        self.path = path
        self.encoding = encoding
        self.delimiter = delimiter
        self.schema = schema
        self.problems: list[Problem] = []

    def batches(self) -> Iterator[pa.RecordBatch]:
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            next(reader, None)
            kept: list[tuple[object, ...]] = []
            for row in self._rows(reader):
                kept.append(row)
                if len(kept) >= BATCH_ROWS:
                    yield self._batch(kept)
                    kept = []
            if kept:
                yield self._batch(kept)

    def _rows(self, reader: "_csv.Reader") -> Iterator[tuple[object, ...]]:
        n_columns = len(self.schema) - 1
        line = reader.line_num + 1
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise FileRefused(
                    f"Line {line} cannot be read. Look for a quotation mark that is not closed, "
                    f"or a cell longer than {LONGEST_CELL:,} characters."
                ) from error
            if cells is None:
                return
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
