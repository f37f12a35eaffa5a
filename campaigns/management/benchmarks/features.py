"""What features cost: of everybody, of one customer, and how the cost grows with the lines."""

import io
import time
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection

from campaigns.management.benchmarks.measuring import Measurement, watched
from campaigns.services.demo import load_complete_journey
from loyalty.engine.features import FeatureFrame
from loyalty.queries.features import customer_features
from loyalty.queries.features.cache import folder
from loyalty.services.progress import QuietProgress

AT = datetime(2018, 1, 2, tzinfo=UTC)
OPENED = datetime(2017, 1, 10, tzinfo=UTC)
N_MOMENTS, N_A_MOMENT = 10, 100
COPIES = (1, 2, 4, 7)
# So far apart that a copy's keys never meet another's.
APART = 100_000_000
COPY_ORDERS = """
INSERT INTO loyalty_customer (id, external_id, name, age_group, gender, income_band, household_type, household_size,
    location, preferred_channel, attributes, created_at, updated_at)
SELECT id + %(by)s, external_id || '-' || %(by)s, name, age_group, gender, income_band, household_type, household_size,
    location, preferred_channel, attributes, created_at, updated_at FROM loyalty_customer WHERE id < %(apart)s;
INSERT INTO loyalty_order (id, external_id, customer_id, ordered_at, channel, store, currency)
SELECT id + %(by)s, external_id || '-' || %(by)s, customer_id + %(by)s, ordered_at, channel, store, currency
FROM loyalty_order WHERE id < %(apart)s;
INSERT INTO loyalty_orderline (id, order_id, line_number, product_id, quantity, amount, discount, coupon_discount)
SELECT id + %(by)s, order_id + %(by)s, line_number, product_id, quantity, amount, discount, coupon_discount
FROM loyalty_orderline WHERE id < %(apart)s
"""


def features_as_of() -> list[Measurement]:
    """All features of all customers as of a day, beside writing the bare lines out; then one customer at a time."""
    load_complete_journey(at=AT, report=QuietProgress())
    _analyse()
    return [_everybody("features_as_of"), *_online()]


def features_growth() -> list[Measurement]:
    """The same with the customers and their orders copied, up to ten million lines."""
    load_complete_journey(at=AT, report=QuietProgress())
    found, n = [], 1
    for copies in COPIES:
        while n < copies:
            _copy(n * APART)
            n += 1
        _analyse()
        found.append(_everybody(f"features_as_of_x{copies}"))
    return found


def _everybody(name: str) -> Measurement:
    for path in folder().glob("*.arrow"):
        path.unlink()
    limit, n_lines = _bare_copy()
    with watched() as watch:
        frame = customer_features(as_of=AT)
    rate = n_lines / watch.seconds
    told = f"{len(frame):,} customers x {len(frame.names)} in {watch.seconds:.1f} s; bare COPY of {n_lines:,} lines"
    return Measurement(name, round(rate), "lines/s", f"{told}: {limit:,.0f}/s", round(rate / limit, 3), watch.peak_mb)


def _bare_copy() -> tuple[float, int]:
    """Lines a second when they are only written out, with their customer and moment, and how many there are."""
    sql = """
        SELECT o.customer_id, o.ordered_at, l.product_id, l.quantity, l.amount, l.discount, l.coupon_discount
        FROM loyalty_orderline l JOIN loyalty_order o ON o.id = l.order_id
    """
    with connection.cursor() as cursor, watched() as bare:
        cursor.copy_expert(f"COPY ({sql}) TO STDOUT (FORMAT csv)", io.BytesIO())
        n_lines: int = cursor.rowcount
    return n_lines / bare.seconds, n_lines


def _online() -> list[Measurement]:
    """Customers at random moments, each asked for alone, beside the vector they have among everybody."""
    rng = np.random.default_rng(7)
    seconds, n_same = [], 0
    with watched() as watch:
        for _ in range(N_MOMENTS):
            as_of = OPENED + timedelta(seconds=int(rng.integers(int((AT - OPENED).total_seconds()))))
            everybody = customer_features(as_of=as_of)
            for customer_id in rng.choice(everybody.customer_ids, N_A_MOMENT, replace=False):
                began = time.perf_counter()
                alone = customer_features(as_of=as_of, names=everybody.names, customer_ids=[int(customer_id)])
                seconds.append(time.perf_counter() - began)
                n_same += _bits(alone, int(customer_id)) == _bits(everybody, int(customer_id))
    n = len(seconds)
    typical = float(np.median(seconds))
    told = f"{n_same:,} of {n:,} vectors the same to the bit as among everybody, at {N_MOMENTS} moments"
    return [Measurement("features_of_one", round(1 / typical, 1), "a second", told, n_same / n, watch.peak_mb)]


def _bits(frame: FeatureFrame, customer_id: int) -> list[bytes]:
    return [np.array(value).tobytes() for value in frame.row(customer_id).values()]


def _copy(by: int) -> None:
    """Without checking what is the same as what was checked; the session alone is told to skip it."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(COPY_ORDERS, {"by": by, "apart": APART})
        cursor.execute("SET session_replication_role = origin")


def _analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
