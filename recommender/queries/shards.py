"""Customers in ranges of keys, so that work on all of them can be done by many and in little memory."""

from dataclasses import dataclass

from django.db import connection

RANGES = """
SELECT min(id), max(id) FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS shard FROM loyalty_customer) c
GROUP BY shard ORDER BY shard
"""


@dataclass(frozen=True)
class Shard:
    """The customers with keys from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def span(self) -> tuple[int, int]:
        return self.first, self.last


def customer_shards(size: int) -> list[Shard]:
    """All customers, at most `size` a shard."""
    with connection.cursor() as cursor:
        cursor.execute(RANGES, [size])
        return [Shard(*row) for row in cursor.fetchall()]
