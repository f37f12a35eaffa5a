"""Keys that a merged customer had: who uses one means the customer that was kept.

Rows that come in this way are written down, so that they go back with their own customer if the merge is undone.
"""

from loyalty.models import CustomerAlias
from loyalty.services.ingest.kinds import Column, Part
from loyalty.services.ingest.rows import LINE
from loyalty.services.ingest.staging import ALIASED, CLEAN, Staging

ALIASES = CustomerAlias._meta.db_table


def follow_aliases(rows: Staging) -> None:
    """Put the kept customer's key where a merged one's stands, and leave aside what would be said twice by it."""
    if not rows.scalar(f"SELECT EXISTS (SELECT FROM {ALIASES})"):
        return
    if rows.kind.has_aliases:
        _set_aside_merged(rows, rows.kind.main.key[0])
    for column in rows.columns:
        if column.reference is not None and column.reference.has_aliases:
            _follow(rows, column)


def _set_aside_merged(rows: Staging, key: str) -> None:
    """What a file says of a customer who is part of another by now is not taken: the other has details of its own."""
    n = rows.run(f'DELETE FROM {CLEAN} s USING {ALIASES} a WHERE a.external_id = s."{key}"')
    _leave_alone(rows, n, "they were merged into another, whose details stay as they are")


def _follow(rows: Staging, column: Column) -> None:
    name = column.name
    rows.run(
        f"INSERT INTO {ALIASED} SELECT s.{LINE}, '{name}', a.merge_id, a.customer_id FROM {CLEAN} s "
        f'JOIN {ALIASES} a ON a.external_id = s."{name}" WHERE s."{name}__id" IS NULL'
    )
    n_followed = rows.run(
        f'UPDATE {CLEAN} s SET "{name}__id" = k.id, "{name}" = k.external_id FROM {ALIASED} a '
        f"JOIN loyalty_customer k ON k.id = a.customer_id WHERE a.line = s.{LINE} AND a.name = '{name}'"
    )
    if n_followed:
        rows.aliased.add(name)
        for part in rows.kind.parts:
            if name in part.key:
                _set_aside_twice_told(rows, part)


def _set_aside_twice_told(rows: Staging, part: Part) -> None:
    """Both records of one person may stand in the file with the same thing: the kept one's row speaks for both."""
    same = " AND ".join(f'o."{key}" = s."{key}"' for key in part.key)
    n = rows.run(
        f"DELETE FROM {CLEAN} s USING {ALIASED} a WHERE a.line = s.{LINE} AND EXISTS (SELECT FROM {CLEAN} o "
        f"WHERE {same} AND NOT EXISTS (SELECT FROM {ALIASED} b WHERE b.line = o.{LINE}))"
    )
    _leave_alone(rows, n, "the file says the same thing of the customer they were merged into")


def _leave_alone(rows: Staging, n: int, reason: str) -> None:
    if n:
        rows.n_left_alone += n
        rows.notes.append(f"{n:,} rows of merged customers were left alone: {reason}.")
