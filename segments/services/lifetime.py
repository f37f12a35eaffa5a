"""Expect every customer's orders and spend, and write down how well that went on a time held out."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from math import isnan
from typing import Any

import numpy as np

from loyalty.queries.silence import date_of
from loyalty.services.copying import copy_rows
from loyalty.services.progress import Progress
from segments.engine.lifetime import Buyers, LifetimeModel, Outlook, outlooks
from segments.engine.lifetime_tried import find_lifetime
from segments.engine.orders_to_come import TooLittleToFit
from segments.models import LifetimeReport, Prediction
from segments.queries.histories import ShopHistory, shop_history

HORIZON_DAYS = 365
STEPS = 3
SEED = 0
CLV = Prediction.Kind.CLV
# Later than this no next order is awaited.
LATEST_DAYS = 3650
NOTHING = r"\N"
COLUMNS = (
    "customer_id", "kind", "as_of", "horizon_days", "currency", "predicted_clv", "predicted_clv_low",
    "predicted_clv_high", "historic_clv", "expected_orders", "expected_orders_low", "expected_orders_high",
    "chance_alive", "chance_alive_low", "chance_alive_high", "average_days_between_orders",
    "expected_date_of_next_order", "next_order_low", "next_order_high", "made_at",
)  # fmt: skip


def read_lifetime(
    *, as_of: datetime, at: datetime, report: Progress, horizon_days: int = HORIZON_DAYS
) -> LifetimeReport:
    """Fit on all orders before `as_of` and expect what comes within the horizon. The same job writes once."""
    done = LifetimeReport.objects.filter(job_id=report.job_id).first() if report.job_id else None
    if done is not None:
        return done
    report(0, STEPS, "Reading orders")
    shop = shop_history(as_of=as_of)
    told = LifetimeReport(
        as_of=as_of, horizon_days=horizon_days, currency=shop.currency, job_id=report.job_id, made_at=at
    )
    report(1, STEPS, "Trying earlier expectations on what then came")
    rng = np.random.default_rng(SEED)
    try:
        found = find_lifetime(shop.histories, as_of_day=shop.as_of_day, horizon_days=horizon_days, rng=rng)
    except TooLittleToFit as problem:
        return _refused(told, str(problem), report)
    told.parameters = found.model.as_facts()
    told.facts = {"hold_out": {**asdict(found.hold_out), "until": date_of(found.hold_out.until_day).isoformat()}}
    report(2, STEPS, "Expecting orders and spend")
    return _write(told, found.model, shop, report)


def _refused(told: LifetimeReport, why: str, report: Progress) -> LifetimeReport:
    """What was expected before goes: it would look like a fact about today."""
    told.refusal = why
    with report.writing():
        LifetimeReport.objects.all().delete()
        Prediction.objects.filter(kind=CLV).delete()
        told.save()
    return told


def _write(told: LifetimeReport, model: LifetimeModel, shop: ShopHistory, report: Progress) -> LifetimeReport:
    known = shop.buyers()
    totals = []
    with report.writing():
        LifetimeReport.objects.all().delete()
        Prediction.objects.filter(kind=CLV).delete()
        for some, outlook, total in outlooks(model, known, told.horizon_days, np.random.default_rng(SEED)):
            copy_rows("segments_prediction", COLUMNS, _rows(told, model, shop, some, outlook))
            totals.append((total, float(outlook.spend.sum()), float(outlook.orders.sum())))
        told.n_customers = len(known)
        spend, orders = (np.sum([getattr(one, name) for one, *_ in totals], axis=0) for name in ("spend", "orders"))
        told.facts |= {
            "spend": _range(sum(one for _, one, _ in totals), spend),
            "orders": _range(sum(one for *_, one in totals), orders),
        }
        told.save()
    report.note(f"Orders and spend of {len(known):,} customers within {told.horizon_days} days.")
    return told


def _range(expected: float, drawn: Any) -> dict[str, float]:
    low, high = np.percentile(drawn, [5, 95])
    return {"expected": expected, "low": float(low), "high": float(high)}


def _rows(
    told: LifetimeReport, model: LifetimeModel, shop: ShopHistory, known: Buyers, outlook: Outlook
) -> Iterator[tuple[Any, ...]]:
    visits = known.visits
    gaps = np.where(visits.repeats > 0, visits.recency / np.maximum(visits.repeats, 1), np.nan)
    columns = (
        shop.customer_ids[known.rows], outlook.spend, outlook.spend_low, outlook.spend_high, known.spend,
        outlook.orders, outlook.orders_low, outlook.orders_high, outlook.alive, outlook.alive_low, outlook.alive_high,
        gaps, *(model.days_until(known, chance) for chance in (0.5, 0.05, 0.95)),
    )  # fmt: skip
    head = (CLV.value, told.as_of.isoformat(), told.horizon_days, told.currency)
    for customer, *numbers, gap, middle, low, high in zip(*(column.tolist() for column in columns), strict=True):
        dates = (_date(shop.as_of_day, days) for days in (middle, low, high))
        yield customer, *head, *numbers, NOTHING if isnan(gap) else gap, *dates, told.made_at.isoformat()


def _date(as_of_day: int, days: float) -> str:
    # The first day that has not been seen can be the day of the next order.
    return date_of(as_of_day + int(days)).isoformat() if days < LATEST_DAYS else NOTHING
