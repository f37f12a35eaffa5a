"""What may be learnt about launches: cheap counts that tell whether it has changed."""

from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q

from campaigns.queries.launch_ledger import closed_entries
from loyalty.models import Category, Order, OrderLine, Product


def launch_counts(until: datetime) -> dict[str, int]:
    """Counts that change whenever anything that is learnt of launches before `until` does."""
    sold = Product.objects.filter(Exists(OrderLine.objects.filter(product=OuterRef("pk"), order__ordered_at__lt=until)))
    facts = sold.order_by().aggregate(
        products=Count("pk"),
        with_category=Count("category"),
        with_brand=Count("pk", filter=~Q(brand="")),
        with_price=Count("price"),
        with_attributes=Count("pk", filter=~Q(attributes={})),
    )
    orders = Order.objects.filter(customer__isnull=False, ordered_at__lt=until)
    return {
        **facts,
        "orders": orders.count(),
        "categories": Category.objects.count(),
        "forecasts": closed_entries().filter(is_replayed=False, outcome__observed_until__lte=until).count(),
    }
