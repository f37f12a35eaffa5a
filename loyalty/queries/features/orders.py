"""Features of what was bought: how much, how often, in what rhythm, at what discount, of which departments."""

from loyalty.engine.features import Feature, for_values, over_windows
from loyalty.queries.features.readings import Reading, Words

ROWS = """
bought AS (
    SELECT o.customer_id, o.ordered_at AS at, o.ordered_at AT TIME ZONE %(zone)s AS local_at, o.channel,
        o.reverses_id IS NULL AS is_order, count(*) AS n_lines, count(DISTINCT l.product_id) AS n_products,
        sum(l.amount) AS amount, sum(l.quantity) AS units, sum(l.discount) AS discount,
        sum(l.coupon_discount) AS coupon_discount
    FROM loyalty_order o JOIN loyalty_orderline l ON l.order_id = o.id
    WHERE o.customer_id {chosen} AND o.ordered_at < %(as_of)s
        AND (%(currency)s = '' OR o.currency = %(currency)s)
    GROUP BY o.id
), visits AS (
    SELECT customer_id, at, lag(at) OVER (PARTITION BY customer_id ORDER BY at) AS before_at FROM bought WHERE is_order
)
"""
PRODUCT_ROWS = """
pairs AS (
    SELECT o.customer_id, l.product_id, max(o.ordered_at) FILTER (WHERE o.reverses_id IS NULL) AS at,
        sum(l.amount) FILTER (WHERE o.ordered_at >= %(since_7)s) AS amount_7,
        sum(l.amount) FILTER (WHERE o.ordered_at >= %(since_30)s) AS amount_30,
        sum(l.amount) FILTER (WHERE o.ordered_at >= %(since_90)s) AS amount_90,
        sum(l.amount) FILTER (WHERE o.ordered_at >= %(since_365)s) AS amount_365,
        sum(l.amount) AS amount_all
    FROM loyalty_order o JOIN loyalty_orderline l ON l.order_id = o.id
    WHERE o.customer_id {chosen} AND o.ordered_at < %(as_of)s
        AND (%(currency)s = '' OR o.currency = %(currency)s)
    GROUP BY o.customer_id, l.product_id
), named AS (
    SELECT pairs.*, p.category_id, p.brand, split_part(c.path, ' > ', 1) AS department
    FROM pairs JOIN loyalty_product p ON p.id = pairs.product_id LEFT JOIN loyalty_category c ON c.id = p.category_id
), products AS (
    SELECT customer_id, at FROM named
), shelves AS (
    SELECT customer_id, category_id, max(at) AS at FROM named
    WHERE category_id IS NOT NULL GROUP BY customer_id, category_id
), mixed AS (
    SELECT customer_id, department, brand, max(at) AS at, sum(amount_7) AS amount_7, sum(amount_30) AS amount_30,
        sum(amount_90) AS amount_90, sum(amount_365) AS amount_365, sum(amount_all) AS amount_all
    FROM named GROUP BY customer_id, department, brand
), departments AS (
    SELECT customer_id, department AS value, amount_7, amount_30, amount_90, amount_365, amount_all FROM mixed
), brands AS (
    SELECT customer_id, brand AS value, max(at) AS at, sum(amount_7) AS amount_7, sum(amount_30) AS amount_30,
        sum(amount_90) AS amount_90, sum(amount_365) AS amount_365, sum(amount_all) AS amount_all
    FROM mixed GROUP BY customer_id, brand
)
"""
IN_WINDOW = "FILTER (WHERE at >= {since})"
ORDERS_IN_WINDOW = "FILTER (WHERE is_order AND at >= {since})"
SPEND = f"greatest(sum(amount) {IN_WINDOW}, 0)"
N_ORDERS = f"count(*) {ORDERS_IN_WINDOW}"
BEFORE_DISCOUNTS = f"nullif(greatest(sum(amount + discount + coupon_discount) {IN_WINDOW}, 0), 0)"
SPAN_DAYS = "(extract(epoch FROM max(at) {w} - min(at) {w}) / 86400)".replace("{w}", IN_WINDOW)
GAP_DAYS = f"{SPAN_DAYS} / nullif(count(*) {IN_WINDOW} - 1, 0)"
SHARE_OF_SPEND = (
    "least(greatest(sum(amount_{window}) FILTER (WHERE value = {value}), 0)"
    " / nullif(greatest(sum(amount_{window}), 0), 0), 1)"
)
DAYPARTS = (("at night", 0, 6), ("in the morning", 6, 12), ("in the afternoon", 12, 18), ("in the evening", 18, 24))
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Enough for habits, few enough for a table: what is bought less often says little about most customers.
N_DEPARTMENTS, N_BRANDS, N_CHANNELS = 10, 5, 6


def _share_of_orders(condition: str) -> str:
    return f"count(*) FILTER (WHERE is_order AND at >= {{since}} AND {condition})::numeric / nullif({N_ORDERS}, 0)"


HOW_MUCH = (
    Feature("orders", "Orders", "orders", "Orders and spend", "number", "bought", N_ORDERS),
    Feature("spend", "Spend, returns taken off", "money", "Orders and spend", "number", "bought", SPEND),
    Feature(
        "units", "Quantity bought, in the units it is sold in", "units", "Orders and spend", "number", "bought",
        f"greatest(sum(units) {IN_WINDOW}, 0)",
    ),
    Feature(
        "basket_value", "Spend per order", "money", "Orders and spend", "number", "bought",
        f"{SPEND} / nullif({N_ORDERS}, 0)", default=None,
    ),
    Feature(
        "basket_lines", "Lines per order", "lines", "Orders and spend", "number", "bought",
        f"sum(n_lines) {ORDERS_IN_WINDOW} / nullif({N_ORDERS}, 0)", default=None,
    ),
    Feature(
        "basket_products", "Different products per order", "products", "Orders and spend", "number", "bought",
        f"sum(n_products) {ORDERS_IN_WINDOW} / nullif({N_ORDERS}, 0)", default=None,
    ),
    Feature(
        "returns", "Returns", "returns", "Returns", "number", "bought",
        "count(*) FILTER (WHERE NOT is_order AND at >= {since})",
    ),
    Feature(
        "returns_value", "Value of returns", "money", "Returns", "number", "bought",
        "greatest(-sum(amount) FILTER (WHERE NOT is_order AND at >= {since}), 0)",
    ),
    Feature(
        "discount_share", "Discount as a share of the full price", "share", "Discounts and coupons", "share", "bought",
        f"least(sum(discount) {IN_WINDOW} / {BEFORE_DISCOUNTS}, 1)",
    ),
    Feature(
        "coupon_share", "Orders with a coupon", "share", "Discounts and coupons", "share", "bought",
        _share_of_orders("coupon_discount > 0"),
    ),
    Feature(
        "coupon_discount", "Saved with coupons", "money", "Discounts and coupons", "number", "bought",
        f"sum(coupon_discount) {IN_WINDOW}",
    ),
)  # fmt: skip
FREQUENCY = Feature(
    "orders_per_active_month", "Orders in a month with any", "orders", "Rhythm", "number", "bought",
    f"{N_ORDERS}::numeric / nullif(count(DISTINCT date_trunc('month', local_at)) {ORDERS_IN_WINDOW}, 0)",
)  # fmt: skip
GAP = Feature("gap_mean_days", "Days between orders", "days", "Rhythm", "number", "visits", GAP_DAYS, default=None)
SO_FAR = (
    Feature(
        "recency_days", "Days since the last order", "days", "Rhythm", "number", "visits",
        "extract(epoch FROM {as_of} - max(at)) / 86400", default=None,
    ),
    Feature(
        "tenure_days", "Days since the first order", "days", "Rhythm", "number", "visits",
        "extract(epoch FROM {as_of} - min(at)) / 86400", default=None,
    ),
    Feature(
        "gap_last_days", "Days between the last two orders", "days", "Rhythm", "number", "visits",
        "extract(epoch FROM max(at) - max(before_at)) / 86400", default=None,
    ),
    Feature(
        "recency_in_gaps", "Time since the last order, in own gaps", "gaps", "Rhythm", "number", "visits",
        "extract(epoch FROM {as_of} - max(at)) / 86400 / nullif("
        "extract(epoch FROM max(at) - min(at)) / 86400 / nullif(count(*) - 1, 0), 0)", default=None,
    ),
)  # fmt: skip
WEEK = tuple(
    Feature(
        f"weekday_share_{number}", f"Orders on a {name}", "share", "Days and hours", "share", "bought",
        _share_of_orders(f"extract(isodow FROM local_at) = {number}"),
    )
    for number, name in enumerate(WEEKDAYS, start=1)
)  # fmt: skip
DAY = tuple(
    Feature(
        f"daypart_share_{start:02}", f"Orders {words}", "share", "Days and hours", "share", "bought",
        _share_of_orders(f"extract(hour FROM local_at) >= {start} AND extract(hour FROM local_at) < {end}"),
    )
    for words, start, end in DAYPARTS
)  # fmt: skip
WEEKEND = Feature(
    "weekend_share", "Orders on a weekend", "share", "Days and hours", "share", "bought",
    _share_of_orders("extract(isodow FROM local_at) >= 6"),
)  # fmt: skip
CHANNEL = Feature(
    "channel_share", "", "share", "Channels", "share", "bought", _share_of_orders("channel = {value}")
)  # fmt: skip
VARIETY = (
    Feature(
        "products", "Different products", "products", "Variety", "number", "products", f"count(*) {IN_WINDOW}",
    ),
    Feature(
        "categories", "Different categories", "categories", "Variety", "number", "shelves", f"count(*) {IN_WINDOW}",
    ),
    Feature(
        "brands", "Different brands", "brands", "Variety", "number", "brands",
        "count(*) FILTER (WHERE value <> '' AND at >= {since})",
    ),
)  # fmt: skip
CATEGORY = Feature("category_share", "", "share", "Departments", "share", "departments", SHARE_OF_SPEND)
BRAND = Feature("brand_share", "", "share", "Brands", "share", "brands", SHARE_OF_SPEND)


def _of_orders(words: Words) -> list[Feature]:
    channels = for_values(over_windows([CHANNEL], (90, 365, None)), words["channels"], "Orders by {}")
    return [
        *over_windows(HOW_MUCH),
        *SO_FAR,
        *over_windows([FREQUENCY, GAP], (90, 365, None)),
        *over_windows([WEEKEND], (30, 90, 365, None)),
        *over_windows([*WEEK, *DAY], (365, None)),
        *channels,
    ]


def _of_products(words: Words) -> list[Feature]:
    return [
        *over_windows(VARIETY),
        *for_values(over_windows([CATEGORY]), words["departments"], "Share of spend on {}"),
        *for_values(over_windows([BRAND]), words["brands"], "Share of spend on the brand {}"),
    ]


def _largest(value: str, join: str, n: int) -> str:
    """SELECT of the values with the most spend in the year before."""
    return f"""
        SELECT {value} AS value FROM loyalty_order o JOIN loyalty_orderline l ON l.order_id = o.id {join}
        WHERE o.customer_id IS NOT NULL AND o.ordered_at < %(as_of)s AND o.ordered_at >= %(since)s
            AND (%(currency)s = '' OR o.currency = %(currency)s) AND {value} <> ''
        GROUP BY 1 ORDER BY sum(l.amount) DESC, 1 LIMIT {n}
    """


PRODUCT = "JOIN loyalty_product p ON p.id = l.product_id"
ORDERS = Reading(
    tables=("loyalty_order", "loyalty_orderline"),
    rows=ROWS,
    features=_of_orders,
    words={"channels": _largest("o.channel", "", N_CHANNELS)},
)
PRODUCTS = Reading(
    tables=("loyalty_order", "loyalty_orderline", "loyalty_product", "loyalty_category"),
    rows=PRODUCT_ROWS,
    features=_of_products,
    words={
        "departments": _largest(
            "split_part(c.path, ' > ', 1)",
            f"{PRODUCT} JOIN loyalty_category c ON c.id = p.category_id",
            N_DEPARTMENTS,
        ),
        "brands": _largest("p.brand", PRODUCT, N_BRANDS),
    },
)
