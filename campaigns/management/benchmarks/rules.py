"""How long a marketer waits for the number of customers that fit a rule, and how long it takes to write them down.

A million customers, five orders each, two lines an order. Beside it the least that could be asked of the same tables.
"""

import time
from datetime import UTC, datetime

from django.db import connection

from campaigns.management.benchmarks.measuring import Measurement, watched
from loyalty.services.progress import QuietProgress
from loyalty.services.sales import add_up_sales
from segments.engine.rules.tree import Allows, Comparison, Events, Every, Not, Span, Value
from segments.engine.rules.writing import written
from segments.queries.rules.compiling import Moment
from segments.queries.rules.counting import count_members
from segments.services.refreshing import refresh_segments
from segments.services.rules import RulePlan, create_segment

N_CUSTOMERS, N_PRODUCTS, N_CATEGORIES = 1_000_000, 5_000, 50
AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
TIMES_COUNTED = 5
SHOP = f"""
INSERT INTO loyalty_category (path, name) SELECT 'Shelf ' || n, 'Shelf ' || n FROM generate_series(1, {N_CATEGORIES}) n;
INSERT INTO loyalty_product (sku, name, category_id, brand, price, currency, quantity_unit, text, attributes,
    is_catalogued)
SELECT 'S' || n, 'Product ' || n, c.id, 'Own', 2.5, 'USD', 'each', '', '{{}}', true
FROM generate_series(1, {N_PRODUCTS}) n JOIN loyalty_category c ON c.path = 'Shelf ' || (n % {N_CATEGORIES} + 1);
SET session_replication_role = replica;
INSERT INTO loyalty_customer (external_id, name, age_group, gender, income_band, household_type, household_size,
    location, preferred_channel, attributes)
SELECT 'C' || n, '', '', '', '', '', '', '', CASE n % 3 WHEN 0 THEN 'mail' ELSE 'email' END, '{{}}'
FROM generate_series(1, {N_CUSTOMERS}) n;
INSERT INTO loyalty_order (external_id, customer_id, ordered_at, channel, store, currency)
SELECT 'O' || c.id || '-' || n, c.id,
    '2024-06-30'::timestamptz - ((c.id * 7919 + n * 104729) % 365) * interval '1 day', 'web', '', 'USD'
FROM loyalty_customer c CROSS JOIN generate_series(1, 5) n;
INSERT INTO loyalty_orderline (order_id, line_number, product_id, quantity, amount)
SELECT o.id, n, p.first + (o.id * 7919 + n * 104729) % {N_PRODUCTS}, 1, 2 + (o.id + n) % 20
FROM loyalty_order o CROSS JOIN generate_series(1::bigint, 2) n, (SELECT min(id) AS first FROM loyalty_product) p;
INSERT INTO loyalty_consent (customer_id, purpose, channel, state, source, at)
SELECT id, 'marketing', 'email', CASE WHEN id % 10 = 0 THEN 'denied' ELSE 'granted' END, 'form', '2024-01-01'
FROM loyalty_customer;
SET session_replication_role = origin;
"""  # noqa: S608 - our own numbers
# Bought on these shelves of late, spent enough, may be written to, likes e-mail, and does not buy everything there is.
FIVE = Every(
    (
        Events(
            "bought", (("category", ("Shelf 1", "Shelf 2", "Shelf 3")),), Span((180, 0)),
            (("times", Comparison("at_least", (1,))), ("spend", Comparison("at_least", (5,)))),
        ),
        Value("feature", "spend_365", Comparison("at_least", (60,))),
        Allows("marketing", "email"),
        Value("feature", "preferred_channel", Comparison("is", ("email",))),
        Not(Events("bought", (("category", ("Shelf 9",)),), Span((90, 0)))),
    )
)  # fmt: skip
# Built once at the end they take a third of the time that keeping them for every row does.
BARE = """
CREATE TEMP TABLE put_aside AS
SELECT indexrelid::regclass AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index
WHERE indrelid IN ('loyalty_order'::regclass, 'loyalty_orderline'::regclass, 'loyalty_customer'::regclass,
    'loyalty_consent'::regclass) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid);
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT * FROM put_aside LOOP EXECUTE format('DROP INDEX %s', one.name); END LOOP;
END $$;
"""
INDEXED = """
DO $$ DECLARE one record; BEGIN
    SET LOCAL maintenance_work_mem = '256MB';
    FOR one IN SELECT * FROM put_aside LOOP EXECUTE one.made; END LOOP;
END $$;
"""
LEAST = "SELECT count(DISTINCT customer_id) FROM loyalty_order WHERE ordered_at < %s"


def rules_of_segments() -> list[Measurement]:
    """A rule of five conditions counted, as the builder does at every change, and its members written down."""
    with connection.cursor() as cursor:
        cursor.execute(BARE)
        cursor.execute(SHOP)
        cursor.execute(INDEXED)
        cursor.execute("ANALYZE")
    add_up_sales()
    least = _least()
    moment = Moment(AS_OF, AS_OF)
    taken = []
    with watched() as counting:
        for _ in range(TIMES_COUNTED):
            began = time.perf_counter()
            found = count_members(FIVE, moment)
            taken.append(1000 * (time.perf_counter() - began))
    create_segment(plan=RulePlan("Bench", written(FIVE)), by=None, at=AS_OF)
    with watched() as writing:
        refresh_segments(segment_ids=None, is_full=True, at=AS_OF, report=QuietProgress())
    kind = "exact" if found.is_exact else f"{found.low:,} to {found.high:,}, {found.n_looked_at:,} looked at"
    told = f"customers with an order, counted: {1000 * least:,.0f} ms; told {found.n:,} ({kind})"
    slowest = round(max(taken), 1)
    return [
        Measurement("rule_count_ms", slowest, "ms", told, round(slowest / (1000 * least), 3), counting.peak_mb),
        Measurement(
            "rule_materialise", round(writing.seconds, 2), "s", told, round(writing.seconds / least, 3),
            writing.peak_mb, writing.own_mb,
        ),
    ]  # fmt: skip


def _least() -> float:
    with connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute(LEAST, [AS_OF])
        return time.perf_counter() - began
