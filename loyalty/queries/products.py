"""Products with what was sold of them."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncMonth

from loyalty.models import Category, OrderLine, Product, ProductSales

SOLD, NEVER_SOLD, ALL = "sold", "never", "all"
SHOWS = {SOLD: "Sold at least once", NEVER_SOLD: "Never sold", ALL: "All products"}
# Sorts of the list: name in the URL, order of the rows, what people read.
SORTS = {
    "sales": ("-revenue", "Most sold first"),
    "fewest": ("revenue", "Least sold first"),
    "buyers": ("-n_customers", "Most buyers first"),
    "name": ("name", "By name"),
}


def order_of(sort: str) -> str:
    return SORTS.get(sort, SORTS["sales"])[0]


def in_order(found: QuerySet[Product], sort: str) -> Iterator[Product]:
    """All of them, a few at a time."""
    return found.order_by(order_of(sort), "pk").iterator(chunk_size=2000)


def product_list(*, text: str = "", department_id: int | None = None, show: str = SOLD) -> QuerySet[Product]:
    """Products with `revenue` and `n_customers`, filtered by name or SKU, department, and whether they were sold."""
    found = Product.objects.select_related("category")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(sku__istartswith=text))
    if department_id:
        path = Category.objects.filter(pk=department_id).values_list("path", flat=True).first() or ""
        found = found.filter(Q(category=department_id) | Q(category__path__startswith=f"{path} > "))
    was_sold = Exists(ProductSales.objects.filter(product=OuterRef("pk")))
    if show == SOLD:
        return found.filter(sales__isnull=False).annotate(
            revenue=F("sales__revenue"), n_customers=F("sales__n_customers")
        )
    if show == NEVER_SOLD:
        found = found.filter(~was_sold)
    return found.annotate(revenue=Coalesce("sales__revenue", Decimal(0)), n_customers=Coalesce("sales__n_customers", 0))


def product_page(pk: int) -> Product | None:
    return Product.objects.select_related("category").filter(pk=pk).first()


def product_sales(product: Product) -> ProductSales | None:
    return ProductSales.objects.filter(product=product).first()


def sales_by_month(product: Product) -> list[tuple[date, Decimal, int]]:
    rows = (
        OrderLine.objects.filter(product=product)
        .annotate(month=TruncMonth("order__ordered_at"))
        .values("month")
        .annotate(revenue=Sum("amount"), n_orders=Count("order", distinct=True))
        .order_by("month")
    )
    return [(row["month"].date(), row["revenue"], row["n_orders"]) for row in rows]
