"""What it takes to read how a million customers come and go: RFM, lifecycle, lifetime, from their orders to the rows.

Everybody orders at a pace of their own and leaves on a day of their own, some five orders each within a year.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import connection

from campaigns.management.benchmarks.measuring import Measurement, watched
from campaigns.management.benchmarks.rules import BARE, INDEXED
from loyalty.services.progress import QuietProgress
from loyalty.services.sales import add_up_sales
from segments.engine.lifecycle import LifecycleSpec
from segments.engine.rfm import RfmSpec
from segments.models import Prediction, SegmentMembership
from segments.services.groups import read_lifecycle, read_rfm
from segments.services.lifetime import read_lifetime

N_CUSTOMERS = 1_000_000
AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
SHOP = f"""
INSERT INTO loyalty_product (sku, name, brand, price, currency, quantity_unit, text, attributes, is_catalogued)
VALUES ('S', 'Product', 'Own', 2.5, 'USD', 'each', '', '{{}}', true);
SET session_replication_role = replica;
INSERT INTO loyalty_customer (external_id, name, age_group, gender, income_band, household_type, household_size,
    location, preferred_channel, attributes)
SELECT 'C' || n, '', '', '', '', '', '', '', '', '{{}}' FROM generate_series(1, {N_CUSTOMERS}) n;
INSERT INTO loyalty_order (external_id, customer_id, ordered_at, channel, store, currency)
SELECT 'O' || lives.id || '-' || day, lives.id, '2023-07-01'::timestamptz + least(day, 364) * interval '1 day',
    'web', '', 'USD'
FROM (
    SELECT id, abs(hashint8(id)::bigint) % 330 AS began, 10 + abs(hashint8(id + 1)::bigint) % 60 AS gap,
        abs(hashint8(id + 2)::bigint) % 500 AS stayed
    FROM loyalty_customer
) lives, generate_series(began, least(began + stayed, 364), gap) day;
INSERT INTO loyalty_orderline (order_id, line_number, product_id, quantity, amount)
SELECT o.id, 1, p.id, 1, 2 + abs(hashint8(o.customer_id)::bigint) % 30 + o.id % 9
FROM loyalty_order o, loyalty_product p;
SET session_replication_role = origin;
"""  # noqa: S608 - our own numbers
LEAST = """
SELECT count(*) FROM (SELECT customer_id, sum(amount) FROM loyalty_order o JOIN loyalty_orderline l ON l.order_id = o.id
GROUP BY customer_id) sums
"""


def groups_million() -> list[Measurement]:
    """Each reading as a worker does it, rows written; beside it the sum of everybody's orders in the database."""
    with connection.cursor() as cursor:
        for statement in (BARE, SHOP, INDEXED, "ANALYZE"):
            cursor.execute(statement)
    add_up_sales()
    least = _least()
    when = {"as_of": AS_OF, "at": AS_OF, "report": QuietProgress()}
    readings: dict[str, Callable[[], object]] = {
        "rfm_million": lambda: read_rfm(spec=RfmSpec(), **when),  # type: ignore[arg-type]
        "lifecycle_million": lambda: read_lifecycle(spec=LifecycleSpec(), **when),  # type: ignore[arg-type]
        "lifetime_million": lambda: read_lifetime(**when),  # type: ignore[arg-type]
    }
    return [_measured(name, read, least) for name, read in readings.items()]


def _measured(name: str, read: Callable[[], object], least: float) -> Measurement:
    with watched() as watch:
        read()
    written = f"{SegmentMembership.objects.count():,} memberships, {Prediction.objects.count():,} predictions so far"
    told = f"spend by customer, summed in the database: {least:.1f} s; {written}"
    ratio = round(watch.seconds / least, 3)
    return Measurement(name, round(watch.seconds, 1), "s", told, ratio, watch.peak_mb, watch.own_mb)


def _least() -> float:
    with connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute(LEAST)
        return time.perf_counter() - began
