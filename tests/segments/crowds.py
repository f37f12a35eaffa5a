"""Customers with habits that a test says beforehand: days since the last order, number of orders, spend."""

from datetime import datetime, timedelta

import numpy as np

from loyalty.models import Customer, Order, OrderLine
from tests.rows import make_product


def customers_with(habits: np.ndarray, *, until: datetime) -> None:
    """One customer a row of (days since the last order, orders, spend), as things stand at `until`."""
    product = make_product(Customer.objects.count() + 1)
    first = Customer.objects.count()
    customers = Customer.objects.bulk_create(Customer(external_id=f"h{first + row}") for row in range(len(habits)))
    orders = Order.objects.bulk_create(
        Order(
            external_id=f"{customer.external_id}-{visit}",
            customer=customer,
            ordered_at=until - timedelta(days=float(days) + visit),
            currency="USD",
        )
        for customer, (days, n_orders, _) in zip(customers, habits, strict=True)
        for visit in range(max(round(n_orders), 1))
    )
    each = {
        customer.pk: round(float(spend) / max(round(n_orders), 1), 2)
        for customer, (_, n_orders, spend) in zip(customers, habits, strict=True)
    }
    OrderLine.objects.bulk_create(
        OrderLine(order=order, line_number=1, product=product, quantity=1, amount=each[order.customer_id])
        for order in orders
    )
