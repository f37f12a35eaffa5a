"""A shop in the database whose regular customers leave after one product, or after none."""

from datetime import UTC, datetime, timedelta

import numpy as np

from loyalty.engine.silence_trial import Purchases, judge, plant
from loyalty.models import Customer, Order, OrderLine, Product
from loyalty.services.sales import add_up_sales
from tests.worlds import silence_world

OPENED = datetime(2024, 1, 1, 12, tzinfo=UTC)
N_DAYS = 160
BAD = 503


def open_shop(*, share: float = 0.4, seed: int = 1) -> Product:
    """Sell a small world of purchases. A `share` of regular first-time buyers of what is returned leave."""
    bought = silence_world(np.random.default_rng(seed), n_customers=120, n_days=N_DAYS, n_products=30)
    found = judge(bought, as_of_day=N_DAYS)
    kept = plant(bought, found, np.array([BAD]), share, np.random.default_rng(seed))
    sell(kept)
    return Product.objects.get(sku=str(BAD))


def sell(bought: Purchases) -> None:
    customers = _made(Customer, "external_id", bought.customer)
    products = _made(Product, "sku", bought.product, currency="USD")
    visits = sorted(set(zip(bought.customer.tolist(), bought.day.tolist(), strict=True)))
    orders = Order.objects.bulk_create(
        Order(
            external_id=f"{customer}-{day}",
            customer_id=customers[customer],
            ordered_at=OPENED + timedelta(days=day),
            currency="USD",
        )
        for customer, day in visits
    )
    order_of = dict(zip(visits, (order.pk for order in orders), strict=True))
    rows = zip(bought.customer.tolist(), bought.product.tolist(), bought.day.tolist(), strict=True)
    OrderLine.objects.bulk_create(
        OrderLine(
            order_id=order_of[customer, day], line_number=number, product_id=products[product], quantity=1, amount=2
        )
        for number, (customer, product, day) in enumerate(rows)
    )
    add_up_sales()


def _made(model, field, numbers, **values):
    names = np.unique(numbers).tolist()
    made = model.objects.bulk_create(model(**{field: str(name)}, **values) for name in names)
    return dict(zip(names, (one.pk for one in made), strict=True))
