"""Rows that another record names before anybody described them."""

from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Field, Model

from loyalty.services.ingest.cells import literal
from loyalty.services.ingest.kinds import Options
from loyalty.services.ingest.staging import CLEAN


def make_missing(cursor: Any, model: type[Model], column: str, values: dict[str, str], options: Options) -> None:
    """One row for every unknown key in `column`. `values` are SQL for the fields that are known; others stay empty."""
    table = model._meta.db_table
    # Another import may be adding the same ones.
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [table])
    given = values | _defaults(model, set(values), options)
    names = ", ".join(f'"{name}"' for name in given)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {', '.join(given.values())} FROM {CLEAN} c "
        f'WHERE c."{column}" IS NOT NULL AND c."{column}__id" IS NULL GROUP BY c."{column}" ON CONFLICT DO NOTHING'
    )


def is_there(cursor: Any, column: str) -> bool:
    """Whether the clean rows have this column."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s)", [CLEAN, column]
    )
    found: bool = cursor.fetchone()[0]
    return found


def _defaults(model: type[Model], given: set[str], options: Options) -> dict[str, str]:
    """What Django would fill in for the fields that may not be empty."""
    return {
        str(field.column): _default(field, options)
        for field in model._meta.concrete_fields
        if not field.primary_key and not field.null and field.column not in given
    }


def _default(field: "Field[Any, Any]", options: Options) -> str:
    if isinstance(field, DateTimeField) and not field.has_default():
        return f"{literal(options.at.isoformat())}::timestamptz"
    value = field.get_default()
    text = "{}" if isinstance(value, dict) else str(value)
    return f"{literal(text)}::{field.db_type(connection)}"
