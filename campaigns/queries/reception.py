"""What was known about each customer before a campaign began: one query for training and for serving.

No row at or after `as_of` may enter. Demographics are left out on purpose: they may be audited, never targeted.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from campaigns.engine.frames import CustomerFrame, FloatArray, IntArray
from campaigns.engine.reasons import FEATURE_NAMES
from loyalty.queries.frames import copy_frame

TARGET = """
target AS (
    SELECT customer_id FROM campaigns_audiencemember WHERE audience_id = %(audience_id)s::bigint
    UNION ALL
    SELECT id FROM loyalty_customer
    WHERE %(audience_id)s::bigint IS NULL AND id >= %(first)s::bigint AND id <= %(last)s::bigint
)
"""
# The longer of the two by far, and the same for every campaign.
HABITS = f"""
WITH {TARGET}, bought AS (
    SELECT o.customer_id, o.ordered_at,
        o.ordered_at >= %(as_of)s - interval '30 days' AS in_30,
        o.ordered_at >= %(as_of)s - interval '90 days' AS in_90,
        sum(l.amount)::float8 AS amount, sum(l.coupon_discount)::float8 AS coupon_discount
    FROM loyalty_order o
    JOIN target t ON t.customer_id = o.customer_id
    JOIN loyalty_orderline l ON l.order_id = o.id
    WHERE o.ordered_at < %(as_of)s
    GROUP BY o.id
), habits AS (
    SELECT customer_id,
        extract(epoch FROM %(as_of)s - max(ordered_at)) / 86400 AS recency_days,
        count(*) AS orders,
        count(*) FILTER (WHERE in_90) AS orders_90, count(*) FILTER (WHERE in_30) AS orders_30,
        sum(amount) AS spend,
        sum(amount) FILTER (WHERE in_90) AS spend_90, sum(amount) FILTER (WHERE in_30) AS spend_30,
        count(*) FILTER (WHERE coupon_discount > 0) AS coupon_orders,
        count(*) FILTER (WHERE coupon_discount > 0 AND in_90) AS coupon_orders_90,
        sum(coupon_discount) AS coupon_discount
    FROM bought GROUP BY customer_id
)
SELECT t.customer_id,
    least(coalesce(recency_days, 365), 365) AS recency_days,
    coalesce(orders, 0) AS orders, coalesce(orders_90, 0) AS orders_90, coalesce(orders_30, 0) AS orders_30,
    greatest(spend, 0) AS spend, greatest(spend_90, 0) AS spend_90, greatest(spend_30, 0) AS spend_30,
    coalesce(coupon_orders, 0) AS coupon_orders, coalesce(coupon_orders_90, 0) AS coupon_orders_90,
    coalesce(coupon_orders::float8 / orders, 0) AS coupon_order_share,
    coalesce(coupon_discount, 0) AS coupon_discount
FROM target t LEFT JOIN habits USING (customer_id)
ORDER BY t.customer_id
"""  # noqa: S608 - our own words
IN_ITS_LIGHT = f"""
WITH {TARGET}, promoted AS (
    SELECT DISTINCT op.product_id
    FROM campaigns_campaignoffer co JOIN campaigns_offerproduct op ON op.offer_id = co.offer_id
    WHERE co.campaign_id = %(campaign_id)s
), promoted_category AS (
    SELECT DISTINCT p.category_id
    FROM promoted JOIN loyalty_product p ON p.id = promoted.product_id
    WHERE p.category_id IS NOT NULL
    UNION
    -- A product that is not on sale yet has no sales of its own: its category speaks for it.
    SELECT n.category_id
    FROM campaigns_campaignoffer co JOIN campaigns_offer f ON f.id = co.offer_id
    JOIN campaigns_newproduct n ON n.id = f.new_product_id
    WHERE co.campaign_id = %(campaign_id)s
), marked AS MATERIALIZED (
    SELECT p.id AS product_id, promoted.product_id IS NOT NULL AS promoted, alike.category_id IS NOT NULL AS alike
    FROM loyalty_product p
    LEFT JOIN promoted ON promoted.product_id = p.id
    LEFT JOIN promoted_category alike ON alike.category_id = p.category_id
    WHERE promoted.product_id IS NOT NULL OR alike.category_id IS NOT NULL
), affinity AS (
    SELECT o.customer_id,
        count(*) FILTER (WHERE m.promoted) AS promoted_lines, count(*) FILTER (WHERE m.alike) AS alike_lines,
        count(*) FILTER (WHERE m.promoted AND l.coupon_discount > 0) AS promoted_coupon_lines,
        count(*) FILTER (WHERE m.alike AND l.coupon_discount > 0) AS alike_coupon_lines,
        (sum(l.amount) FILTER (WHERE m.promoted))::float8 AS promoted_amount,
        (sum(l.amount) FILTER (WHERE m.alike))::float8 AS alike_amount
    FROM marked m
    JOIN loyalty_orderline l ON l.product_id = m.product_id
    JOIN loyalty_order o ON o.id = l.order_id
    JOIN target t ON t.customer_id = o.customer_id
    WHERE o.ordered_at < %(as_of)s
    GROUP BY o.customer_id
), taken AS (
    SELECT customer_id, count(*) AS redemptions, count(DISTINCT campaign_id) AS campaigns_taken,
        count(*) FILTER (WHERE redeemed_at >= %(as_of)s - interval '90 days') AS redemptions_90
    FROM campaigns_redemption JOIN target USING (customer_id) WHERE redeemed_at < %(as_of)s GROUP BY customer_id
), received AS (
    SELECT m.customer_id, count(*) AS campaigns_received
    FROM campaigns_campaign c JOIN campaigns_audiencemember m ON m.audience_id = c.audience_id
    JOIN target t ON t.customer_id = m.customer_id
    WHERE c.starts_at < %(as_of)s AND c.id <> %(campaign_id)s AND c.state IN ('running', 'paused', 'completed')
    GROUP BY m.customer_id
)
SELECT t.customer_id,
    coalesce(redemptions, 0) AS redemptions, coalesce(redemptions_90, 0) AS redemptions_90,
    coalesce(campaigns_taken, 0) AS campaigns_taken, coalesce(campaigns_received, 0) AS campaigns_received,
    coalesce(campaigns_taken, 0) / (coalesce(campaigns_received, 0) + 2.0) AS taken_share,
    coalesce(promoted_lines, 0) AS promoted_lines, coalesce(alike_lines, 0) AS alike_lines,
    coalesce(promoted_coupon_lines, 0) AS promoted_coupon_lines,
    coalesce(alike_coupon_lines, 0) AS alike_coupon_lines,
    coalesce(promoted_amount, 0) AS promoted_amount, coalesce(alike_amount, 0) AS alike_amount
FROM target t
LEFT JOIN affinity USING (customer_id)
LEFT JOIN taken USING (customer_id) LEFT JOIN received USING (customer_id)
ORDER BY t.customer_id
"""  # noqa: S608 - our own words
TAKEN = """
SELECT m.customer_id, m.audience_id, count(r.id) AS redemptions,
    extract(epoch FROM min(r.redeemed_at) - c.starts_at) / extract(epoch FROM c.ends_at - c.starts_at) AS first_taken
FROM campaigns_audiencemember m
JOIN campaigns_campaign c ON c.id = %(campaign_id)s
LEFT JOIN campaigns_redemption r ON r.customer_id = m.customer_id AND r.campaign_id = c.id
    AND r.redeemed_at >= c.starts_at AND r.redeemed_at < least(c.ends_at, %(until)s)
WHERE m.audience_id = c.audience_id
GROUP BY m.customer_id, m.audience_id, c.id
ORDER BY m.customer_id
"""


REDEEMED = """
SELECT c.id AS campaign_id, m.customer_id, count(*) AS redemptions
FROM campaigns_campaign c
JOIN campaigns_redemption r ON r.campaign_id = c.id AND r.redeemed_at >= c.starts_at AND r.redeemed_at < c.ends_at
JOIN campaigns_audiencemember m ON m.audience_id = c.audience_id AND m.customer_id = r.customer_id
WHERE c.id = ANY(%(campaign_ids)s)
GROUP BY c.id, m.customer_id ORDER BY c.id, m.customer_id
"""
ALL_KEYS = (1, 2**63 - 1)


@dataclass(frozen=True)
class Reception:
    """How the customers of one campaign received it.

    `first_taken` is the share of the window gone when each first took it, 1 where nobody did.
    """

    audience_id: int | None
    customer_ids: IntArray
    redemptions: IntArray
    first_taken: FloatArray


def customer_habits(*, as_of: datetime, audience_id: int | None = None, keys: tuple[int, int] = ALL_KEYS) -> pa.Table:
    """How customers shopped before `as_of`, whatever campaign is asked about: one row each, by rising key."""
    return copy_frame(HABITS, {"as_of": as_of, "audience_id": audience_id, "first": keys[0], "last": keys[1]})


def reception_features(
    *,
    campaign_id: int,
    as_of: datetime,
    audience_id: int | None = None,
    keys: tuple[int, int] = ALL_KEYS,
    habits: pa.Table | None = None,
) -> CustomerFrame:
    """What was known just before `as_of` about an audience, or about every customer, in the light of a campaign.

    Without an audience only customers with keys from the first to the last of `keys`, both included. `habits` are
    those of the same customers where they are known already.
    """
    about = {"as_of": as_of, "audience_id": audience_id, "first": keys[0], "last": keys[1]}
    light = copy_frame(IN_ITS_LIGHT, {**about, "campaign_id": campaign_id})
    shopped = copy_frame(HABITS, about) if habits is None else habits
    columns = {name: _floats(frame, name) for frame in (shopped, light) for name in frame.column_names}
    spend = columns["spend"]
    for kind in ("promoted", "alike"):
        amount = np.maximum(columns[f"{kind}_amount"], 0)
        share = np.divide(amount, spend, out=np.zeros_like(spend), where=spend > 0)
        columns[f"{kind}_share"] = np.minimum(share, 1.0)
    values = np.column_stack([columns[name] for name in FEATURE_NAMES])
    return CustomerFrame(light["customer_id"].to_numpy(), values, FEATURE_NAMES)


@dataclass(frozen=True)
class RedeemerCounts:
    """How often each customer took each campaign who took it at all, one place for both."""

    campaign_ids: IntArray
    redemptions: IntArray


def redeemer_counts(campaign_ids: list[int]) -> RedeemerCounts:
    """Of everybody whom these finished campaigns were sent to and who took them within their window."""
    frame = copy_frame(REDEEMED, {"campaign_ids": campaign_ids})
    return RedeemerCounts(frame["campaign_id"].to_numpy(), frame["redemptions"].to_numpy())


def campaign_reception(*, campaign_id: int, until: datetime) -> Reception:
    """Everybody the campaign was sent to, and how often each took it within its window and before `until`."""
    frame = copy_frame(TAKEN, {"campaign_id": campaign_id, "until": until})
    audience_id = frame["audience_id"][0].as_py() if frame.num_rows else None
    redemptions = frame["redemptions"].to_numpy()
    first_taken = np.where(redemptions > 0, _floats(frame, "first_taken"), 1.0)
    return Reception(audience_id, frame["customer_id"].to_numpy(), redemptions, first_taken)


def _floats(frame: pa.Table, name: str) -> FloatArray:
    floats: FloatArray = frame[name].cast(pa.float64()).fill_null(0.0).to_numpy()
    return floats
