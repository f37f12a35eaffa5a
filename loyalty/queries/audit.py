"""What the tables hold: how much, from when to when, how full, what is missing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Avg, Case, Count, FloatField, Max, Min, Model, Q, Sum, Value, When

from loyalty.models import (
    Category,
    Consent,
    Customer,
    CustomerSales,
    Interaction,
    Order,
    OrderLine,
    Product,
    ProductSales,
    Rating,
)
from loyalty.queries.sizes import estimated_count

# Counting more rows than this takes longer than a page may; then PostgreSQL's own estimate is shown as such.
COUNT_UP_TO = 300_000
TABLES: list[tuple[str, type[Model]]] = [
    ("Customers", Customer),
    ("Products", Product),
    ("Categories", Category),
    ("Orders", Order),
    ("Order lines", OrderLine),
    ("Interactions", Interaction),
    ("Ratings", Rating),
    ("Consents", Consent),
]


@dataclass(frozen=True)
class TableSize:
    name: str
    n_rows: int
    is_estimate: bool


@dataclass(frozen=True)
class Gap:
    """A column that is empty in a share (0–1) of its rows."""

    what: str
    share: float


@dataclass(frozen=True)
class DataAudit:
    """`density` is the share of customer–product pairs in which something was bought."""

    sizes: list[TableSize]
    first_ordered_at: datetime | None
    last_ordered_at: datetime | None
    density: float | None
    orders_a_customer: float | None
    gaps: list[Gap]


def data_audit() -> DataAudit:
    span = Order.objects.aggregate(first=Min("ordered_at"), last=Max("ordered_at"))
    buying = CustomerSales.objects.aggregate(n=Count("*"), orders=Avg("n_orders", output_field=FloatField()))
    bought = ProductSales.objects.aggregate(n=Count("*"), pairs=Sum("n_customers"))
    cells = (buying["n"] or 0) * (bought["n"] or 0)
    return DataAudit(
        sizes=[_size(name, model) for name, model in TABLES],
        first_ordered_at=span["first"],
        last_ordered_at=span["last"],
        density=bought["pairs"] / cells if cells else None,
        orders_a_customer=buying["orders"],
        gaps=_gaps(),
    )


def _size(name: str, model: type[Model]) -> TableSize:
    estimate = estimated_count(model)
    if estimate > COUNT_UP_TO:
        return TableSize(name, estimate, True)
    return TableSize(name, model._default_manager.count(), False)


def _gaps() -> list[Gap]:
    products = _empty_shares(
        Product,
        {
            "Products without a category": Q(category=None),
            "Products without a brand": Q(brand=""),
            "Products without a price": Q(price=None),
            "Products only known from orders": Q(is_catalogued=False),
        },
    )
    customers = _empty_shares(
        Customer,
        {"Customers without an age group": Q(age_group=""), "Customers without an income band": Q(income_band="")},
    )
    return [*products, *customers]


def _empty_shares(model: type[Model], conditions: dict[str, Q]) -> list[Gap]:
    """One pass over the table for all its columns."""
    means: dict[str, Any] = {
        f"gap_{number}": Avg(Case(When(condition, then=Value(1.0)), default=Value(0.0)))
        for number, condition in enumerate(conditions.values())
    }
    found = model._default_manager.aggregate(**means)
    return [
        Gap(what, found[f"gap_{number}"])
        for number, what in enumerate(conditions)
        if found[f"gap_{number}"] is not None
    ]
