"""Records of an API call as rows: nested records become one row each, and remember whose they were."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from loyalty.services.ingest.kinds import Cell, RecordKind
from loyalty.services.ingest.rows import LINE, PREFIX, RECORD, UNSTORABLE, FileRefused, Rows, from_batches, json_text

Record = Mapping[str, Any]


def from_records(kind: RecordKind, records: Sequence[Record]) -> Rows:
    """Rows of plain dicts. Record 1 is the first; the rows of its list are told apart as `lines[0].sku`."""
    flat = [row for number, record in enumerate(records, 1) for row in _flattened(kind, number, record)]
    given = {name for _, _, cells in flat for name in cells}
    unknown = sorted(given - set(kind.names))
    if unknown:
        raise FileRefused(f"Unknown field “{unknown[0][:64]}”. {kind.label} have {', '.join(kind.names)}.")
    names = [name for name in kind.names if name in given or kind.column(name).is_required]
    columns: dict[str, pa.Array] = {
        LINE: pa.array(range(1, len(flat) + 1), pa.int64()),
        RECORD: pa.array([number for number, _, _ in flat], pa.int64()),
        PREFIX: pa.array([prefix for _, prefix, _ in flat], pa.string()),
    }
    for name in names:
        cell = kind.column(name).cell
        columns[name] = pa.array([_text(cells.get(name), cell) for _, _, cells in flat], pa.string())
    table = pa.table(columns)
    return from_batches(kind, table.schema, table.to_batches(), len(table), 1)


def _flattened(kind: RecordKind, number: int, record: Record) -> Iterator[tuple[int, str, Record]]:
    if not kind.nested or kind.nested not in record:
        yield number, "", record
        return
    head = {name: value for name, value in record.items() if name != kind.nested}
    for position, line in enumerate(record[kind.nested]):
        yield number, f"{kind.nested}[{position}].", {**head, "line_number": position + 1, **line}


def _text(value: Any, cell: Cell) -> str | None:
    if value is None:
        return None
    if cell is Cell.JSON:
        return json_text(value) if isinstance(value, Mapping) else UNSTORABLE
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"{value:f}" if isinstance(value, float | Decimal) else str(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return UNSTORABLE
    return text
