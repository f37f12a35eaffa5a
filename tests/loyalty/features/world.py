"""A small shop with rows in every table that features are read from, at random moments of two years."""

from datetime import UTC, datetime, timedelta

import numpy as np

from loyalty.models import Category, Consent, Customer, Interaction, Order, OrderLine, Product, Rating

OPENED = datetime(2023, 1, 1, tzinfo=UTC)
CLOSED = datetime(2025, 3, 1, tzinfo=UTC)
TYPES = ("Product Viewed", "Product Viewed", "Product Added", "Product Removed", "Products Searched")


def open_world(seed: int = 1, n_customers: int = 30, n_orders: int = 900) -> list[Customer]:
    rng = np.random.default_rng(seed)
    customers = Customer.objects.bulk_create(
        Customer(external_id=f"c{n}", age_group=["", "19-24", "65+"][n % 3], joined_on=moment(rng).date())
        for n in range(n_customers)
    )
    products = _products(rng)
    _orders(rng, customers[1:], products, n_orders)
    _acts(rng, customers[1:], products)
    for customer in customers[1:]:
        for product in rng.choice(len(products), 3, replace=False):
            Rating.objects.create(
                customer=customer, product=products[product], kind="explicit", value=float(rng.uniform(-1, 1)),
                source="web", rated_at=moment(rng),
            )  # fmt: skip
        for channel in ("mail", "email"):
            state = str(rng.choice(["granted", "denied"]))
            Consent.objects.create(customer=customer, channel=channel, state=state, source="form", at=moment(rng))
    return customers


def moment(rng: np.random.Generator) -> datetime:
    return OPENED + timedelta(seconds=int(rng.integers((CLOSED - OPENED).total_seconds())))


def buy(customer, product, at, amount=10.0, *, reverses=None, coupon=0.0, discount=0.0, quantity=1, channel="store"):
    order = Order.objects.create(
        external_id=f"b{Order.objects.count()}", customer=customer, ordered_at=at, currency="USD", reverses=reverses,
        channel=channel,
    )  # fmt: skip
    OrderLine.objects.create(
        order=order, line_number=1, product=product, quantity=quantity, amount=amount, coupon_discount=coupon,
        discount=discount,
    )  # fmt: skip
    return order


def make_product(sku: str, department: str = "", brand: str = "") -> Product:
    category = None
    if department:
        category, _ = Category.objects.get_or_create(path=f"{department} > Shelf", defaults={"name": "Shelf"})
    return Product.objects.create(sku=sku, name=sku, category=category, brand=brand, currency="USD")


def _products(rng: np.random.Generator) -> list[Product]:
    departments = ["Tea", "Coffee: beans, 100%", "Bread", ""]
    return [make_product(f"p{n}", departments[n % 4], ["Own", "Other's", ""][n % 3]) for n in range(24)]


def _orders(rng, customers, products, n_orders):
    orders = Order.objects.bulk_create(
        Order(
            external_id=f"o{n}", customer=customers[rng.integers(len(customers))], ordered_at=moment(rng),
            channel=str(rng.choice(["store", "online"])), currency="USD",
        )
        for n in range(n_orders)
    )  # fmt: skip
    returned = Order.objects.bulk_create(
        Order(
            external_id=f"r{n}", customer=orders[n].customer, ordered_at=orders[n].ordered_at + timedelta(days=3),
            currency="USD", reverses=orders[n],
        )
        for n in range(0, n_orders, 11)
    )  # fmt: skip
    for order, sign in [*((one, 1) for one in orders), *((one, -1) for one in returned)]:
        OrderLine.objects.bulk_create(
            OrderLine(
                order=order, line_number=line, product=products[rng.integers(len(products))],
                quantity=round(sign * float(rng.uniform(0.1, 3)), 3),
                amount=round(sign * float(rng.uniform(0.1, 30)), 2),
                discount=round(float(rng.uniform(0, 2)), 2), coupon_discount=float(rng.choice([0, 0.55])),
            )
            for line in range(1, int(rng.integers(2, 5)))
        )  # fmt: skip


def _acts(rng, customers, products):
    acts = []
    for number in range(600):
        customer, at = customers[rng.integers(len(customers))], moment(rng)
        acts += [
            Interaction(
                customer=customer, type=str(rng.choice(TYPES)), occurred_at=at + timedelta(minutes=7 * step),
                source="web", event_id=f"{number}-{step}", channel=str(rng.choice(["web", "app"])),
                session=f"s{number}", product=products[rng.integers(len(products))],
            )
            for step in range(int(rng.integers(1, 4)))
        ]  # fmt: skip
    Interaction.objects.bulk_create(acts)
