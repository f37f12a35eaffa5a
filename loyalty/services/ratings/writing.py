"""Ratings on their way into their table: staged by COPY, then the rows that differ are exchanged in one transaction."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
from django.db import connection

from loyalty.models import ImplicitRating
from loyalty.services.ingest.bulk import set_aside_indexes, settle
from loyalty.services.ratings.rows import COLUMNS

STAGED = "derived_ratings"
TABLE = ImplicitRating._meta.db_table
WORK_MEMORY = "128MB"
MAKE = f"""
CREATE TEMP TABLE {STAGED} (
    customer_id bigint, product_id bigint, signal text, value float8, weight float8, decay float8, evidence jsonb,
    rated_at timestamptz
)
"""
SAME = """
r.customer_id = s.customer_id AND r.product_id = s.product_id AND r.signal = s.signal AND r.value = s.value
AND r.weight = s.weight AND r.decay = s.decay AND r.rated_at = s.rated_at AND r.evidence = s.evidence
AND r.definition = %(definition)s
"""
NAMES = ", ".join(COLUMNS)
# A customer or product may have been erased while the ratings were worked out.
KNOWN = """
EXISTS (SELECT FROM loyalty_customer c WHERE c.id = s.customer_id)
AND EXISTS (SELECT FROM loyalty_product p WHERE p.id = s.product_id)
"""
REMOVE = f"DELETE FROM {TABLE} r WHERE NOT EXISTS (SELECT FROM {STAGED} s WHERE {SAME})"  # noqa: S608 - our own names
ADD = f"""
INSERT INTO {TABLE} ({NAMES}, definition) SELECT {NAMES}, %(definition)s FROM {STAGED} s WHERE {KNOWN}
"""  # noqa: S608 - our own names
ADD_MISSING = f"{ADD} AND NOT EXISTS (SELECT FROM {TABLE} r WHERE {SAME})"
IS_EMPTY = f"SELECT NOT EXISTS (SELECT FROM {TABLE})"  # noqa: S608 - our own names
COUNT = f"SELECT signal, count(*) FROM {STAGED} GROUP BY signal"  # noqa: S608 - our own names


@contextmanager
def staging() -> Iterator[Any]:
    """A temporary table for one derivation; nothing of it is left behind."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{STAGED}")
        cursor.execute(MAKE)
        try:
            yield cursor
        finally:
            if not connection.needs_rollback and connection.is_usable():
                cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{STAGED}")


def stage(cursor: Any, rows: pa.Table) -> None:
    if rows.num_rows:
        text = io.BytesIO()
        pacsv.write_csv(rows, text, pacsv.WriteOptions(include_header=False))
        text.seek(0)
        cursor.copy_expert(f"COPY {STAGED} ({NAMES}) FROM STDIN (FORMAT csv)", text)


def exchange(cursor: Any, definition: str) -> tuple[int, dict[str, int]]:
    """Inside a transaction: make the table hold what is staged. Returns rows changed, and rows by signal."""
    cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
    cursor.execute(f"ANALYZE {STAGED}")
    cursor.execute(COUNT)
    counts: dict[str, int] = dict(cursor.fetchall())
    values = {"definition": definition}
    cursor.execute(REMOVE, values)
    n_removed = cursor.rowcount
    cursor.execute(IS_EMPTY)
    # The first time, and after a change of the rule, there is nothing left to compare with.
    add = ADD if cursor.fetchone()[0] else ADD_MISSING
    with set_aside_indexes(ImplicitRating, sum(counts.values())):
        cursor.execute(add, values)
        n_added = cursor.rowcount
    return n_removed + n_added, counts


def settle_ratings() -> None:
    settle([TABLE])
