"""The first rows of a file as they would be taken, each wrong cell with its reason. Nothing is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from loyalty.services.ingest.cells import literal
from loyalty.services.ingest.checks import check
from loyalty.services.ingest.files import AS_IT_IS, read_file
from loyalty.services.ingest.kinds import Cell, RecordKind
from loyalty.services.ingest.mappings import Mapping
from loyalty.services.ingest.readings import Reading
from loyalty.services.ingest.rows import LINE
from loyalty.services.ingest.staging import CLEAN, PROBLEMS, RAW, Staging, stage, staging

ROWS = 20
LONGEST_SHOWN = 200
SOURCE = "preview"


@dataclass(frozen=True)
class PreviewCell:
    """A value as it would be stored, or as it stands in the file when it cannot be; then with the reason."""

    value: str
    problem: str = ""


@dataclass(frozen=True)
class PreviewRow:
    line: int
    cells: tuple[PreviewCell, ...]
    problem: str = ""  # what is wrong with the row as a whole

    @property
    def is_taken(self) -> bool:
        return not self.problem and not any(cell.problem for cell in self.cells)


@dataclass(frozen=True)
class Preview:
    """Columns in our words, and the rows under them."""

    columns: tuple[str, ...]
    rows: tuple[PreviewRow, ...]


def preview(
    kind: RecordKind, path: Path, mapping: Mapping | None, n: int = ROWS, *, reading: Reading = AS_IT_IS, at: datetime
) -> Preview:
    """Raises MappingRefused or FileRefused as the import itself would."""
    rows = read_file(kind, path, reading=reading, mapping=mapping, most_rows=n)
    rows.batches = _first(rows.batches, n)
    options = (mapping or Mapping()).options(at=at, source=SOURCE)
    with staging(kind, rows, options) as staged:
        stage(staged, lambda done: None)
        check(staged)
        return _shown(staged)


def _first(batches: Iterator[pa.RecordBatch], n: int) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield batch.slice(0, n)
        n -= len(batch)
        if n <= 0:
            return


def _shown(rows: Staging) -> Preview:
    names = tuple(name for name in rows.kind.names if rows.has(name))
    problems = _problems(rows)
    raw, clean = _texts(rows, RAW, rows.rows.names), _texts(rows, CLEAN, names)
    shown = []
    for line in sorted(raw):
        texts = {**raw[line], **clean.get(line, {})}
        cells = tuple(PreviewCell(texts.get(name) or "", problems.get((line, name), "")) for name in names)
        shown.append(PreviewRow(line, cells, problems.get((line, ""), "")))
    return Preview(names, tuple(shown))


def _problems(rows: Staging) -> dict[tuple[int, str], str]:
    rows.run(f'SELECT DISTINCT ON (line, "column") line, "column", reason FROM {PROBLEMS} ORDER BY 1, 2, 3')
    return {(line, column): reason for line, column, reason in rows.cursor.fetchall()}


def _texts(rows: Staging, table: str, names: tuple[str, ...]) -> dict[int, dict[str, Any]]:
    listed = "".join(f", left({_written(rows, table, name)}, {LONGEST_SHOWN})" for name in names)
    rows.run(f"SELECT {LINE}{listed} FROM {table}")
    return {line: dict(zip(names, texts, strict=True)) for line, *texts in rows.cursor.fetchall()}


def _written(rows: Staging, table: str, name: str) -> str:
    """SQL for a value as people read it: the time of the zone they chose, a number without zeros that say nothing."""
    cell = rows.kind.column(name).cell
    if table == CLEAN and cell is Cell.TIME:
        return f"to_char(\"{name}\" AT TIME ZONE {literal(rows.options.zone)}, 'YYYY-MM-DD HH24:MI')"
    if table == CLEAN and cell is Cell.NUMBER:
        number = f'"{name}"::numeric'
        return f"(CASE WHEN scale({number}) > 2 THEN trim_scale({number}) ELSE {number} END)::text"
    return f'"{name}"::text'
