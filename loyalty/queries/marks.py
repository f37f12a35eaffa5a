"""What changed of one customer, or on the shelf: marks that the database leaves with every statement, whoever sent it.

A stamp is a short text that is another one as soon as a change is committed. Whoever keeps something worked out for a
customer keeps the stamp that was read before, and compares.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa
from django.db import connection

from loyalty.queries.frames import typed_frame

# Sources of marks: `customer 17` for orders, their lines and consents of one; the others concern everybody.
OF_CUSTOMER = "customer "
OF_ALL = ("customers",)
SHELF = "shelf"
# Sum and newest key of the marks, as in `features.changes`: a mark that is committed late has an older key.
STAMP = """
(SELECT string_agg(marks.told, ' ' ORDER BY marks.told) FROM (
    SELECT source || ':' || sum(n) || '/' || max(id) AS told FROM loyalty_datachange
    WHERE source IN ({sources}) GROUP BY source
) marks)
"""
STAMPS = """
SELECT c.id AS customer_id, COALESCE({stamp}, '') AS stamp FROM loyalty_customer c
WHERE c.id >= %(first)s AND c.id <= %(last)s ORDER BY c.id
"""


def stamp_of(customer: str, *others: str) -> str:
    """SQL for the stamp of the customer whose key the SQL `customer` gives, together with the marks of `others`."""
    sources = [f"'{OF_CUSTOMER}' || {customer}", *(f"'{one}'" for one in (*OF_ALL, *others))]
    return STAMP.format(sources=", ".join(sources))


def customer_stamps(first: int, last: int) -> dict[int, str]:
    """The stamps of all customers with keys from `first` to `last`."""
    types = {"customer_id": pa.int64(), "stamp": pa.string()}
    found = typed_frame(STAMPS.format(stamp=stamp_of("c.id")), {"first": first, "last": last}, column_types=types)
    stamps: Sequence[str | None] = found["stamp"].to_pylist()
    return dict(zip(found["customer_id"].to_pylist(), [stamp or "" for stamp in stamps], strict=True))


@dataclass(frozen=True)
class Changed:
    """Of whom something was committed since a mark; everybody where it cannot be told."""

    customer_ids: frozenset[int]
    is_everybody: bool = False


# A row carries the transaction that wrote it. Keys grow in the order of writing, not of committing, so what is "later
# than the newest key" misses whoever took long; later than the oldest transaction that was still under way does not.
# Only transactions of this database count: what the server does for others may take hours. Those of another role are
# hidden from an ordinary one; while there are any, the oldest of the whole server has to do.
MARK = """
WITH now AS MATERIALIZED (
    SELECT pg_snapshot_xmin(s)::text::bigint AS oldest, pg_snapshot_xmax(s)::text::bigint AS next
    FROM pg_current_snapshot() s
)
SELECT CASE WHEN COALESCE(bool_or(a.backend_type IS NULL AND a.pid IS NOT NULL), false) THEN oldest
    -- The number of a transaction is told without its upper half. What would lie half of all numbers back began since.
    ELSE LEAST(next, min(
        next - NULLIF(LEAST((next - a.backend_xid::text::bigint) & 4294967295, 2147483648), 2147483648)
    ))
    END
FROM now LEFT JOIN pg_stat_activity a ON a.datname = current_database()
GROUP BY oldest, next
"""
# What a transaction saw of the others' it sees until its end, unless it is told to look again.
LOOK_AGAIN = "SELECT pg_stat_clear_snapshot()"
SINCE = "age({table}.xmin) <= age(%(mark)s::text::xid8::xid)"
OF_MARKS = f"""
SELECT DISTINCT source FROM loyalty_datachange
WHERE (source LIKE 'customer %%' OR source = ANY(%(others)s)) AND {SINCE.format(table="loyalty_datachange")}
"""  # noqa: S608 - our own words
# Tables of which changes leave marks of single customers; what of the others changed is seen in their own rows.
MARKED = {"loyalty_order", "loyalty_orderline", "loyalty_consent"}
WITH_CUSTOMERS = """
SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE attname = 'customer_id' AND relname = ANY(%(tables)s) AND relkind = 'r' AND NOT attisdropped
"""


def change_mark() -> int:
    """A mark to ask `changed_since` with later on: read it before the data."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK_AGAIN)
        cursor.execute(MARK)
        return int(cursor.fetchone()[0])


def changed_since(mark: int, *, tables: Collection[str]) -> Changed:
    """Customers with rows in `tables` that were written since a mark, and new customers.

    Rows that were deleted leave no trace but in the tables with marks of single customers.
    """
    with connection.cursor() as cursor:
        cursor.execute(OF_MARKS, {"mark": mark, "others": list(OF_ALL)})
        sources = [source for (source,) in cursor.fetchall()]
        if set(OF_ALL) & set(sources):
            return Changed(frozenset(), is_everybody=True)
        found = {int(source.removeprefix(OF_CUSTOMER)) for source in sources} if MARKED & set(tables) else set()
        cursor.execute(WITH_CUSTOMERS, {"tables": sorted(set(tables) - MARKED)})
        columns = [("loyalty_customer", "id"), *((table, "customer_id") for (table,) in cursor.fetchall())]
        for table, column in columns:
            sql = f"SELECT DISTINCT {column} FROM {table} WHERE {SINCE.format(table=table)}"  # noqa: S608 - our tables
            cursor.execute(sql, {"mark": mark})
            found |= {key for (key,) in cursor.fetchall() if key is not None}
    return Changed(frozenset(found))
