"""How often customers bought of each category, and which categories a campaign promotes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.likeness import Bought
from campaigns.queries.reception import ALL_KEYS, TARGET
from loyalty.models import Customer
from loyalty.queries.frames import copy_frame

# Which categories are bought together is told by some customers as well as by a million.
MOST_SAMPLED = 2_000
OF_TARGET = f"""
WITH {TARGET}
SELECT o.customer_id, p.category_id, count(*)::float8 AS times
FROM target t
JOIN loyalty_order o ON o.customer_id = t.customer_id
JOIN loyalty_orderline l ON l.order_id = o.id
JOIN loyalty_product p ON p.id = l.product_id
WHERE o.ordered_at < %(as_of)s AND l.quantity > 0 AND p.category_id IS NOT NULL
GROUP BY o.customer_id, p.category_id
"""  # noqa: S608 - our own words
# How many of the moments had come when it was bought: what was bought before the first of them has none.
OF_SAMPLE = """
SELECT o.customer_id, p.category_id, width_bucket(o.ordered_at, %(moments)s::timestamptz[]) AS moments_come,
    count(*)::float8 AS times
FROM loyalty_order o
JOIN loyalty_orderline l ON l.order_id = o.id
JOIN loyalty_product p ON p.id = l.product_id
WHERE mod(o.customer_id, %(step)s) = 0 AND o.ordered_at < %(until)s
    AND l.quantity > 0 AND p.category_id IS NOT NULL
GROUP BY o.customer_id, p.category_id, moments_come
ORDER BY o.customer_id, p.category_id
"""
PROMOTED = """
SELECT p.category_id, count(DISTINCT p.id)::float8 AS times
FROM campaigns_campaignoffer co
JOIN campaigns_offerproduct op ON op.offer_id = co.offer_id
JOIN loyalty_product p ON p.id = op.product_id
WHERE co.campaign_id = %(campaign_id)s AND p.category_id IS NOT NULL
GROUP BY p.category_id
"""


@dataclass(frozen=True)
class Sampled:
    """What some customers bought, each line with how many of the moments asked about had come by then."""

    customer_ids: IntArray
    category_ids: IntArray
    moments_come: IntArray
    times: FloatArray

    def before(self, moment: int) -> Bought:
        """What they had bought before the moment at this position, one row a customer and category."""
        kept = self.moments_come <= moment
        customers, categories, times = self.customer_ids[kept], self.category_ids[kept], self.times[kept]
        # Rows stand in the order of customers and categories: those of one pair are neighbours.
        begins = np.flatnonzero(np.r_[True, (np.diff(customers) != 0) | (np.diff(categories) != 0)][: len(times)])
        if not len(begins):
            return Bought(customers, categories, times, 0)
        found, rows = np.unique(customers[begins], return_inverse=True)
        return Bought(rows.astype(np.int64), categories[begins], np.add.reduceat(times, begins), len(found))


def sampled_purchases(moments: Sequence[datetime]) -> Sampled:
    """What some customers, the same for all `moments` (rising), bought before the last of them."""
    step = -(-max(Customer.objects.count(), 1) // MOST_SAMPLED)
    frame = copy_frame(OF_SAMPLE, {"moments": list(moments), "until": moments[-1], "step": step})
    customers, categories = _whole(frame, "customer_id"), _whole(frame, "category_id")
    return Sampled(customers, categories, _whole(frame, "moments_come"), _times(frame))


def bought_by(
    customer_ids: IntArray, *, as_of: datetime, audience_id: int | None, keys: tuple[int, int] = ALL_KEYS
) -> Bought:
    """What these customers, of an audience or with keys in a range, had bought; `customer_ids` rise."""
    about = {"as_of": as_of, "audience_id": audience_id, "first": keys[0], "last": keys[1]}
    frame = copy_frame(OF_TARGET, about)
    rows = np.searchsorted(customer_ids, _whole(frame, "customer_id")).astype(np.int64)
    return Bought(rows, _whole(frame, "category_id"), _times(frame), len(customer_ids))


def promoted_by(campaign_id: int) -> Bought:
    """The products of a campaign's offers, as if one customer had bought each of them once."""
    frame = copy_frame(PROMOTED, {"campaign_id": campaign_id})
    return Bought(np.zeros(frame.num_rows, dtype=np.int64), _whole(frame, "category_id"), _times(frame), 1)


def _whole(frame: pa.Table, name: str) -> IntArray:
    return np.asarray(frame[name].to_numpy(), dtype=np.int64)


def _times(frame: pa.Table) -> FloatArray:
    return np.asarray(frame["times"].to_numpy(), dtype=np.float64)
