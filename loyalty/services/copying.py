"""Rows into a table by COPY: several times as fast as INSERT, and for rows that we made ourselves."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Add rows to a table, values as PostgreSQL reads them from text, none of them NULL. Returns how many.

    The rows are held in memory once more as text: hand over a shard at a time.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_MINIMAL)
    n = 0
    for row in rows:
        writer.writerow(row)
        n += 1
    buffer.seek(0)
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY \"{table}\" ({names}) FROM STDIN (FORMAT csv, NULL '\\N')", buffer)
    return n


def array_literal(values: Iterable[Any]) -> str:
    """Numbers and dates as PostgreSQL's array; None is NULL."""
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"
