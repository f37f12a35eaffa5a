"""What changed of one customer, or on the shelf: marks that the database leaves with every statement, whoever sent it.

A stamp is a short text that is another one as soon as a change is committed. Whoever keeps something worked out for a
customer keeps the stamp that was read before, and compares.
"""

from collections.abc import Sequence

import pyarrow as pa

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
