"""Clean rows into the real tables, set by set: change what differs, add what is missing, leave the rest alone."""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Field, Model

from loyalty.services.ingest.bulk import set_aside_indexes
from loyalty.services.ingest.cells import literal
from loyalty.services.ingest.checks import repeats_table
from loyalty.services.ingest.kinds import Column, Part
from loyalty.services.ingest.rows import LINE
from loyalty.services.ingest.staging import CHANGES, CLEAN, Staging


@dataclass(frozen=True)
class Written:
    """How many rows of one table were added and changed."""

    table: str
    created: int
    updated: int


def write(rows: Staging) -> list[Written]:
    """Everything in the caller's transaction."""
    _lock(rows)
    _make_implied(rows)
    if rows.kind.prepare is not None:
        rows.kind.prepare(rows.cursor, rows.options)
    return [_write_part(rows, part) for part in rows.kind.parts if _is_told(rows, part)]


def _lock(rows: Staging) -> None:
    """One import at a time may fill a table, so that looking for missing rows and adding them cannot be torn apart."""
    for table in sorted({part.model._meta.db_table for part in rows.kind.parts}):
        rows.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [table])


def _is_told(rows: Staging, part: Part) -> bool:
    return not part.only_updates or any(rows.has(link.column) for link in part.links)


def _make_implied(rows: Staging) -> None:
    for column in rows.columns:
        reference = column.reference
        if reference is None or reference.make is None or not reference.is_implied(rows.options):
            continue
        reference.make(rows.cursor, column.name, rows.options)
        rows.run(
            f'UPDATE {CLEAN} c SET "{column.name}__id" = r.id FROM {reference.model._meta.db_table} r '
            f'WHERE c."{column.name}__id" IS NULL AND r."{reference.key}" = c."{column.name}"'
        )


@dataclass(frozen=True)
class _Statement:
    """The pieces of SQL that a part's statements share."""

    part: Part
    table: str
    source: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def is_same_row(self) -> str:
        return " AND ".join(f't."{name}" = s."{name}"' for name in self.keys)

    @property
    def differs(self) -> str:
        ours = ", ".join(f't."{name}"' for name in self.columns)
        theirs = ", ".join(f's."{name}"' for name in self.columns)
        return f"ROW({ours}) IS DISTINCT FROM ROW({theirs})"


def _write_part(rows: Staging, part: Part) -> Written:
    statement = _statement(rows, part)
    with set_aside_indexes(part.model, rows.n_rows) as is_empty:
        updated = 0 if is_empty else _update(rows, statement)
        created = 0 if part.only_updates else _insert(rows, statement, is_empty=is_empty)
    if created > 1000:
        rows.run(f"ANALYZE {statement.table}")
    if is_empty:
        rows.filled.append(statement.table)
    return Written(statement.table, created, 0 if part.only_updates else updated)


def _statement(rows: Staging, part: Part) -> _Statement:
    selected = {f"c.{LINE}": LINE}
    joins = []
    for name in dict.fromkeys((*part.key, *part.columns)):
        if rows.has(name) and not any(link.column == name for link in part.links):
            column = rows.kind.column(name)
            selected[_value(rows, part, column)] = _column_of(_field(part, column))
    for link in part.links:
        if rows.has(link.column):
            alias = f"l_{link.field}"
            joins.append(f'LEFT JOIN {link.model._meta.db_table} {alias} ON {alias}."{link.key}" = c."{link.column}"')
            selected[f'{alias}."{link.value}"'] = _column_of(_model_field(part.model, link.field))
    keys = tuple(_key_column(part, rows.kind.column(name)) for name in part.key)
    columns = tuple(name for name in selected.values() if name not in (LINE, *keys))
    listed = ", ".join(f'{value} AS "{name}"' for value, name in selected.items())
    source = f"SELECT {listed} FROM {CLEAN} c {' '.join(joins)} {_only_first(rows, part)}"
    return _Statement(part, part.model._meta.db_table, source, keys, columns)


def _only_first(rows: Staging, part: Part) -> str:
    """Where a key stands several times, its first row speaks for all."""
    if part.only_updates:
        return " ".join(f'WHERE c."{link.column}" IS NOT NULL' for link in part.links)
    if part not in rows.repeated:
        return ""
    table = repeats_table(rows, part)
    same = " AND ".join(f'g."{name}" = c."{name}"' for name in part.key)
    return f"LEFT JOIN {table} g ON {same} WHERE g.first_line IS NULL OR g.first_line = c.{LINE}"


def _update(rows: Staging, statement: _Statement) -> int:
    if not statement.columns:
        return 0
    changes = ", ".join(f'"{name}" = s."{name}"' for name in statement.columns)
    values: list[Any] = []
    for name in _stamped(statement.part.model):
        changes += f', "{name}" = %s'
        values.append(rows.options.at)
    number = rows.kind.parts.index(statement.part)
    return rows.run(
        f"WITH changed AS (UPDATE {statement.table} t SET {changes} FROM ({statement.source}) s "
        f"WHERE {statement.is_same_row} AND {statement.differs} RETURNING s.{LINE}) "
        f"INSERT INTO {CHANGES} SELECT {LINE}, {number}, 'updated' FROM changed",
        values,
    )


def _insert(rows: Staging, statement: _Statement, *, is_empty: bool) -> int:
    # Looking into a table that this very statement fills, without an index, would take longer with every row.
    new = "true" if is_empty else f"NOT EXISTS (SELECT FROM {statement.table} t WHERE {statement.is_same_row})"
    if _must_tell_new(rows, statement.part):
        number = rows.kind.parts.index(statement.part)
        rows.run(f"INSERT INTO {CHANGES} SELECT s.{LINE}, {number}, 'created' FROM ({statement.source}) s WHERE {new}")
    given = [*statement.keys, *statement.columns]
    constants = _constants(rows, statement.part, given)
    names = ", ".join(f'"{name}"' for name in [*given, *constants])
    values = ", ".join([*(f's."{name}"' for name in given), *("%s" for _ in constants)])
    return rows.run(
        f"INSERT INTO {statement.table} ({names}) SELECT {values} FROM ({statement.source}) s WHERE {new}",
        list(constants.values()),
    )


def _field(part: Part, column: Column) -> "Field[Any, Any]":
    return _model_field(part.model, column.field)


def _model_field(model: type[Model], name: str) -> "Field[Any, Any]":
    found: Field[Any, Any] = model._meta.get_field(name)  # type: ignore[assignment]
    return found


def _column_of(field: "Field[Any, Any]") -> str:
    return field.get_attname_column()[1] or field.name


def _key_column(part: Part, column: Column) -> str:
    linked = [link.field for link in part.links if link.column == column.name]
    return _column_of(_model_field(part.model, linked[0] if linked else column.field))


def _must_tell_new(rows: Staging, part: Part) -> bool:
    """Whether it must be known which rows are new: to tell a caller, or not to count one as changed as well."""
    if rows.rows.is_nested:
        return True
    has_links_to_come = any(other.only_updates and _is_told(rows, other) for other in rows.kind.parts)
    return part is rows.kind.main and (has_links_to_come or bool(rows.scalar(f"SELECT EXISTS (SELECT FROM {CHANGES})")))


def _value(rows: Staging, part: Part, column: Column) -> str:
    """SQL for what goes into the table: the id for a reference, the default for an empty cell that may not be empty."""
    if column.reference is not None:
        return f'c."{column.name}__id"'
    field = _field(part, column)
    if field.null or column.is_required or column.when_absent:
        return f'c."{column.name}"'
    return f'COALESCE(c."{column.name}", {_literal(field, _default(rows, column, field))})'


def _default(rows: Staging, column: Column | None, field: "Field[Any, Any]") -> Any:
    if column is not None and column.default is not None:
        return column.default(rows.options)
    return field.get_default()


def _literal(field: "Field[Any, Any]", value: Any) -> str:
    text = json.dumps(value) if isinstance(value, dict) else str(value)
    return f"{literal(text)}::{field.db_type(connection)}"


def _constants(rows: Staging, part: Part, given: list[str]) -> dict[str, Any]:
    """Values for the columns that this file says nothing about, as the kind or the model would fill them."""
    declared = {_column_of(_field(part, column)): column for column in map(rows.kind.column, part.columns)}
    found: dict[str, Any] = {}
    for field in part.model._meta.concrete_fields:
        name = _column_of(field)
        if name in given or field.primary_key:
            continue
        if _is_moment_of_writing(field):
            found[name] = rows.options.at
        elif not field.null:
            value = _default(rows, declared.get(name), field)
            found[name] = field.get_db_prep_save(value, connection)
    return found


def _is_moment_of_writing(field: "Field[Any, Any]") -> bool:
    """`created_at` and its like, whether Django fills them or the service that writes."""
    is_stamp = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    return is_stamp or (isinstance(field, DateTimeField) and not field.null and not field.has_default())


def _stamped(model: type[Model]) -> list[str]:
    return [_column_of(field) for field in model._meta.concrete_fields if getattr(field, "auto_now", False)]
