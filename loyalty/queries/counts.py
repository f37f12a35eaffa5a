"""The counts that say what kinds of models the data can carry."""

from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection

from loyalty.engine.suitability import DataCounts
from loyalty.models import Interaction

Type = Interaction.Type
DAYS_A_MONTH = 30.44
BROWSING = (Type.PRODUCT_VIEWED, Type.PRODUCT_ADDED, Type.PRODUCT_REMOVED, Type.CART_VIEWED, Type.PRODUCTS_SEARCHED)
# A pair of one customer and one product; bought again when its first order is not its last.
PAIRS = """
WITH pairs AS MATERIALIZED (
    SELECT o.customer_id, l.product_id, min(o.id) <> max(o.id) AS is_repeated
    FROM loyalty_orderline l JOIN loyalty_order o ON o.id = l.order_id
    WHERE o.ordered_at < %(as_of)s AND o.customer_id IS NOT NULL AND l.quantity > 0
    GROUP BY 1, 2
),
customers AS (SELECT count(*) AS n FROM pairs GROUP BY customer_id),
products AS (SELECT product_id, count(*) AS n FROM pairs GROUP BY product_id),
described AS (
    SELECT avg((p.category_id IS NOT NULL)::int) AS category,
           avg((p.brand <> '' OR p.attributes <> '{}')::int) AS attribute, avg((p.text <> '')::int) AS text
    FROM products JOIN loyalty_product p ON p.id = products.product_id
)
SELECT (SELECT count(*) FROM pairs), (SELECT avg(is_repeated::int)::float8 FROM pairs),
       (SELECT count(*) FROM customers), (SELECT count(*) FROM customers WHERE n >= 5),
       (SELECT count(*) FROM products), (SELECT count(*) FROM products WHERE n >= 5),
       category::float8, attribute::float8, text::float8
FROM described
"""
ORDERS = """
SELECT count(*) FILTER (WHERE n >= 2), min(first_at), max(last_at)
FROM (
    SELECT count(*) AS n, min(ordered_at) AS first_at, max(ordered_at) AS last_at FROM loyalty_order
    WHERE ordered_at < %(as_of)s AND customer_id IS NOT NULL AND reverses_id IS NULL GROUP BY customer_id
) orders
"""


def _row(sql: str, values: dict[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def data_counts(*, as_of: datetime) -> DataCounts:
    """Count what was known before `as_of`; campaigns belong to an app above and are found by name."""
    n_pairs, repeated, n_buyers, rich_customers, n_sold, rich_products, *coverage = _row(PAIRS, {"as_of": as_of})
    n_returning, first_at, last_at = _row(ORDERS, {"as_of": as_of})
    browsing = Interaction.objects.filter(type__in=BROWSING, occurred_at__lt=as_of)
    ended = apps.get_model("campaigns", "Campaign")._default_manager.filter(ends_at__lt=as_of)
    redeemed = apps.get_model("campaigns", "Redemption")._default_manager.filter(redeemed_at__lt=as_of)
    return DataCounts(
        n_buyers=n_buyers,
        n_returning=n_returning,
        n_rich_customers=rich_customers,
        n_rich_products=rich_products,
        n_pairs=n_pairs,
        density=n_pairs / (n_buyers * n_sold) if n_pairs else None,
        repeat_share=repeated or 0.0,
        category_coverage=coverage[0] or 0.0,
        attribute_coverage=coverage[1] or 0.0,
        text_coverage=coverage[2] or 0.0,
        n_browsing_customers=browsing.values("customer").distinct().count(),
        n_campaigns_finished=ended.count(),
        n_redemptions=redeemed.count(),
        months_of_history=_months(last_at - first_at) if first_at else 0.0,
    )


def _months(span: timedelta) -> float:
    return span / timedelta(days=DAYS_A_MONTH)
