"""Rows on their way in: Arrow batches under the kind's own column names, each row with the line it came from."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from loyalty.services.ingest.kinds import Cell, Column, RecordKind

LINE = "_line"
RECORD = "_record"
PREFIX = "_prefix"
OWN_COLUMNS = (LINE, RECORD, PREFIX)
# PostgreSQL cannot hold this character; a cell that cannot be stored for another reason is marked with it, too.
UNSTORABLE = "\0"
BATCH_ROWS = 32_768


class FileRefused(Exception):
    """The file, or the call, cannot be read as this kind at all; the message says what to do."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with one cell, found before the database saw it."""

    line: int
    column: str
    value: str
    reason: str


@dataclass
class Rows:
    """Batches to be read once. `n_rows` is None when it is known only at the end; `problems` grows while reading."""

    names: tuple[str, ...]
    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    n_rows: int | None = None
    is_nested: bool = False
    problems: list[Problem] = field(default_factory=list)


def check_names(kind: RecordKind, names: Sequence[str]) -> None:
    """Refuse a heading with unknown, repeated or missing columns, naming them."""
    unknown = [name for name in names if name not in kind.names and not is_attribute(kind, name)]
    if unknown:
        raise FileRefused(
            f"Unknown column{_s(unknown)} {_listed(unknown)}. {kind.label} have the columns {', '.join(kind.names)}."
        )
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if repeated:
        raise FileRefused(f"Column{_s(repeated)} {_listed(repeated)} stand{'' if repeated[1:] else 's'} there twice.")
    missing = [column.name for column in kind.columns if column.is_required and not _is_given(column, names)]
    if missing:
        raise FileRefused(f"Missing column{_s(missing)} {_listed(missing)}. Add {'them' if missing[1:] else 'it'}.")


def _is_given(column: Column, names: Collection[str]) -> bool:
    return column.name in names or follows(column, names)


def follows(column: Column, names: Collection[str]) -> bool:
    """Whether the column can be worked out from others that are there."""
    return column.derived is not None and all(name in names for name in column.derived.needs)


def _s(names: Sequence[str]) -> str:
    return "s" if len(names) > 1 else ""


def _listed(names: Sequence[str]) -> str:
    shown = [f"“{name[:64]}”" for name in names[:10]]
    return ", ".join(shown) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _json_column(kind: RecordKind) -> str:
    return next((column.name for column in kind.columns if column.cell is Cell.JSON), "")


def is_attribute(kind: RecordKind, name: str) -> bool:
    """Whether the name is one of a record's free named values, `attributes.size`."""
    json_column = _json_column(kind)
    return bool(json_column) and name.startswith(json_column + ".") and len(name) > len(json_column) + 1


def from_table(kind: RecordKind, table: pa.Table, *, first_line: int = 1) -> Rows:
    """Rows of a table whose columns carry the kind's names. `attributes.size` becomes a named value of `attributes`."""
    check_names(kind, table.column_names)
    return from_batches(kind, table.schema, table.to_batches(max_chunksize=BATCH_ROWS), len(table), first_line)


def from_batches(
    kind: RecordKind,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    n_rows: int | None,
    first_line: int,
) -> Rows:
    attributes = [name for name in schema.names if is_attribute(kind, name)]
    names = tuple(name for name in schema.names if name not in attributes)
    if attributes and _json_column(kind) not in names:
        names = (*names, _json_column(kind))
    fields = [pa.field(name, _staged_type(kind, schema, name)) for name in names if name not in OWN_COLUMNS]
    own = [pa.field(name, schema.field(name).type) for name in names if name in OWN_COLUMNS]
    if LINE not in names:
        own.insert(0, pa.field(LINE, pa.int64()))
    rows = Rows(tuple(name for name in names if name not in OWN_COLUMNS), pa.schema([*own, *fields]), iter(()), n_rows)
    rows.is_nested = RECORD in schema.names
    rows.batches = _read(kind, rows, batches, attributes, first_line)
    return rows


def _staged_type(kind: RecordKind, schema: pa.Schema, name: str) -> pa.DataType:
    """Numbers and times keep their type where the column wants one; everything else travels as text."""
    if name not in schema.names:
        return pa.string()
    arrow, cell = schema.field(name).type, kind.column(name).cell
    if cell in (Cell.NUMBER, Cell.INTEGER) and (
        pa.types.is_integer(arrow) or pa.types.is_floating(arrow) or pa.types.is_decimal(arrow)
    ):
        return arrow
    if cell is Cell.TIME and pa.types.is_timestamp(arrow):
        return arrow
    return pa.string()


def _read(
    kind: RecordKind, rows: Rows, batches: Iterable[pa.RecordBatch], attributes: Sequence[str], first_line: int
) -> Iterator[pa.RecordBatch]:
    line = first_line
    for batch in batches:
        lines = batch.column(LINE) if LINE in batch.schema.names else pa.array(np.arange(line, line + len(batch)))
        line += len(batch)
        columns = [lines if name == LINE else _column(kind, rows, batch, name, lines) for name in rows.schema.names]
        if attributes:
            at = rows.schema.names.index(_json_column(kind))
            columns[at] = _folded(kind, batch, attributes)
        yield pa.record_batch(columns, schema=rows.schema)


def _column(kind: RecordKind, rows: Rows, batch: pa.RecordBatch, name: str, lines: pa.Array) -> pa.Array:
    wanted = rows.schema.field(name).type
    if name not in batch.schema.names:
        return pa.nulls(len(batch), wanted)
    if name in OWN_COLUMNS:
        return batch.column(name)
    column = _as_type(batch.column(name), wanted, name)
    if not pa.types.is_string(wanted):
        return column
    if kind.column(name).cell is Cell.JSON:
        column = pa.array([_json_text(text) for text in column.to_pylist()], pa.string())
    return _storable(rows, column, name, lines)


def _as_type(column: pa.Array, wanted: pa.DataType, name: str) -> pa.Array:
    try:
        return pc.cast(column, wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise FileRefused(f"Column “{name}” holds {column.type} values. Save it as plain text or numbers.") from error


def _storable(rows: Rows, column: pa.Array, name: str, lines: pa.Array) -> pa.Array:
    bad = pc.match_substring(column, UNSTORABLE)
    if not pc.any(bad).as_py():
        return column
    reason = "This cannot be stored: it holds a character or a structure that is not allowed. Remove it."
    for line in pc.filter(lines, bad).to_pylist():
        rows.problems.append(Problem(line, name, "", reason))
    return pc.if_else(bad, pa.scalar(None, pa.string()), column)


def _folded(kind: RecordKind, batch: pa.RecordBatch, attributes: Sequence[str]) -> pa.Array:
    """One JSON column out of the columns `attributes.one`, `attributes.two`, and `attributes` itself if given."""
    stem = _json_column(kind)
    names = [name.removeprefix(stem + ".") for name in attributes]
    columns = [batch.column(name).to_pylist() for name in attributes]
    whole = batch.column(stem).to_pylist() if stem in batch.schema.names else [None] * len(batch)
    texts = []
    for base, *values in zip(whole, *columns, strict=True):
        named = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        texts.append(_json_text(base, named))
    return pa.array(texts, pa.string())


def _json_text(text: str | None, more: Mapping[str, Any] | None = None) -> str | None:
    """The text of a JSON object, made uniform; marked as unstorable when it is not one."""
    if not more and (text is None or not text.strip()):
        return None
    try:
        value = json.loads(text) if text and text.strip() else {}
        if not isinstance(value, dict):
            return UNSTORABLE
        return json_text({**value, **(more or {})})
    except (ValueError, RecursionError):
        return UNSTORABLE


def json_text(value: Mapping[str, Any]) -> str:
    """JSON as PostgreSQL takes it: no NaN, no NUL, nothing that is not Unicode."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, default=str)
        text.encode()
    except (ValueError, RecursionError):
        return UNSTORABLE
    return UNSTORABLE if "\\u0000" in text else text
