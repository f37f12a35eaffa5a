"""A shop whose customers keep a rhythm of their own until some of them leave."""

from datetime import UTC, datetime, timedelta

import numpy as np

from loyalty.models import Customer, Order, OrderLine
from loyalty.services.sales import add_up_sales
from tests.rows import make_product

OPENED = datetime(2024, 1, 1, 12, tzinfo=UTC)
DAYS = 300
CLOSED = OPENED + timedelta(days=DAYS)


def open_shop(n_customers=150, *, seed=1):
    """Orders of 300 days: a third of the customers leaves on a day of their own, the first one never orders."""
    rng = np.random.default_rng(seed)
    product = make_product(Customer.objects.count() + 1)
    first = Customer.objects.count()
    customers = Customer.objects.bulk_create(
        Customer(external_id=f"s{number}") for number in range(first, first + n_customers)
    )
    orders = [
        Order(
            external_id=f"{customer.external_id}-{day}",
            customer=customer,
            ordered_at=OPENED + timedelta(days=int(day)),
            currency="USD",
        )
        for customer in customers[1:]
        for day in _days(rng)
    ]
    Order.objects.bulk_create(orders)
    OrderLine.objects.bulk_create(
        OrderLine(order=order, line_number=1, product=product, quantity=1, amount=round(rng.gamma(3, 10), 2))
        for order in orders
    )
    add_up_sales()
    return customers


def _days(rng):
    usual, begins = rng.lognormal(np.log(9), 0.6), rng.integers(0, 90)
    leaves = rng.integers(begins + 1, DAYS) if rng.random() < 1 / 3 else DAYS
    days = begins + np.cumsum(np.maximum(rng.lognormal(np.log(usual), 0.5, 100), 1)).astype(int)
    return np.unique([begins, *days[days < leaves]])
