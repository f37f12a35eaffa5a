"""Rows leave the database here when there are many: by COPY into typed Arrow tables, not through the ORM."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
from django.db import connection

Params = Mapping[str, Any] | Sequence[Any] | None
# PostgreSQL's type numbers, as the driver tells them, and what they are in a frame.
ARROW_TYPES = {
    16: pa.bool_(),
    20: pa.int64(),
    21: pa.int64(),
    23: pa.int64(),
    700: pa.float64(),
    701: pa.float64(),
    1700: pa.float64(),
    1082: pa.date32(),
    1184: pa.timestamp("us", tz="UTC"),
}


def copy_frame(sql: str, params: Params = None, *, column_types: Mapping[str, pa.DataType] | None = None) -> pa.Table:
    """Run a SELECT and return its rows. Types follow the database's; `column_types` overrides by column name."""
    with connection.cursor() as cursor:
        statement = cursor.mogrify(sql, params).decode()
        return _copied(cursor, statement, {**_types(cursor, statement), **(column_types or {})})


def typed_frame(sql: str, params: Params, *, column_types: Mapping[str, pa.DataType]) -> pa.Table:
    """The same where every column's type is known: the database need not be asked, nor plan it twice."""
    with connection.cursor() as cursor:
        return _copied(cursor, cursor.mogrify(sql, params).decode(), column_types)


def _copied(cursor: Any, statement: str, types: Mapping[str, pa.DataType]) -> pa.Table:
    buffer = io.BytesIO()
    cursor.copy_expert(f"COPY ({statement}) TO STDOUT (FORMAT csv, HEADER true)", buffer)
    buffer.seek(0)
    return _parsed(buffer, types)


def _types(cursor: Any, statement: str) -> dict[str, pa.DataType]:
    cursor.execute(f"SELECT * FROM ({statement}) AS described LIMIT 0")  # noqa: S608 - our own statement
    return {column.name: ARROW_TYPES.get(column.type_code, pa.string()) for column in cursor.description}


def _parsed(buffer: io.BytesIO, types: Mapping[str, pa.DataType]) -> pa.Table:
    options = pacsv.ConvertOptions(
        column_types=dict(types),
        true_values=["t"],
        false_values=["f"],
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    return pacsv.read_csv(buffer, convert_options=options, parse_options=pacsv.ParseOptions(newlines_in_values=True))
