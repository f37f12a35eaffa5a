"""The rows of a file that were not taken, as they stood there, each with its reasons, to be corrected."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from loyalty.models import IngestRun, RejectedRow
from loyalty.services.ingest.files import open_table
from loyalty.services.ingest.readings import FileTable, Reading
from loyalty.services.ingest.rows import LINE, FileRefused
from loyalty.services.ingest.uploads import GONE

REASON = "reason"
CHUNK_ROWS = 5_000
# A row with too few or too many cells fits no heading; it was kept as one text.
Told = tuple[str, str]


@dataclass(frozen=True)
class ReturnedRows:
    """The heading of the file with one column more, the rows read once, and the delimiter they were written with."""

    heading: tuple[str, ...]
    rows: Iterator[list[Any]]
    delimiter: str


def returned_rows(*, run: IngestRun, path: Path) -> ReturnedRows:
    """Raises FileRefused when the file cannot be read any more."""
    if not path.exists():
        raise FileRefused(GONE)
    table = open_table(path, Reading.from_json(run.reading))
    return ReturnedRows((*table.heading, REASON), _rows(run, table), table.delimiter or ",")


def _rows(run: IngestRun, table: FileTable) -> Iterator[list[Any]]:
    told = _reasons(run)
    line, reason = next(told, (None, ("", "")))
    for batch in table.batches:
        reasons = {}
        last = batch.column(LINE)[-1].as_py() if len(batch) else 0
        while line is not None and line <= last:
            reasons[line] = reason
            line, reason = next(told, (None, ("", "")))
        yield from _of_batch(table, batch, reasons)


def _of_batch(table: FileTable, batch: pa.RecordBatch, reasons: dict[int, Told]) -> Iterator[list[Any]]:
    if not reasons:
        return
    wanted = batch.filter(pc.is_in(batch.column(LINE), pa.array(reasons, batch.column(LINE).type)))
    columns = [wanted.column(name).to_pylist() for name in table.names]
    for line, *cells in zip(wanted.column(LINE).to_pylist(), *columns, strict=True):
        reason, whole = reasons[line]
        yield [*(_torn(whole, table) if whole else cells), reason]


def _torn(text: str, table: FileTable) -> list[str]:
    """As many cells as the heading has; what is too much stays together in the last."""
    cells = text.split(table.delimiter or ",", len(table.heading) - 1)
    return cells + [""] * (len(table.heading) - len(cells))


def _reasons(run: IngestRun) -> Iterator[tuple[int, Told]]:
    """Line by line: its reasons in one text, and the row itself where it has no cells to stand in."""
    rows = RejectedRow.objects.filter(run=run).order_by("line", "pk").values_list("line", "column", "reason", "value")
    for line, group in groupby(rows.iterator(chunk_size=CHUNK_ROWS), key=itemgetter(0)):
        faults = list(group)
        text = " ".join(f"{column}: {reason}" if column else reason for _, column, reason, _ in faults)
        yield line, (text, next((value for _, column, _, value in faults if not column), ""))
