"""What the tables hold: how much, from when to when, how full, what is missing, what stands there twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Avg, Count, FloatField, Max, Min, Model, Q, Sum

from loyalty.charts.audit import Gap, Week
from loyalty.models import Customer, CustomerSales, Order, Product, ProductSales
from loyalty.queries.sales import sales_by_week, sales_version

# Counting more rows than this takes longer than a page may; then PostgreSQL's own estimate is shown as such.
COUNT_UP_TO = 300_000
ESTIMATES = "SELECT relname, reltuples::bigint FROM pg_class WHERE oid = ANY(%s::regclass[])"
REPEATED_ORDERS = """
SELECT coalesce(sum(n - 1), 0) FROM (
    SELECT count(*) AS n FROM loyalty_order WHERE customer_id IS NOT NULL AND reverses_id IS NULL
    GROUP BY customer_id, ordered_at, store HAVING count(*) > 1
) orders
"""
GAPS: list[tuple[type[Model], str, dict[str, Q]]] = [
    (
        Product,
        "Products",
        {
            "name": Q(name=""),
            "category": Q(category=None),
            "brand": Q(brand=""),
            "price": Q(price=None),
            "cost": Q(cost=None),
        },
    ),
    (
        Customer,
        "Customers",
        {"age group": Q(age_group=""), "income band": Q(income_band=""), "household size": Q(household_size="")},
    ),
    (Order, "Orders", {"customer": Q(customer=None), "store": Q(store="")}),
]


@dataclass(frozen=True)
class TableSize:
    model: type[Model]
    name: str
    n_rows: int
    is_estimate: bool


@dataclass(frozen=True)
class DataAudit:
    """`density` is the share (0-1) of pairs of a buying customer and a sold product in which something was bought.

    `n_repeated_orders` is None when there are more orders than a page has time to compare.
    """

    sizes: list[TableSize]
    first_ordered_at: datetime | None
    last_ordered_at: datetime | None
    density: float | None
    orders_a_customer: float | None
    gaps: list[Gap]
    weeks: list[Week]
    n_repeated_orders: int | None
    n_unknown_products: int
    added_up_at: datetime

    @property
    def has_orders(self) -> bool:
        return self.last_ordered_at is not None

    @property
    def span(self) -> timedelta | None:
        if self.first_ordered_at is None or self.last_ordered_at is None:
            return None
        return self.last_ordered_at - self.first_ordered_at


def data_audit(models: Sequence[type[Model]]) -> DataAudit:
    """Look at the tables of `models`, and closer at customers, products and orders."""
    sizes = _sizes(models)
    is_large = any(size.is_estimate for size in sizes if size.model is Order)
    span = Order.objects.aggregate(first=Min("ordered_at"), last=Max("ordered_at"))
    buying = CustomerSales.objects.aggregate(n=Count("*"), orders=Avg("n_orders", output_field=FloatField()))
    bought = ProductSales.objects.aggregate(n=Count("*"), pairs=Sum("n_customers"))
    cells = (buying["n"] or 0) * (bought["n"] or 0)
    return DataAudit(
        sizes=sizes,
        first_ordered_at=span["first"],
        last_ordered_at=span["last"],
        density=bought["pairs"] / cells if cells else None,
        orders_a_customer=buying["orders"],
        gaps=[gap for model, noun, conditions in GAPS for gap in _gaps(model, noun, conditions)],
        weeks=_weeks(span["first"], span["last"]),
        n_repeated_orders=None if is_large else _repeated_orders(),
        n_unknown_products=Product.objects.filter(is_catalogued=False).count(),
        added_up_at=sales_version().added_up_at,
    )


def _sizes(models: Sequence[type[Model]]) -> list[TableSize]:
    with connection.cursor() as cursor:
        cursor.execute(ESTIMATES, [[model._meta.db_table for model in models]])
        estimates: dict[str, int] = dict(cursor.fetchall())
    return [_size(model, estimates[model._meta.db_table]) for model in models]


def _size(model: type[Model], estimate: int) -> TableSize:
    name = str(model._meta.verbose_name_plural).capitalize()
    is_estimate = estimate > COUNT_UP_TO
    return TableSize(model, name, estimate if is_estimate else model._default_manager.count(), is_estimate)


def _gaps(model: type[Model], noun: str, conditions: dict[str, Q]) -> list[Gap]:
    """One pass over a table for all its columns; nothing for an empty table."""
    counts = {f"gap_{number}": Count("pk", filter=condition) for number, condition in enumerate(conditions.values())}
    n_rows, *n_empty = model._default_manager.aggregate(n_rows=Count("pk"), **counts).values()
    return [Gap(noun, column, n / n_rows) for column, n in zip(conditions, n_empty, strict=True) if n_rows]


def _weeks(first: datetime | None, last: datetime | None) -> list[Week]:
    """Orders a week; a week without one is there with a zero."""
    if first is None or last is None:
        return []
    counted = {monday: n for monday, _, n in sales_by_week(first - timedelta(days=1), last + timedelta(days=1))}
    if not counted:
        return []
    mondays = range(min(counted).toordinal(), max(counted).toordinal() + 1, 7)
    return [Week(date.fromordinal(monday), counted.get(date.fromordinal(monday), 0)) for monday in mondays]


def _repeated_orders() -> int:
    """Orders of one customer at the same moment in the same shop: probably one order under two keys."""
    with connection.cursor() as cursor:
        cursor.execute(REPEATED_ORDERS)
        return int(cursor.fetchone()[0])
