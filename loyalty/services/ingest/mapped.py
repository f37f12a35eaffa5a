"""A file's table in the kind's own columns: renamed, completed and rewritten batch by batch, never cell by cell."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from loyalty.services.ingest.kinds import Cell, RecordKind
from loyalty.services.ingest.mappings import Mapping, check_columns
from loyalty.services.ingest.readings import FileTable
from loyalty.services.ingest.rows import LINE, FileRefused, Problem, Rows, check_names, from_batches
from loyalty.services.ingest.wording import as_day, as_moment, as_number, as_yes_or_no

GARBLED = "\ufffd"
Rewrite = Callable[[pa.Array], pa.Array]


def rows_as_named(kind: RecordKind, table: FileTable) -> Rows:
    """The heading is in the kind's own words; cells are written as the kind wants them."""
    if "" in table.heading:
        number = table.heading.index("") + 1
        raise FileRefused(f"Column {number} of the heading has no name. Name it or remove it.")
    check_names(kind, table.heading)
    same = Mapping(columns={name: name for name in table.names})
    return _rows(kind, table, same, {})


def mapped_rows(kind: RecordKind, table: FileTable, mapping: Mapping) -> Rows:
    """Raises MappingRefused when the mapping does not fit the heading."""
    check_columns(kind, table.names, mapping)
    rewrites = {
        ours: rewrite
        for ours, theirs in mapping.targets.items()
        if theirs not in table.typed and (rewrite := _rewrite(kind, ours, table, mapping)) is not None
    }
    return _rows(kind, table, mapping, rewrites)


def _rewrite(kind: RecordKind, ours: str, table: FileTable, mapping: Mapping) -> Rewrite | None:
    match kind.column(ours).cell if ours in kind.names else Cell.TEXT:
        case Cell.NUMBER | Cell.INTEGER:
            return lambda column: as_number(column, mapping.decimal)
        case Cell.TIME:
            return lambda column: as_moment(column, mapping.date_order)
        case Cell.DATE:
            return lambda column: as_day(column, mapping.date_order)
        case Cell.BOOLEAN:
            return as_yes_or_no
        case _:
            return None


def _rows(kind: RecordKind, table: FileTable, mapping: Mapping, rewrites: dict[str, Rewrite]) -> Rows:
    constants = {name: value for name, value in mapping.constants.items() if value.strip()}
    targets = mapping.targets
    fields = [pa.field(ours, table.schema.field(theirs).type) for ours, theirs in targets.items()]
    schema = pa.schema([pa.field(LINE, pa.int64()), *fields, *(pa.field(name, pa.string()) for name in constants)])
    batches = (_renamed(table, batch, targets, constants, rewrites) for batch in table.batches)
    rows = from_batches(kind, schema, batches, table.n_rows, 1)
    rows.problems = table.problems
    return rows


def _renamed(
    table: FileTable,
    batch: pa.RecordBatch,
    targets: dict[str, str],
    constants: dict[str, str],
    rewrites: dict[str, Rewrite],
) -> pa.RecordBatch:
    columns = {LINE: batch.column(LINE)}
    for ours, theirs in targets.items():
        column = batch.column(theirs)
        if table.may_be_garbled:
            column = _legible(table, column, ours, columns[LINE])
        columns[ours] = rewrites[ours](column) if ours in rewrites else column
    columns |= {name: pa.array([value] * len(batch), pa.string()) for name, value in constants.items()}
    return pa.record_batch(columns)


def _legible(table: FileTable, column: pa.Array, name: str, lines: pa.Array) -> pa.Array:
    bad = pc.match_substring(column, GARBLED)
    if not pc.any(bad).as_py():
        return column
    reason = f"This holds letters that {table.encoding} does not have. Choose another encoding for the file."
    for line, value in zip(pc.filter(lines, bad).to_pylist(), pc.filter(column, bad).to_pylist(), strict=True):
        table.problems.append(Problem(line, name, value[:200], reason))
    return pc.if_else(bad, pa.scalar(None, column.type), column)
