"""Two segments side by side: habits out of the feature store, and what they buy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from loyalty.queries import features as store
from loyalty.queries.frames import copy_frame
from loyalty.queries.sales import sales_version
from segments.engine.comparison import Lift, MeanDifference, lifts, mean_differences
from segments.models import Segment, SegmentMembership

Ids = NDArray[np.int64]
# So many customers of each are enough for the intervals, and are read while somebody waits.
MOST_READ = 500
A_YEAR = timedelta(days=365)
# The names of features, what people read and what it is counted in.
HABITS = (
    ("spend_365", "Spend in a year", "money"),
    ("orders_365", "Orders in a year", "orders"),
    ("basket_value_365", "Spend per order", "money"),
    ("recency_days", "Days since the last order", "days"),
    ("gap_mean_days_all", "Days between orders", "days"),
    ("discount_share_365", "Discount as a share of the full price", "share"),
)
MEMBERS = """
SELECT customer_id FROM segments_segmentmembership m
WHERE segment_id = %(segment)s AND valid_until IS NULL AND NOT EXISTS (
    SELECT FROM segments_segmentmembership o
    WHERE o.segment_id = %(other)s AND o.customer_id = m.customer_id AND o.valid_until IS NULL
) ORDER BY hashint8(customer_id), customer_id LIMIT %(most)s
"""
DEPARTMENTS = """
WITH sides AS MATERIALIZED (
    SELECT unnest(%(one)s::bigint[]) AS customer_id, true AS is_one
    UNION ALL SELECT unnest(%(other)s::bigint[]), false
), bought AS (
    SELECT DISTINCT sides.customer_id, sides.is_one, p.category_id
    FROM sides JOIN loyalty_order o ON o.customer_id = sides.customer_id
        JOIN loyalty_orderline l ON l.order_id = o.id JOIN loyalty_product p ON p.id = l.product_id
    WHERE o.ordered_at >= %(since)s AND o.ordered_at < %(as_of)s AND l.quantity > 0
)
SELECT coalesce(nullif(split_part(c.path, ' > ', 1), ''), 'Without a category') AS department,
    count(DISTINCT bought.customer_id) FILTER (WHERE is_one) AS n_one,
    count(DISTINCT bought.customer_id) FILTER (WHERE NOT is_one) AS n_other
FROM bought LEFT JOIN loyalty_category c ON c.id = bought.category_id
GROUP BY 1 ORDER BY count(DISTINCT bought.customer_id) DESC, 1 LIMIT 20
"""


@dataclass(frozen=True)
class Side:
    """One of the two: how many customers are only in it, and how many of them were read."""

    segment: Segment
    n_customers: int
    n_read: int


@dataclass(frozen=True)
class Habit:
    """One habit of both, and the difference."""

    label: str
    unit: str
    found: MeanDifference


@dataclass(frozen=True)
class Department:
    """How much more common buying in a department is."""

    name: str
    found: Lift


@dataclass(frozen=True)
class Comparison:
    """Customers in both segments are left out: they would be compared with themselves."""

    one: Side
    other: Side
    n_both: int
    currency: str
    as_of: datetime
    habits: Sequence[Habit]
    departments: Sequence[Department]


def comparable_segments() -> QuerySet[Segment]:
    return Segment.objects.exclude(segmentation__is_current=False).order_by("kind", "number", "name")


def comparison_of(one: Segment, other: Segment, *, as_of: datetime) -> Comparison:
    only_one, only_other = _members(one, other), _members(other, one)
    in_other = SegmentMembership.objects.filter(segment=other, valid_until=None).values("customer")
    n_both = SegmentMembership.objects.filter(segment=one, valid_until=None, customer__in=in_other).count()
    has_both = bool(len(only_one) and len(only_other))
    return Comparison(
        one=Side(one, _n_open(one) - n_both, len(only_one)),
        other=Side(other, _n_open(other) - n_both, len(only_other)),
        n_both=n_both,
        currency=sales_version().currency,
        as_of=as_of,
        habits=_habits(only_one, only_other, as_of) if has_both else (),
        departments=_departments(only_one, only_other, as_of) if has_both else (),
    )


def _n_open(segment: Segment) -> int:
    return SegmentMembership.objects.filter(segment=segment, valid_until=None).count()


def _members(segment: Segment, other: Segment) -> Ids:
    """Keys of customers who are only in the first, evenly picked where there are very many; the same every time."""
    found = copy_frame(MEMBERS, {"segment": segment.pk, "other": other.pk, "most": MOST_READ})
    ids: Ids = found["customer_id"].to_numpy().astype(np.int64)
    return np.sort(ids)


def _habits(one: Ids, other: Ids, as_of: datetime) -> list[Habit]:
    names = [name for name, _, _ in HABITS]
    frame = store.customer_features(as_of=as_of, names=names, customer_ids=np.union1d(one, other).tolist())
    columns = [frame.numbers(name) for name in names]
    sides = [[column[np.isin(frame.customer_ids, ids)] for column in columns] for ids in (one, other)]
    found = mean_differences(sides[0], sides[1])
    return [Habit(label, unit, told) for (_, label, unit), told in zip(HABITS, found, strict=True)]


def _departments(one: Ids, other: Ids, as_of: datetime) -> list[Department]:
    sides = {"one": one.tolist(), "other": other.tolist()}
    frame = copy_frame(DEPARTMENTS, {**sides, "since": as_of - A_YEAR, "as_of": as_of})
    counts = (frame["n_one"].to_numpy().astype(np.float64), frame["n_other"].to_numpy().astype(np.float64))
    found = lifts(counts[0], len(one), counts[1], len(other))
    told = [Department(name, lift) for name, lift in zip(frame["department"].to_pylist(), found, strict=True)]
    return sorted(told, key=lambda one: -one.found.lift)
