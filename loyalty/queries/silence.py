"""Purchases by day as the silence rule wants them, and what the newest report says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt
from typing import Any

import pyarrow as pa
from django.conf import settings
from django.db.models import F, FloatField, Q, QuerySet, Sum
from django.utils import timezone

from loyalty.models import ProductSilence, SilenceReport, SilentBuyer, SilentCustomer
from loyalty.queries.frames import copy_frame

EPOCH = date(1970, 1, 1)
JUST_DAYS = 28
# Nine in ten of a normal distribution.
NINE_IN_TEN = 1.645
# A return is no visit, and neither is a line of nothing.
PURCHASE_DAYS = """
SELECT o.customer_id, l.product_id, (o.ordered_at AT TIME ZONE %(zone)s)::date - DATE '1970-01-01' AS day
FROM loyalty_orderline l JOIN loyalty_order o ON o.id = l.order_id
WHERE o.customer_id IS NOT NULL AND o.ordered_at < %(as_of)s AND l.quantity > 0
"""
SPEND_DAYS = """
SELECT o.customer_id, (o.ordered_at AT TIME ZONE %(zone)s)::date - DATE '1970-01-01' AS day,
       sum(l.amount::float8) AS amount
FROM loyalty_orderline l JOIN loyalty_order o ON o.id = l.order_id
WHERE o.customer_id = ANY(%(customers)s) AND o.ordered_at < %(as_of)s AND o.currency = %(currency)s
GROUP BY 1, 2
"""


def day_of(as_of: datetime) -> int:
    """The day after the last one that `as_of` has seen something of, counted from 1970."""
    return (timezone.localtime(as_of - timedelta(microseconds=1)).date() - EPOCH).days + 1


def date_of(day: int) -> date:
    return EPOCH + timedelta(days=int(day))


def purchase_days(as_of: datetime) -> pa.Table:
    """Who bought what on which of the shop's days, before `as_of`; returns are left out."""
    return copy_frame(PURCHASE_DAYS, {"zone": settings.TIME_ZONE, "as_of": as_of})


def spend_days(customers: Sequence[int], *, as_of: datetime, currency: str) -> pa.Table:
    """What these customers spent on which day, before `as_of`."""
    values = {"customers": list(customers), "as_of": as_of, "currency": currency, "zone": settings.TIME_ZONE}
    return copy_frame(SPEND_DAYS, values)


def newest_report() -> SilenceReport | None:
    return SilenceReport.objects.first()


# Sorts of the list of products: name in the URL, order of the rows, what people read.
PRODUCT_SORTS = {
    "worst": ("p", "Surest first"),
    "ratio": ("-ratio", "Most times as many first"),
    "lost": ("-observed", "Most customers lost first"),
    "buyers": ("-n_buyers", "Most buyers first"),
}
FLAGGED, JUDGED = "flagged", "all"
PRODUCT_SHOWS = {FLAGGED: "Those that stand out", JUDGED: "All that were looked at"}


def product_silences(report: SilenceReport, *, show: str = FLAGGED, text: str = "") -> QuerySet[ProductSilence]:
    found = ProductSilence.objects.filter(report=report).select_related("product__category")
    if text:
        found = found.filter(Q(product__name__icontains=text) | Q(product__sku__istartswith=text))
    return found if show == JUDGED else found.filter(is_flagged=True)


def silent_buyers(report: SilenceReport, product_id: int) -> QuerySet[SilentBuyer]:
    """The evidence against one product: those who count, newest first."""
    found = SilentBuyer.objects.filter(report=report, product=product_id, is_counted=True)
    return found.select_related("customer").order_by("-bought_on", "pk")


def product_silence(product_id: int) -> ProductSilence | None:
    """What the newest report says of a product; None where too few bought it, or nothing was looked at."""
    return ProductSilence.objects.filter(product=product_id).select_related("report").order_by("-report").first()


CUSTOMER_SORTS = {
    "spend": ("-spend_a_month", "Most at stake first"),
    "newest": ("-expected_by", "Fell silent last first"),
    "longest": ("last_seen_on", "Not seen for longest first"),
    "visits": ("-n_visits", "Most visits first"),
}
JUST, ALL = "just", "all"
CUSTOMER_SHOWS = {JUST: "Just fallen silent", ALL: "Silent for any time"}


def silent_customers(report: SilenceReport, *, show: str = JUST, text: str = "") -> QuerySet[SilentCustomer]:
    """Regular customers who are silent; `just`: those who should have been back within the last four weeks."""
    found = SilentCustomer.objects.filter(report=report).select_related("customer")
    if text:
        found = found.filter(Q(customer__external_id__istartswith=text) | Q(customer__name__icontains=text))
    if show != ALL:
        found = found.filter(expected_by__gt=timezone.localtime(report.as_of).date() - timedelta(days=JUST_DAYS))
    return found


@dataclass(frozen=True)
class AtStake:
    """How many customers, and what they spent a month, with the interval in which nine months in ten would lie."""

    n_customers: int
    mid: float
    low: float
    high: float


def at_stake(found: QuerySet[SilentCustomer]) -> AtStake:
    square = F("spend_sd") * F("spend_sd")
    sums = found.order_by().aggregate(mid=Sum("spend_a_month"), variance=Sum(square, output_field=FloatField()))
    mid, sd = sums["mid"] or 0.0, sqrt(sums["variance"] or 0.0)
    return AtStake(found.count(), mid, max(mid - NINE_IN_TEN * sd, 0.0), mid + NINE_IN_TEN * sd)


@dataclass(frozen=True)
class RetentionAlert:
    """What nobody has put aside yet: customers who just fell silent, and products that drive them away."""

    report: SilenceReport
    at_stake: AtStake
    n_products: int

    def __bool__(self) -> bool:
        return bool(self.at_stake.n_customers or self.n_products)


def retention_alert() -> RetentionAlert | None:
    report = newest_report()
    if report is None:
        return None
    customers = silent_customers(report).filter(dismissed_at=None)
    flagged = product_silences(report).filter(dismissed_at=None)
    return RetentionAlert(report, at_stake(customers), flagged.count())


def silent_customer_cells(found: QuerySet[SilentCustomer], sort: str) -> Iterator[tuple[Any, ...]]:
    """What is written out of every silent customer, in the list's order."""
    order = CUSTOMER_SORTS.get(sort, CUSTOMER_SORTS["spend"])[0]
    fields = (
        "customer__external_id", "customer__name", "last_seen_on", "gap_days", "n_visits", "usual_gap_days",
        "allowed_gap_days", "expected_by", "spend_a_month", "spend_sd",
    )  # fmt: skip
    return found.order_by(order, "pk").values_list(*fields).iterator(chunk_size=5000)


def silence_dots(report: SilenceReport) -> Iterator[tuple[str, int, float, float, bool]]:
    """Name, observed, expected, ratio and whether it stands out, of every product that was looked at."""
    fields = ("product__name", "observed", "expected", "ratio", "is_flagged")
    found = ProductSilence.objects.filter(report=report).order_by("pk")
    return found.values_list(*fields).iterator(chunk_size=5000)
