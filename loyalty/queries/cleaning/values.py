"""Cleaned or raw: whoever reads a field says which, and learns which values were filled in."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Model
from psycopg2 import sql

from loyalty.models import DataFlag, Product
from loyalty.queries.cleaning.report import DEMOGRAPHICS, UNKNOWN

VALUES = """
SELECT t.id, nullif(t.{field}::text, ''), c.value, c.method FROM {table} t
LEFT JOIN loyalty_cleanedvalue c ON c.record_id = t.id AND c."table" = %(name)s AND c.field = %(field)s
"""
# Declared, or found in the data and not refused by anybody.
NOT_IN_PIECES = """
SELECT id FROM loyalty_product WHERE quantity_unit <> %(each)s
UNION
SELECT record_id FROM loyalty_dataflag f WHERE f.check_name = ANY(%(checks)s) AND f."table" = 'product' AND NOT EXISTS (
    SELECT 1 FROM loyalty_flagdecision d
    WHERE d.check_name = f.check_name AND d."table" = f."table" AND d.record_id = f.record_id AND d.verdict = 'rejected'
)
"""


@dataclass(frozen=True)
class Value:
    """`method` says how a missing value was filled in, and is empty for a fact."""

    value: str | None
    method: str = ""

    @property
    def is_imputed(self) -> bool:
        return bool(self.method)


def cleaned_values(model: type[Model], field: str, *, cleaned: bool = True) -> dict[int, Value]:
    """A field of every record by its key, as text. With `cleaned` off only facts, and None where there is none."""
    column: Any = model._meta.get_field(field)
    statement = sql.SQL(VALUES).format(table=sql.Identifier(model._meta.db_table), field=sql.Identifier(column.column))
    name = str(model._meta.model_name)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"name": name, "field": field})
        rows = cursor.fetchall()
    by_word = name == "customer" and field in DEMOGRAPHICS
    return {pk: _value(fact, value, method, by_word) if cleaned else Value(fact) for pk, fact, value, method in rows}


def _value(fact: str | None, value: str | None, method: str | None, by_word: bool) -> Value:
    if fact is not None:
        return Value(fact)
    return Value(UNKNOWN, UNKNOWN) if by_word else Value(value, method or "")


def products_not_in_pieces() -> set[int]:
    """Products to leave out when pieces are counted: weights, litres, postage, fees."""
    checks = [check.value for check in DataFlag.DECIDED_BY_PEOPLE]
    with connection.cursor() as cursor:
        cursor.execute(NOT_IN_PIECES, {"each": Product.Unit.EACH.value, "checks": checks})
        return {pk for (pk,) in cursor.fetchall()}
