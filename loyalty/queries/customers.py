"""One customer's orders, added up."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db.models import CharField, Count, F, Func, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, NullIf, TruncMonth

from loyalty.models import Category, Customer, CustomerSales, Order, OrderLine

PARTS_SHOWN = 8
OTHER = "Other"
NO_CATEGORY = "Without a category"


def customer_sales(customer: Customer) -> CustomerSales | None:
    return CustomerSales.objects.filter(customer=customer).first()


def customer_orders(customer: Customer) -> QuerySet[Order]:
    """Newest first by `ordered_at`, each with its `total` and `n_lines`."""
    lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    return Order.objects.filter(customer=customer).annotate(
        total=Subquery(lines.annotate(total=Sum("amount")).values("total")),
        n_lines=Coalesce(Subquery(lines.annotate(n=Count("*")).values("n")), 0),
    )


def spend_by_month(customer: Customer) -> list[tuple[date, Decimal, int]]:
    rows = (
        OrderLine.objects.filter(order__customer=customer)
        .annotate(month=TruncMonth("order__ordered_at"))
        .values("month")
        .annotate(revenue=Sum("amount"), n_orders=Count("order", distinct=True))
        .order_by("month")
    )
    return [(row["month"].date(), row["revenue"], row["n_orders"]) for row in rows]


def top_category(path: str) -> Func:
    """The first name of a category's path, as the database reads it."""
    return Func(F(path), Value(" > "), Value(1), function="split_part", output_field=CharField())


def category_mix(customer: Customer) -> list[tuple[str, Decimal]]:
    """Where the money went: the largest departments, largest first, the rest as one."""
    name = Coalesce(NullIf(top_category("product__category__path"), Value("")), Value(NO_CATEGORY))
    rows = (
        OrderLine.objects.filter(order__customer=customer)
        .annotate(department=name)
        .values("department")
        .annotate(revenue=Sum("amount"))
        .filter(revenue__gt=0)
        .order_by("-revenue", "department")
    )
    parts = [(row["department"], row["revenue"]) for row in rows]
    rest = sum((revenue for _, revenue in parts[PARTS_SHOWN:]), Decimal(0))
    return parts[:PARTS_SHOWN] + ([(OTHER, rest)] if rest else [])


def departments() -> list[Category]:
    """The categories at the top of the tree."""
    return list(Category.objects.filter(parent=None).order_by("name"))


def currency_of(customer: Customer) -> str:
    """The currency of the customer's newest order; the shop's when there is none."""
    newest = Order.objects.filter(customer=customer).order_by("-ordered_at").values_list("currency", flat=True).first()
    return newest or settings.DEFAULT_CURRENCY
