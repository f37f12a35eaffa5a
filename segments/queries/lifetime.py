"""What is expected of customers, and of one customer day by day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db.models import QuerySet

from loyalty.models import Customer
from loyalty.queries.silence import date_of
from segments.charts.lifetime import CurvePoint, Expectation
from segments.engine.lifetime import LifetimeModel, spend_curve
from segments.models import LifetimeReport, Prediction
from segments.queries.histories import shop_history

CLV = Prediction.Kind.CLV
MONTHS = 12
# Below it the model holds that nobody leaves: all differences are those of how often somebody orders.
NOBODY_LEAVES = 0.01
MODEL_COLUMNS = (
    "customer", "name", "predicted clv", "low", "high", "historic clv", "expected orders", "orders low", "orders high",
    "still a customer", "still low", "still high", "average days between orders", "expected date of next order",
    "next order low", "next order high",
)  # fmt: skip
FIELDS = (
    "customer__external_id", "customer__name", "predicted_clv", "predicted_clv_low", "predicted_clv_high",
    "historic_clv", "expected_orders", "expected_orders_low", "expected_orders_high", "chance_alive",
    "chance_alive_low", "chance_alive_high", "average_days_between_orders", "expected_date_of_next_order",
    "next_order_low", "next_order_high",
)  # fmt: skip
# Sorts of the list: name in the URL, order of the rows, what people read.
SORTS = {
    "most": ("-predicted_clv", "Most expected first"),
    "least": ("predicted_clv", "Least expected first"),
    "sofar": ("-historic_clv", "Most spent so far first"),
    "leaving": ("chance_alive", "Most likely gone first"),
}


def lifetime_report() -> LifetimeReport | None:
    return LifetimeReport.objects.first()


def order_of(sort: str) -> str:
    return SORTS.get(sort, SORTS["most"])[0]


def predictions() -> QuerySet[Prediction]:
    return Prediction.objects.filter(kind=CLV).select_related("customer")


def prediction_cells(sort: str) -> Iterator[tuple[Any, ...]]:
    """What is written out of every customer, in the list's order."""
    return predictions().order_by(order_of(sort), "pk").values_list(*FIELDS).iterator(chunk_size=5000)


@dataclass(frozen=True)
class HeldOutTime:
    """How an earlier expectation of the whole shop did."""

    until: date
    days: int
    orders: Expectation
    spend: Expectation
    by_orders: list[Expectation]
    by_spend: list[Expectation]
    error: float
    naive_error: float


def held_out(report: LifetimeReport) -> HeldOutTime:
    facts = report.facts["hold_out"]
    return HeldOutTime(
        until=date.fromisoformat(facts["until"]),
        days=facts["days"],
        orders=Expectation(**facts["orders"]),
        spend=Expectation(**facts["spend"]),
        by_orders=[Expectation(**one) for one in facts["by_orders"]],
        by_spend=[Expectation(**one) for one in facts["by_spend"]],
        error=facts["error"],
        naive_error=facts["naive_error"],
    )


def warnings_of(report: LifetimeReport) -> list[str]:
    """What somebody should know before believing it; in sentences."""
    model = LifetimeModel.from_facts(report.parameters)
    told = []
    if model.orders.a / (model.orders.a + model.orders.b) < NOBODY_LEAVES:
        told.append(
            "In these orders nearly nobody leaves for good: customers differ in how often they come, so that the "
            "chance to still be a customer says little here. Read the lifecycle for who has gone quiet."
        )
    if model.spend.doubtful:
        told.append(
            "Who orders more often also spends more, or less, an order in this shop, which the expectation takes for "
            f"chance (correlation {model.spend.correlation:.2f}). Take the spend of single customers with care."
        )
    return told


def prediction_of(customer: Customer) -> Prediction | None:
    return Prediction.objects.filter(customer=customer, kind=CLV).first()


def curve_points(customer: Customer, told: Prediction) -> list[CurvePoint]:
    """Expected spend of one customer by the end of each of the next months, up to what is told of the horizon."""
    report = lifetime_report()
    if report is None or not report.parameters:
        return []
    shop = shop_history(as_of=report.as_of, customer_id=customer.pk)
    one = shop.buyers()
    if not len(one):
        return []
    model = LifetimeModel.from_facts(report.parameters)
    months = np.arange(1, MONTHS) * told.horizon_days // MONTHS
    curve = spend_curve(model, one, months, np.random.default_rng(customer.pk))
    today = date_of(shop.as_of_day)
    points = zip(curve.days.tolist(), curve.spend, curve.low, curve.high, strict=True)
    end = today + timedelta(days=told.horizon_days)
    # The last point was drawn when everybody's was: two answers to one question would be one too many.
    return [
        CurvePoint(today, 0.0, 0.0, 0.0),
        *(CurvePoint(today + timedelta(days=days), *map(float, values)) for days, *values in points),
        CurvePoint(end, told.predicted_clv, told.predicted_clv_low, told.predicted_clv_high),
    ]
