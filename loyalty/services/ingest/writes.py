"""Clean rows into the real tables, set by set: change what differs, add what is missing, leave the rest alone."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Field, Model

from loyalty.services.ingest.bulk import set_aside_indexes
from loyalty.services.ingest.kinds import Part, RecordKind
from loyalty.services.ingest.late_rows import remembered
from loyalty.services.ingest.rows import LINE
from loyalty.services.ingest.staging import CHANGES, CLEAN, Staging
from loyalty.services.ingest.statements import Statement, column_of, default_of, field_of, is_told, statement_of


@dataclass(frozen=True)
class Written:
    """How many rows of one table were added, changed, and taken away because what they belonged to came without."""

    table: str
    created: int
    updated: int
    removed: int = 0


def write(rows: Staging) -> list[Written]:
    """Everything in the caller's transaction."""
    wait_for_imports(rows.kind)
    _make_implied(rows)
    if rows.kind.prepare is not None:
        rows.kind.prepare(rows.cursor, rows.options)
    return [_write_part(rows, part) for part in rows.kind.parts if is_told(rows, part)]


def wait_for_imports(kind: RecordKind) -> None:
    """One import at a time may fill a table, so that looking for missing rows and adding them cannot be torn apart.

    Held until the transaction ends. Whoever locks single rows as well takes this lock first.
    """
    with connection.cursor() as cursor:
        for table in sorted({part.model._meta.db_table for part in kind.parts}):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [table])


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


def _write_part(rows: Staging, part: Part) -> Written:
    statement = statement_of(rows, part)
    with remembered(rows, statement), set_aside_indexes(part.model, rows.n_rows) as is_empty:
        updated = 0 if is_empty else _update(rows, statement)
        removed = 0 if is_empty else _remove(rows, statement)
        created = 0 if part.only_updates else _insert(rows, statement, is_empty=is_empty)
    if created > 1000:
        rows.run(f"ANALYZE {statement.table}")
    if is_empty:
        rows.filled.append(statement.table)
    return Written(statement.table, created, 0 if part.only_updates else updated, removed)


def _update(rows: Staging, statement: Statement) -> int:
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


def _remove(rows: Staging, statement: Statement) -> int:
    """An order comes whole: a line that is no longer in it is gone, and the order's first row tells the change."""
    if not statement.whole:
        return 0
    number = rows.kind.parts.index(statement.part)
    return rows.run(
        f"WITH gone AS (DELETE FROM {statement.table} t USING ({statement.whole}) w "
        f"WHERE {statement.is_left_out} RETURNING w.line) "
        f"INSERT INTO {CHANGES} SELECT line, {number}, 'updated' FROM gone"
    )


def _insert(rows: Staging, statement: Statement, *, is_empty: bool) -> int:
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


def _must_tell_new(rows: Staging, part: Part) -> bool:
    """Whether it must be known which rows are new: to tell a caller, or not to count one as changed as well."""
    if rows.rows.is_nested:
        return True
    has_links_to_come = any(other.only_updates and is_told(rows, other) for other in rows.kind.parts)
    return part is rows.kind.main and (has_links_to_come or bool(rows.scalar(f"SELECT EXISTS (SELECT FROM {CHANGES})")))


def _constants(rows: Staging, part: Part, given: list[str]) -> dict[str, Any]:
    """Values for the columns that this file says nothing about, as the kind or the model would fill them."""
    declared = {column_of(field_of(part, column)): column for column in map(rows.kind.column, part.columns)}
    found: dict[str, Any] = {}
    for field in part.model._meta.concrete_fields:
        name = column_of(field)
        if name in given or field.primary_key:
            continue
        if _is_moment_of_writing(field):
            found[name] = rows.options.at
        elif not field.null:
            value = default_of(rows, declared.get(name), field)
            found[name] = field.get_db_prep_save(value, connection)
    return found


def _is_moment_of_writing(field: "Field[Any, Any]") -> bool:
    """`created_at` and its like, whether Django fills them or the service that writes."""
    is_stamp = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    return is_stamp or (isinstance(field, DateTimeField) and not field.null and not field.has_default())


def _stamped(model: type[Model]) -> list[str]:
    return [column_of(field) for field in model._meta.concrete_fields if getattr(field, "auto_now", False)]
