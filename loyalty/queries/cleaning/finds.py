"""Findings that the database makes itself: SELECTs of (record_id, value, limit, other_id, reason)."""

from loyalty.queries.merges import LIKELY

REPEATED_LINES = """
SELECT id, NULL::float8, NULL::float8, first_id,
       'The same product, quantity and amount as line ' || first_number || ' of this order.'
FROM (
    SELECT l.id, row_number() OVER alike AS place, first_value(l.id) OVER alike AS first_id,
           first_value(l.line_number) OVER alike AS first_number
    FROM loyalty_orderline l JOIN loyalty_order o ON o.id = l.order_id
    WHERE o.ordered_at < %(as_of)s
    WINDOW alike AS (
        PARTITION BY l.order_id, l.product_id, l.quantity, l.amount, l.discount, l.coupon_discount
        ORDER BY l.line_number
    )
) lines WHERE place > 1
"""
# One product twice within a day is a habit; three or more products, each in the same number and for the same money, or
# anything at the very same minute, is one order that came in by two ways.
REPEATED_ORDERS = """
SELECT id, NULL::float8, NULL::float8, other_id, 'The same customer, products, quantities and amounts as order ' ||
       other_key || CASE WHEN ordered_at - other_at < interval '1 minute' THEN ', at the same moment.'
       WHEN ordered_at - other_at < interval '1 hour' THEN ', within the hour.'
       ELSE ', ' || round(extract(epoch FROM ordered_at - other_at) / 3600) || ' hours before.' END
FROM (
    SELECT id, ordered_at, n_lines, lag(id) OVER alike AS other_id, lag(external_id) OVER alike AS other_key,
           lag(ordered_at) OVER alike AS other_at
    FROM (
        SELECT o.id, o.external_id, o.customer_id, o.ordered_at, count(*) AS n_lines,
               sum(hashtextextended(l.product_id || ':' || l.quantity || ':' || l.amount, 0)) AS content
        FROM loyalty_order o JOIN loyalty_orderline l ON l.order_id = o.id
        WHERE o.ordered_at < %(as_of)s AND o.customer_id IS NOT NULL AND o.reverses_id IS NULL AND l.quantity > 0
        GROUP BY o.id
    ) contents
    WINDOW alike AS (PARTITION BY customer_id, content, n_lines ORDER BY ordered_at, id)
) orders
WHERE ordered_at - other_at < interval '1 minute' OR n_lines >= 3 AND ordered_at - other_at <= interval '24 hours'
"""
# Who may be one person twice is defined once, where customers are merged.
REPEATED_CUSTOMERS = f"""
SELECT DISTINCT ON (likely.gone_id) likely.gone_id, NULL::float8, NULL::float8, likely.kept_id,
       CASE WHEN array_to_string(likely.marks, ',') LIKE '%%mark=%%' THEN 'The same address, number or card'
       ELSE 'The same name and place' END || ' as customer ' || c.external_id || '.'
FROM ({LIKELY}) likely (kept_id, gone_id, marks) JOIN loyalty_customer c ON c.id = likely.kept_id
ORDER BY likely.gone_id, likely.kept_id
"""  # noqa: S608 - put together from our own words
# Days that programs write when they have no date: the first ones of Excel, of Unix, of the calendar.
DEFAULT_DAYS = "'1899-12-30', '1899-12-31', '1900-01-01', '1904-01-01', '1970-01-01'"
ODD_DATES = f"""
SELECT id, NULL::float8, NULL::float8, NULL::bigint, reason FROM (
    SELECT o.id, CASE
        WHEN o.ordered_at > %(at)s + interval '1 day' THEN 'Ordered in the future.'
        WHEN (o.ordered_at AT TIME ZONE %(zone)s)::date IN ({DEFAULT_DAYS}) OR o.ordered_at AT TIME ZONE 'UTC'
             IN ({DEFAULT_DAYS}) THEN 'A date that programs write when they have none.'
        WHEN o.ordered_at < %(began_at)s THEN 'Long before the other orders begin.'
        WHEN o.ordered_at < c.joined_on - interval '30 days' THEN 'More than a month before the customer joined.'
        END AS reason
    FROM loyalty_order o LEFT JOIN loyalty_customer c ON c.id = o.customer_id
) orders WHERE reason IS NOT NULL
"""  # noqa: S608 - put together from our own words
ODD_BIRTHS = f"""
SELECT id, NULL::float8, NULL::float8, NULL::bigint, reason FROM (
    SELECT c.id, CASE
        WHEN c.joined_on > %(at)s::date + 1 THEN 'Joined in the future.'
        WHEN c.joined_on IN ({DEFAULT_DAYS}) THEN 'Joined on a date that programs write when they have none.'
        END AS reason
    FROM loyalty_customer c
) customers WHERE reason IS NOT NULL
"""  # noqa: S608 - put together from our own words
ODD_MOMENTS = """
SELECT id, NULL::float8, NULL::float8, NULL::bigint, 'Happened in the future.'
FROM loyalty_interaction WHERE occurred_at > %(at)s + interval '1 day'
"""
ORDER_DAYS = """
SELECT (ordered_at AT TIME ZONE 'UTC')::date - DATE '1970-01-01' AS day, count(*) AS n FROM loyalty_order
WHERE ordered_at < %(as_of)s GROUP BY 1 ORDER BY 1
"""
# The median over a customer's orders; postage and litres are no pieces.
CUSTOMER_ORDERS = """
SELECT customer_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY units) AS units,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY spend) AS spend
FROM (
    SELECT o.customer_id, o.id, sum(l.quantity)::float8 AS units, sum(l.amount)::float8 AS spend
    FROM loyalty_order o JOIN loyalty_orderline l ON l.order_id = o.id
    WHERE o.ordered_at < %(as_of)s AND o.customer_id IS NOT NULL AND l.quantity > 0 AND l.amount > 0
      AND NOT l.product_id = ANY(%(not_pieces)s)
    GROUP BY o.id
) orders GROUP BY customer_id ORDER BY customer_id
"""
