"""What is known of every customer as of one moment. No row at or after it enters."""

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from loyalty.queries.frames import copy_frame
from segments.engine.features import FeatureFrame, category_words, habit_words

HABITS = """
WITH bought AS (
    SELECT o.customer_id, o.ordered_at, o.reverses_id IS NULL AS is_order,
        sum(l.amount)::float8 AS amount, bool_or(l.coupon_discount > 0) AS has_coupon
    FROM loyalty_order o JOIN loyalty_orderline l ON l.order_id = o.id
    WHERE o.customer_id IS NOT NULL AND o.ordered_at < %(as_of)s
    GROUP BY o.id
)
SELECT customer_id,
    (extract(epoch FROM %(as_of)s - max(ordered_at) FILTER (WHERE is_order)) / 86400)::float8 AS recency_days,
    (extract(epoch FROM %(as_of)s - min(ordered_at) FILTER (WHERE is_order)) / 86400)::float8 AS tenure_days,
    count(*) FILTER (WHERE is_order) AS n_orders,
    greatest(sum(amount), 0) AS spend,
    greatest(sum(amount), 0) / count(*) FILTER (WHERE is_order) AS basket_value,
    count(*) FILTER (WHERE is_order AND has_coupon)::float8 / count(*) FILTER (WHERE is_order) AS coupon_share
FROM bought
GROUP BY customer_id
HAVING count(*) FILTER (WHERE is_order) > 0
ORDER BY customer_id
"""
CATEGORY_SPEND = """
SELECT o.customer_id, split_part(c.path, ' > ', 1) AS category, greatest(sum(l.amount), 0)::float8 AS spend
FROM loyalty_order o
JOIN loyalty_orderline l ON l.order_id = o.id
JOIN loyalty_product p ON p.id = l.product_id
JOIN loyalty_category c ON c.id = p.category_id
WHERE o.customer_id IS NOT NULL AND o.ordered_at < %(as_of)s
GROUP BY 1, 2
"""


def customer_features(*, as_of: datetime, habits: tuple[str, ...], n_categories: int) -> FeatureFrame:
    """The chosen habits of every customer with an order before `as_of`, and their shares of the largest categories."""
    words = habit_words(habits)
    frame = copy_frame(HABITS, {"as_of": as_of})
    customer_ids = frame["customer_id"].to_numpy()
    columns = [_floats(frame, name) for name in habits]
    spend = copy_frame(CATEGORY_SPEND, {"as_of": as_of}) if n_categories else None
    if spend is not None:
        largest = _largest_categories(spend, n_categories)
        columns += [_share(spend, category, customer_ids, _floats(frame, "spend")) for category in largest]
        words += tuple(category_words(category) for category in largest)
    values = np.column_stack(columns) if columns else np.empty((len(customer_ids), 0))
    return FeatureFrame(customer_ids, values, words)


def _floats(frame: pa.Table, name: str) -> NDArray[np.float64]:
    values: NDArray[np.float64] = frame[name].to_numpy().astype(np.float64)
    return values


def _largest_categories(spend: pa.Table, n: int) -> list[str]:
    totals = spend.group_by("category").aggregate([("spend", "sum")])
    ordered = totals.sort_by([("spend_sum", "descending"), ("category", "ascending")])
    names: list[str] = ordered["category"].to_pylist()
    return names[:n]


def _share(
    spend: pa.Table, category: str, customer_ids: NDArray[np.int64], total: NDArray[np.float64]
) -> NDArray[np.float64]:
    chosen = spend.filter(pc.equal(spend["category"], category))
    known = np.isin(chosen["customer_id"].to_numpy(), customer_ids)
    rows = np.searchsorted(customer_ids, chosen["customer_id"].to_numpy()[known])
    shares = np.zeros(len(customer_ids))
    shares[rows] = chosen["spend"].to_numpy()[known]
    return np.clip(shares / np.maximum(total, 0.01), 0, 1)
