"""What customers did, as the rating engine wants it: a slice of customers at a time, so that memory stays bounded."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import pyarrow as pa
from django.db import connection

from loyalty.models import Interaction
from loyalty.queries.frames import copy_frame

ORDERS_A_SLICE = 20_000
LARGEST_ID = 2**63 - 1
ORDER_COUNTS = """
SELECT customer_id, count(*) FROM loyalty_order
WHERE customer_id IS NOT NULL AND ordered_at < %s GROUP BY customer_id ORDER BY customer_id
"""
# One row an order and product; a line and its correction in the same order cancel out here.
BOUGHT = """
SELECT o.customer_id, l.product_id, extract(epoch FROM o.ordered_at)::bigint AS at, o.id AS key,
       coalesce(o.reverses_id, -1) AS of_order, sum(l.quantity)::float8 AS quantity
FROM loyalty_order o JOIN loyalty_orderline l ON l.order_id = o.id
WHERE o.customer_id > %(after)s AND o.customer_id <= %(until)s AND o.ordered_at < %(as_of)s
GROUP BY o.id, l.product_id
"""
EVENTS = """
SELECT i.customer_id, i.product_id, extract(epoch FROM i.occurred_at)::bigint AS at, i.id AS key,
       coalesce(p.category_id, -1) AS category,
       dense_rank() OVER (
           ORDER BY i.customer_id, coalesce(nullif(i.session, ''), i.occurred_at::date::text)
       ) AS session
FROM loyalty_interaction i JOIN loyalty_product p ON p.id = i.product_id
WHERE i.customer_id > %(after)s AND i.customer_id <= %(until)s AND i.occurred_at < %(as_of)s AND i.type = %(type)s
"""
SILENCES = """
SELECT b.customer_id, b.product_id, extract(epoch FROM b.bought_on)::bigint AS at, b.gap_days, b.n_new_products,
       b.usual_gap_days, b.allowed_gap_days, b.n_visits, s.ratio, b.bought_on, b.back_on
FROM loyalty_silentbuyer b LEFT JOIN loyalty_productsilence s
     ON s.report_id = b.report_id AND s.product_id = b.product_id
WHERE b.report_id = %(report)s AND b.customer_id > %(after)s AND b.customer_id <= %(until)s
"""


@dataclass(frozen=True)
class Slice:
    """Customers with keys in `(after, until]`, and the moment before which things count."""

    after: int
    until: int
    as_of: datetime

    @property
    def params(self) -> dict[str, object]:
        return {"after": self.after, "until": self.until, "as_of": self.as_of}


def slices(as_of: datetime) -> list[Slice]:
    """All customers, cut so that no slice has many more orders than others; together they reach to both ends."""
    cuts = [0, *_cuts(as_of), LARGEST_ID]
    return [Slice(after, until, as_of) for after, until in pairwise(cuts)]


def _cuts(as_of: datetime) -> Iterator[int]:
    n = 0
    with connection.cursor() as cursor:
        cursor.execute(ORDER_COUNTS, [as_of])
        for customer_id, n_orders in cursor.fetchall():
            n += n_orders
            if n >= ORDERS_A_SLICE:
                n = 0
                yield customer_id


def bought_frame(part: Slice) -> pa.Table:
    """What was bought (quantity above zero) and what came back (below)."""
    return copy_frame(BOUGHT, part.params)


def views_frame(part: Slice) -> pa.Table:
    """Products looked at. Where no session is known, a day is one."""
    return copy_frame(EVENTS, {**part.params, "type": Interaction.Type.PRODUCT_VIEWED.value})


def removals_frame(part: Slice) -> pa.Table:
    return copy_frame(EVENTS, {**part.params, "type": Interaction.Type.PRODUCT_REMOVED.value})


def silences_frame(part: Slice, report_id: int) -> pa.Table:
    """Silences after a first purchase, with how far beyond the usual they are; no ratio where too few bought."""
    return copy_frame(SILENCES, {**part.params, "report": report_id})
