"""Sales over time, from the sums."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Max, Min, Sum
from django.db.models.functions import TruncDate, TruncWeek

from loyalty.models import IngestRun, Order, SalesPeriod, SalesVersion


def newest_records() -> tuple[int, int]:
    """The keys of the newest order and the newest import: when they move, the sums are behind."""
    newest_order = Order.objects.aggregate(newest=Max("id"))["newest"]
    newest_run = IngestRun.objects.aggregate(newest=Max("id"))["newest"]
    return newest_order or 0, newest_run or 0


def sales_version() -> SalesVersion:
    return SalesVersion.objects.get()


def first_sale_at() -> datetime | None:
    """The quarter of an hour of the first sale."""
    first: datetime | None = SalesPeriod.objects.aggregate(first=Min("starts_at"))["first"]
    return first


@dataclass(frozen=True)
class Sales:
    """Sales of a span of time."""

    revenue: Decimal
    n_orders: int
    n_customers: int

    @property
    def average_order_value(self) -> Decimal | None:
        return self.revenue / self.n_orders if self.n_orders else None


def sales_between(since: datetime, until: datetime) -> Sales:
    """Revenue, orders and customers who bought in `[since, until)`, both on a quarter of an hour."""
    sums = SalesPeriod.objects.filter(starts_at__gte=since, starts_at__lt=until).aggregate(
        revenue=Sum("revenue"), n_orders=Sum("n_orders")
    )
    buyers = Order.objects.filter(ordered_at__gte=since, ordered_at__lt=until).aggregate(
        n=Count("customer_id", distinct=True)
    )
    return Sales(sums["revenue"] or Decimal(0), sums["n_orders"] or 0, buyers["n"])


def sales_by_day(since: datetime, until: datetime) -> list[tuple[date, Decimal, int]]:
    return _sales_by(TruncDate("starts_at"), since, until)


def sales_by_week(since: datetime, until: datetime) -> list[tuple[date, Decimal, int]]:
    """Day of the Monday, revenue, orders; weeks are cut in the shop's time zone."""
    weeks = _sales_by(TruncWeek("starts_at"), since, until)
    return [(start.date() if isinstance(start, datetime) else start, revenue, n) for start, revenue, n in weeks]


def _sales_by(period: TruncDate | TruncWeek, since: datetime, until: datetime) -> list[tuple[date, Decimal, int]]:
    rows = SalesPeriod.objects.filter(starts_at__gte=since, starts_at__lt=until).annotate(period=period)
    sums = rows.values("period").annotate(revenue=Sum("revenue"), n_orders=Sum("n_orders")).order_by("period")
    return [(row["period"], row["revenue"], row["n_orders"]) for row in sums]
