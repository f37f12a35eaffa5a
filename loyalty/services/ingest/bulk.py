"""Fill an empty table without proving every row against every index and key one at a time.

The indexes, unique keys and foreign keys are set aside and made again, over all rows at once, before the transaction
ends: PostgreSQL then proves the whole table or refuses the whole import. Only for a table that holds nothing yet, so
nobody who reads it meanwhile misses anything, and only where it is worth it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model

from loyalty.services.ingest.staging import MANY_ROWS

# The primary key stays: other tables refer to it. Check constraints cost little row by row.
CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s::regclass AND contype IN ('f', 'u') ORDER BY contype DESC, conname
"""
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = %s::regclass AND NOT indisprimary
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
ORDER BY indexrelid
"""
OWNED = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = %s::regclass"


@contextmanager
def set_aside_indexes(model: type[Model], n_rows: int) -> Iterator[bool]:
    """Inside a transaction. Yields whether it was done: not for a table that holds rows, or belongs to somebody else.

    Where it was done the table is empty and locked, so there is nothing in it to compare with.
    """
    table = model._meta.db_table
    if n_rows < MANY_ROWS or not _can_set_aside(table):
        yield False
        return
    constraints, indexes = _rows(CONSTRAINTS, table), _rows(INDEXES, table)
    # Checks that wait for the end of the transaction would forbid the change of the table.
    _run("SET CONSTRAINTS ALL IMMEDIATE")
    for name, _ in constraints:
        _run(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _ in indexes:
        _run(f"DROP INDEX {name}")
    yield True
    for _, definition in indexes:
        _run(definition)
    for name, definition in constraints:
        _run(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    _run("SET CONSTRAINTS ALL DEFERRED")


def settle(tables: list[str]) -> None:
    """After the commit of a first load: until its rows are marked as seen by all, counting them takes seconds."""
    if not connection.in_atomic_block:
        for table in tables:
            _run(f"VACUUM (SKIP_LOCKED) {table}")


def _can_set_aside(table: str) -> bool:
    is_owned = _rows(OWNED, table)[0][0]
    if not is_owned:
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT NOT EXISTS (SELECT FROM {table})")
        is_empty: bool = cursor.fetchone()[0]
    return is_empty


def _rows(statement: str, table: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [table])
        found: list[tuple[str, ...]] = cursor.fetchall()
    return found


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
