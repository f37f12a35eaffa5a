"""The pieces of SQL that writing a part and foreseeing what that would do have in common."""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Field, Model

from loyalty.services.ingest.cells import literal
from loyalty.services.ingest.checks import repeats_table
from loyalty.services.ingest.kinds import Column, Part
from loyalty.services.ingest.rows import LINE
from loyalty.services.ingest.staging import CLEAN, Staging

# Stands for the id that a row will get which this import brings. No table counts from below.
COMING = -1


@dataclass(frozen=True)
class Statement:
    """Where the rows of one part come from, and how a row that is there already is recognised."""

    part: Part
    table: str
    source: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    whole: str  # SQL for what is sent whole: its id, and the line of the file on which it begins

    @property
    def is_same_row(self) -> str:
        return " AND ".join(f't."{name}" = s."{name}"' for name in self.keys)

    @property
    def differs(self) -> str:
        ours = ", ".join(f't."{name}"' for name in self.columns)
        theirs = ", ".join(f's."{name}"' for name in self.columns)
        return f"ROW({ours}) IS DISTINCT FROM ROW({theirs})"

    @property
    def is_left_out(self) -> str:
        """SQL condition on `t` and `w`: the row belongs to what is sent whole, and the file does not bring it."""
        return f't."{self.keys[0]}" = w.id AND NOT EXISTS (SELECT FROM ({self.source}) s WHERE {self.is_same_row})'


def is_told(rows: Staging, part: Part) -> bool:
    return not part.only_updates or any(rows.has(link.column) for link in part.links)


def statement_of(rows: Staging, part: Part, *, is_trial: bool = False) -> Statement:
    """In a trial the rows that the import would bring along are not there yet."""
    selected = {f"c.{LINE}": LINE}
    joins = []
    for name in dict.fromkeys((*part.key, *part.columns)):
        if rows.has(name) and not any(link.column == name for link in part.links):
            column = rows.kind.column(name)
            selected[_value(rows, part, column, is_trial)] = column_of(field_of(part, column))
    for link in part.links:
        if rows.has(link.column):
            alias = f"l_{link.field}"
            joins.append(f'LEFT JOIN {link.model._meta.db_table} {alias} ON {alias}."{link.key}" = c."{link.column}"')
            selected[f'{alias}."{link.value}"'] = column_of(model_field(part.model, link.field))
    keys = tuple(_key_column(part, rows.kind.column(name)) for name in part.key)
    columns = tuple(name for name in selected.values() if name not in (LINE, *keys))
    listed = ", ".join(f'{value} AS "{name}"' for value, name in selected.items())
    source = f"SELECT {listed} FROM {CLEAN} c {' '.join(joins)} {_only_first(rows, part)}"
    return Statement(part, part.model._meta.db_table, source, keys, columns, _whole(rows, part, source))


def _whole(rows: Staging, part: Part, source: str) -> str:
    if not part.whole_by:
        return ""
    key = _key_column(part, rows.kind.column(part.whole_by))
    return f'SELECT s."{key}" AS id, min(s.{LINE}) AS line FROM ({source}) s GROUP BY 1'


def _only_first(rows: Staging, part: Part) -> str:
    """Where a key stands several times, its first row speaks for all."""
    if part.only_updates:
        return " ".join(f'WHERE c."{link.column}" IS NOT NULL' for link in part.links)
    if part not in rows.repeated:
        return ""
    table = repeats_table(rows, part)
    same = " AND ".join(f'g."{name}" = c."{name}"' for name in part.key)
    return f"LEFT JOIN {table} g ON {same} WHERE g.first_line IS NULL OR g.first_line = c.{LINE}"


def field_of(part: Part, column: Column) -> "Field[Any, Any]":
    return model_field(part.model, column.field)


def model_field(model: type[Model], name: str) -> "Field[Any, Any]":
    found: Field[Any, Any] = model._meta.get_field(name)  # type: ignore[assignment]
    return found


def column_of(field: "Field[Any, Any]") -> str:
    return field.get_attname_column()[1] or field.name


def _key_column(part: Part, column: Column) -> str:
    linked = [link.field for link in part.links if link.column == column.name]
    return column_of(model_field(part.model, linked[0] if linked else column.field))


def _value(rows: Staging, part: Part, column: Column, is_trial: bool) -> str:
    """SQL for what goes into the table: the id for a reference, the default for an empty cell that may not be empty."""
    if column.reference is not None:
        found = f'c."{column.name}__id"'
        return f'CASE WHEN c."{column.name}" IS NOT NULL THEN COALESCE({found}, {COMING}) END' if is_trial else found
    field = field_of(part, column)
    if field.null or column.is_required or column.when_absent:
        return f'c."{column.name}"'
    return f'COALESCE(c."{column.name}", {_literal(field, default_of(rows, column, field))})'


def default_of(rows: Staging, column: Column | None, field: "Field[Any, Any]") -> Any:
    if column is not None and column.default is not None:
        return column.default(rows.options)
    return field.get_default()


def _literal(field: "Field[Any, Any]", value: Any) -> str:
    text = json.dumps(value) if isinstance(value, dict) else str(value)
    return f"{literal(text)}::{field.db_type(connection)}"
