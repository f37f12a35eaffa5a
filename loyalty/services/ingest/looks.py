"""A first look at a file: what it is, how it is written, what its columns seem to hold. Nothing is decided by it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from loyalty.services.ingest.files import open_table
from loyalty.services.ingest.guesses import Guess, guess
from loyalty.services.ingest.kinds import Cell
from loyalty.services.ingest.packed import open_bytes
from loyalty.services.ingest.readings import FileTable, Format, Reading
from loyalty.services.ingest.rows import LINE, FileRefused

ROWS_LOOKED_AT = 1_000
ROWS_SHOWN = 20
SAMPLES = 3
LONGEST_SHOWN = 200
# Counting the rows of a larger file would make a person wait for a number that the check tells anyway.
COUNTED_BYTES = 32 << 20


@dataclass(frozen=True)
class ColumnLook:
    """A column as it seems to be. `decimal` and `date_order` are empty where they do not matter or nothing tells."""

    name: str
    cell: Cell
    empty_share: float
    samples: tuple[str, ...]
    decimal: str = ""
    date_order: str = ""


@dataclass(frozen=True)
class FileLook:
    """A file as it seems to be. `rows` are its first, each with its line; `n_rows` is None where counting is dear."""

    format: Format
    encoding: str
    delimiter: str
    sheet: str
    sheets: tuple[str, ...]
    columns: tuple[ColumnLook, ...]
    lines: tuple[int, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    n_rows: int | None = None
    problems: tuple[tuple[int, str], ...] = field(default=())

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def decimal(self) -> str:
        """The sign most columns use; where none tells, the one that goes with the delimiter."""
        told = Counter(column.decimal for column in self.columns if column.decimal)
        return told.most_common(1)[0][0] if told else "," if self.delimiter == ";" else "."

    @property
    def date_order(self) -> str:
        """The order most columns use; where days and months cannot be told apart, the shop's own."""
        dates = [column for column in self.columns if column.cell in (Cell.DATE, Cell.TIME)]
        told = Counter(column.date_order for column in dates if column.date_order)
        if told:
            return told.most_common(1)[0][0]
        if not dates:
            return "ymd"
        return "mdy" if settings.TIME_ZONE.startswith(("America/", "US/")) else "dmy"


def look_at(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> FileLook:
    """Raises FileRefused when there is no table in the file."""
    reading = Reading(encoding=encoding, delimiter=delimiter, sheet=sheet)
    table = open_table(path, reading, most_rows=ROWS_LOOKED_AT)
    first = _first_rows(table)
    if not first:
        raise FileRefused("There are no rows. A heading alone says nothing.")
    shown = first.slice(0, ROWS_SHOWN)
    texts = [_texts(shown.column(name), "") for name in table.names]
    return FileLook(
        format=table.format,
        encoding=table.encoding,
        delimiter=table.delimiter,
        sheet=table.sheet,
        sheets=table.sheets,
        columns=tuple(_column(table, name, first.column(name)) for name in table.names),
        lines=tuple(shown.column(LINE).to_pylist()),
        rows=tuple(zip(*texts, strict=True)),
        n_rows=table.n_rows if table.n_rows is not None else _counted(path),
        problems=tuple((problem.line, problem.reason) for problem in islice(table.problems, ROWS_SHOWN)),
    )


def _first_rows(table: FileTable) -> pa.Table:
    """Enough rows to guess from, and no more of the file than they need."""
    batches, found = [], 0
    for batch in table.batches:
        batches.append(batch)
        found += len(batch)
        if found >= ROWS_LOOKED_AT:
            break
    return pa.Table.from_batches(batches, table.schema).slice(0, ROWS_LOOKED_AT)


def _texts(column: pa.ChunkedArray, empty: str) -> list[str]:
    texts = column if pa.types.is_string(column.type) else pc.cast(column, pa.string())
    return [empty if text is None else text[:LONGEST_SHOWN] for text in texts.to_pylist()]


def _column(table: FileTable, name: str, column: pa.ChunkedArray) -> ColumnLook:
    filled = [text for text in _texts(column, "") if text.strip()]
    guessed = _typed(table, name, filled)
    samples = tuple(islice(dict.fromkeys(filled), SAMPLES))
    empty_share = 1 - len(filled) / len(column)
    return ColumnLook(name, guessed.cell, empty_share, samples, guessed.decimal, guessed.date_order)


def _typed(table: FileTable, name: str, filled: Iterable[str]) -> Guess:
    """A column that arrived with a type has it; how its numbers or dates are written is no question."""
    arrow = table.schema.field(name).type
    if pa.types.is_timestamp(arrow):
        return Guess(Cell.TIME)
    if pa.types.is_boolean(arrow):
        return Guess(Cell.BOOLEAN)
    guessed = guess(list(filled))
    return Guess(guessed.cell) if name in table.typed else guessed


def _counted(path: Path) -> int | None:
    """Lines after the heading: for a file with line ends inside its cells a little more than its rows."""
    if path.stat().st_size > COUNTED_BYTES:
        return None
    n_ends, last = 0, b"\n"
    with open_bytes(path) as file:
        while block := file.read(1 << 20):
            n_ends += block.count(b"\n")
            last = block[-1:]
    return max(n_ends - (last == b"\n"), 0)
