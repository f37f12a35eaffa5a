"""Features of what customers did and said: sessions, views, carts, searches, ratings."""

from loyalty.engine.features import Feature, for_values, over_windows
from loyalty.queries.features.readings import Reading, Words

ROWS = """
acts AS (
    SELECT customer_id, occurred_at AS at, type, channel, session, product_id
    FROM loyalty_interaction WHERE customer_id {chosen} AND occurred_at < %(as_of)s
), sessions AS (
    SELECT customer_id, min(at) AS at, extract(epoch FROM max(at) - min(at)) / 60 AS minutes
    FROM acts WHERE session <> '' GROUP BY customer_id, session
), views AS (
    SELECT customer_id, product_id, min(at) AS first_at, max(at) AS at
    FROM acts WHERE type = 'Product Viewed' AND product_id IS NOT NULL GROUP BY customer_id, product_id
), viewed AS (
    SELECT v.customer_id, v.at, coalesce(b.last_at >= v.first_at, false) AS is_bought
    FROM views v LEFT JOIN (
        SELECT o.customer_id, l.product_id, max(o.ordered_at) AS last_at
        FROM loyalty_order o JOIN loyalty_orderline l ON l.order_id = o.id
        WHERE o.customer_id {chosen} AND o.ordered_at < %(as_of)s AND o.reverses_id IS NULL
            AND o.customer_id IN (SELECT customer_id FROM views)
        GROUP BY o.customer_id, l.product_id
    ) b ON b.customer_id = v.customer_id AND b.product_id = v.product_id
)
"""
RATING_ROWS = """
opinions AS (
    SELECT customer_id, rated_at AS at, value FROM loyalty_rating
    WHERE customer_id {chosen} AND rated_at < %(as_of)s AND kind = 'explicit'
)
"""
FAMILY = "Visits to the site"


def _count(name: str, label: str, unit: str, kind: str) -> Feature:
    condition = f"type = '{kind}' AND at >= {{since}}"
    return Feature(name, label, unit, FAMILY, "number", "acts", f"count(*) FILTER (WHERE {condition})")


ACTS = (
    _count("views", "Products looked at", "views", "Product Viewed"),
    _count("cart_adds", "Products put into the cart", "products", "Product Added"),
    _count("cart_removals", "Products taken out of the cart", "products", "Product Removed"),
    _count("searches", "Searches", "searches", "Products Searched"),
    Feature("sessions", "Visits", "visits", FAMILY, "number", "sessions", "count(*) FILTER (WHERE at >= {since})"),
    Feature(
        "session_minutes", "Length of a visit", "minutes", FAMILY, "number", "sessions",
        "avg(minutes) FILTER (WHERE at >= {since})", default=None,
    ),
    Feature(
        "bought_after_view_share", "Products bought after looking at them", "share", FAMILY, "share", "viewed",
        "count(*) FILTER (WHERE is_bought AND at >= {since})::numeric"
        " / nullif(count(*) FILTER (WHERE at >= {since}), 0)", default=None,
    ),
)  # fmt: skip
CHANNEL = Feature(
    "act_channel_share", "", "share", "Channels", "share", "acts",
    "count(*) FILTER (WHERE channel = {value} AND at >= {since})::numeric"
    " / nullif(count(*) FILTER (WHERE at >= {since}), 0)",
)  # fmt: skip
OPINIONS = (
    Feature(
        "ratings", "Ratings given", "ratings", "Ratings", "number", "opinions",
        "count(*) FILTER (WHERE at >= {since})",
    ),
    # A float becomes the decimal that was written, so that the mean does not depend on the order of the rows.
    Feature(
        "rating_mean", "Mean rating, from −1 to 1", "rating", "Ratings", "number", "opinions",
        "avg(value::numeric) FILTER (WHERE at >= {since})", default=None,
    ),
)  # fmt: skip
CHANNELS = """
SELECT channel AS value FROM loyalty_interaction
WHERE occurred_at < %(as_of)s AND occurred_at >= %(since)s AND channel <> ''
GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 6
"""


def _of_acts(words: Words) -> list[Feature]:
    channels = for_values(over_windows([CHANNEL], (90, 365)), words["act_channels"], "Actions by {}")
    return [*over_windows(ACTS), *channels]


INTERACTIONS = Reading(
    tables=("loyalty_interaction", "loyalty_order", "loyalty_orderline"),
    rows=ROWS,
    features=_of_acts,
    words={"act_channels": CHANNELS},
)
RATINGS = Reading(
    tables=("loyalty_rating",), rows=RATING_ROWS, features=lambda words: over_windows(OPINIONS, (365, None))
)
