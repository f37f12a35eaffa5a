"""Where one customer stands: RFM group and scores, place in the lifecycle and its limits, what is expected."""

from dataclasses import dataclass

import numpy as np

from loyalty.models import Customer
from segments.engine.rfm import scored
from segments.engine.rhythm import expected_gaps
from segments.engine.states import rule_of_facts
from segments.models import GroupReport, Prediction, Segment, SegmentMembership
from segments.queries.groups import SilenceLimits, group_report, silence_limits
from segments.queries.histories import ShopHistory, shop_history
from segments.queries.lifetime import prediction_of


@dataclass(frozen=True)
class RfmStanding:
    """Scores for the last order, the number of orders and spend, each out of how many."""

    segment: Segment
    scores: list[tuple[str, int, int]]


@dataclass(frozen=True)
class LifecycleStanding:
    """Days without an order so far, and those from which this customer is at risk and inactive."""

    segment: Segment
    silent_days: int | None
    limits: SilenceLimits | None


@dataclass(frozen=True)
class CustomerStanding:
    """All that is known; what was not read, or not of this customer, is None."""

    rfm: RfmStanding | None
    lifecycle: LifecycleStanding | None
    prediction: Prediction | None

    def __bool__(self) -> bool:
        return bool(self.rfm or self.lifecycle or self.prediction)


def customer_standing(customer: Customer) -> CustomerStanding:
    inside = SegmentMembership.objects.filter(
        customer=customer, valid_until=None, segment__kind__in=GroupReport.Kind.values
    ).select_related("segment")
    segments = {one.segment.kind: one.segment for one in inside}
    return CustomerStanding(
        _rfm(customer, segments.get(GroupReport.Kind.RFM)),
        _lifecycle(customer, segments.get(GroupReport.Kind.LIFECYCLE)),
        prediction_of(customer),
    )


def _read(customer: Customer, kind: str) -> tuple[GroupReport, ShopHistory] | None:
    """The newest reading and the customer's history as it was read."""
    told = group_report(kind)
    if told is None or told.refusal:
        return None
    shop = shop_history(as_of=told.as_of, customer_id=customer.pk)
    return told, shop


def _rfm(customer: Customer, segment: Segment | None) -> RfmStanding | None:
    read = _read(customer, GroupReport.Kind.RFM)
    if segment is None or read is None:
        return None
    told, shop = read
    now = shop.histories.standing(shop.as_of_day)
    if not now.has_ordered.any():
        return None
    bounds = [np.array([np.inf if value is None else value for value in bound]) for bound in told.facts["bounds"]]
    values = (-now.recency_days.astype(np.float64), now.orders.astype(np.float64), now.spend)
    names = ("Last order", "Orders", "Spend")
    scores = [int(scored(value, bound)[0]) for value, bound in zip(values, bounds, strict=True)]
    return RfmStanding(segment, [(n, s, len(b)) for n, s, b in zip(names, scores, bounds, strict=True)])


def _lifecycle(customer: Customer, segment: Segment | None) -> LifecycleStanding | None:
    read = _read(customer, GroupReport.Kind.LIFECYCLE)
    if segment is None or read is None:
        return None
    told, shop = read
    visits = shop.histories.visits()
    if not len(visits):
        return LifecycleStanding(segment, None, None)
    rule = rule_of_facts(told.facts["rule"])
    mean, sd, count = expected_gaps(visits, rule.rhythm)
    limits = silence_limits(rule, mean[-1:], sd[-1:], count[-1:])[0]
    return LifecycleStanding(segment, shop.as_of_day - int(visits.day[-1]), limits)
