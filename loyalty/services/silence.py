"""Find out who fell silent, and after which products; a new report takes the place of the one before."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from django.conf import settings
from django.db.models import Model

from loyalty.engine.rhythm import Floats, Ints
from loyalty.engine.silence import DEFAULT_SILENCE_RULE, Silence, SilenceRule, find_silence, still_silent
from loyalty.engine.spending import Spending, monthly_spending
from loyalty.models import ProductSilence, SilenceReport, SilentBuyer, SilentCustomer
from loyalty.queries.sales import sales_version
from loyalty.queries.silence import date_of, day_of, newest_report, purchase_days, spend_days
from loyalty.services.progress import Progress

# Raised when the same purchases make another report.
VERSION = 1
STEPS = 4
ROWS_AT_ONCE = 2000


def definition_of(rule: SilenceRule) -> str:
    rhythm = rule.rhythm
    return (
        f"{VERSION}, {rhythm.fewest_visits} visits, {rhythm.shortest_silence} d, {rhythm.tail:g}; "
        f"{rule.fewest_buyers} buyers, {rule.false_discovery_rate:g}"
    )


def look_for_silence(
    *, as_of: datetime, at: datetime, report: Progress, rule: SilenceRule = DEFAULT_SILENCE_RULE
) -> SilenceReport:
    """Read every purchase before `as_of`, judge, and write the report down in one transaction."""
    report(0, STEPS, "Reading purchases")
    bought = purchase_days(as_of)
    report(1, STEPS, "Learning everybody's rhythm")
    columns = (bought[name].to_numpy().astype(np.int64) for name in ("customer_id", "product_id", "day"))
    found = find_silence(*columns, as_of_day=day_of(as_of), rule=rule)
    report(2, STEPS, "Adding up what is at stake")
    currency = sales_version().currency or settings.DEFAULT_CURRENCY
    rows = still_silent(found.visits)
    spent = spend_days(found.visits.customer[rows].tolist(), as_of=as_of, currency=currency)
    report(3, STEPS, "Writing the report")
    with report.writing():
        return _write(_report(found, rule, currency, as_of, at, report.job_id), found, _spending_of(spent))


def _report(
    found: Silence, rule: SilenceRule, currency: str, as_of: datetime, at: datetime, job_id: int | None
) -> SilenceReport:
    visits = found.visits
    return SilenceReport(
        as_of=as_of,
        definition=definition_of(rule),
        n_regular_customers=len(np.unique(visits.customer[visits.is_regular])),
        n_visits=int(visits.is_observed.sum()),
        n_silences=int(visits.is_silent.sum()),
        n_came_back=int((visits.is_silent & ~visits.is_last).sum()),
        n_products=len(found.scores.product),
        false_discovery_rate=rule.false_discovery_rate,
        currency=currency,
        job_id=job_id,
        made_at=at,
    )


def _spending_of(spent: pa.Table) -> dict[int, Spending]:
    """Each customer's months, by the customer's key."""
    customer = spent["customer_id"].to_numpy()
    order = np.argsort(customer, kind="stable")
    names, begins = np.unique(customer[order], return_index=True)
    parts = np.split(order, begins[1:]) if len(names) else []
    day, amount = spent["day"].to_numpy().astype(np.int64), spent["amount"].to_numpy()
    return {int(name): monthly_spending(day[part], amount[part]) for name, part in zip(names, parts, strict=True)}


def _write(told: SilenceReport, found: Silence, spending: dict[int, Spending]) -> SilenceReport:
    before = newest_report()
    put_aside_products, put_aside_customers = _put_aside(before)
    told.save()
    _add(ProductSilence, _products(told, found, put_aside_products))
    _add(SilentBuyer, _buyers(told, found))
    _add(SilentCustomer, _customers(told, found, spending, put_aside_customers))
    SilenceReport.objects.exclude(pk=told.pk).delete()
    return told


def _add(model: type[Model], rows: Iterator[Any]) -> None:
    model._default_manager.bulk_create(rows, batch_size=ROWS_AT_ONCE)


def _put_aside(before: SilenceReport | None) -> tuple[dict[Any, datetime | None], dict[Any, datetime | None]]:
    """What somebody has put aside stays aside until there is something new to say of it."""
    products = ProductSilence.objects.filter(report=before).exclude(dismissed_at=None)
    customers = SilentCustomer.objects.filter(report=before).exclude(dismissed_at=None)
    return (
        {(one.product_id, one.observed): one.dismissed_at for one in products},
        {(one.customer_id, one.last_seen_on): one.dismissed_at for one in customers},
    )


def _products(told: SilenceReport, found: Silence, put_aside: dict[Any, datetime | None]) -> Iterator[ProductSilence]:
    scores = found.scores
    columns = (
        scores.product, scores.n_buyers, scores.observed.astype(np.int64), scores.expected, scores.ratio.mean,
        scores.ratio.low, scores.ratio.high, scores.p, scores.q, scores.is_flagged,
    )  # fmt: skip
    for product, buyers, observed, expected, ratio, low, high, p, q, flagged in _rows(*columns):
        yield ProductSilence(
            report=told,
            product_id=product,
            n_buyers=buyers,
            observed=observed,
            expected=expected,
            ratio=ratio,
            ratio_low=low,
            ratio_high=high,
            p=p,
            q=q,
            is_flagged=flagged,
            dismissed_at=put_aside.get((product, observed)),
        )


def _buyers(told: SilenceReport, found: Silence) -> Iterator[SilentBuyer]:
    visits, firsts = found.visits, found.firsts
    silent = np.flatnonzero(visits.is_silent[firsts.visit])
    visit = firsts.visit[silent]
    came_back = ~visits.is_last[visit]
    columns = (firsts.product[silent], *_about(found, visit), came_back, firsts.n_new[silent], found.counted[silent])
    for product, customer, day, count, usual, allowed, gap, is_back, n_new, counted in _rows(*columns):
        yield SilentBuyer(
            report=told,
            product_id=product,
            customer_id=customer,
            bought_on=date_of(day),
            n_visits=count,
            usual_gap_days=usual,
            allowed_gap_days=allowed,
            gap_days=gap,
            back_on=date_of(day + gap) if is_back else None,
            n_new_products=n_new,
            is_counted=counted,
        )


def _customers(
    told: SilenceReport, found: Silence, spending: dict[int, Spending], put_aside: dict[Any, datetime | None]
) -> Iterator[SilentCustomer]:
    rows = still_silent(found.visits)
    for customer, day, count, usual, allowed, gap in _rows(*_about(found, rows)):
        # Nothing is known of the spend of somebody who only paid in another currency.
        spent = spending.get(customer, Spending(0.0, 0.0))
        yield SilentCustomer(
            report=told,
            customer_id=customer,
            last_seen_on=date_of(day),
            expected_by=date_of(day + int(allowed)),
            n_visits=count,
            usual_gap_days=usual,
            allowed_gap_days=allowed,
            gap_days=gap,
            spend_a_month=spent.mean,
            spend_sd=spent.sd,
            dismissed_at=put_aside.get((customer, date_of(day))),
        )


def _about(found: Silence, rows: Ints) -> tuple[Ints | Floats, ...]:
    """Customer, day, visits so far, usual gap, allowed gap, gap."""
    visits = found.visits
    columns = (visits.customer, visits.day, visits.count, visits.usual_gap, visits.allowed_gap, visits.gap)
    return tuple(column[rows] for column in columns)


def _rows(*columns: Any) -> Iterator[tuple[Any, ...]]:
    """Rows of Python's own numbers: the database's driver knows no others."""
    return zip(*(column.tolist() for column in columns), strict=True)


def put_aside(*, at: datetime) -> int:
    """Put today's alert aside: it comes back with customers or products that are new. Returns how many rows."""
    told = newest_report()
    open_rows = {"report": told, "dismissed_at": None}
    customers = SilentCustomer.objects.filter(**open_rows).update(dismissed_at=at)
    return customers + ProductSilence.objects.filter(**open_rows, is_flagged=True).update(dismissed_at=at)
