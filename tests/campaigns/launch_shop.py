"""A shop of a year in which the brand decides: new products come all the time, and fans of a brand buy its own."""

from datetime import datetime

import numpy as np

from loyalty.models import Category, Customer, Order, OrderLine, Product
from tests.worlds import brand_world

N_CUSTOMERS, N_PRODUCTS, N_LAUNCHES, N_DAYS = 60, 40, 100, 366


def open_launch_shop(seed: int = 2, n_launches: int = N_LAUNCHES) -> datetime:
    """Customers, products and a year of orders; the moment of the last one."""
    world = brand_world(
        np.random.default_rng(seed),
        n_customers=N_CUSTOMERS,
        n_products=N_PRODUCTS,
        n_launches=n_launches,
        n_days=N_DAYS,
    )
    assert world.products is not None
    customers = Customer.objects.bulk_create(Customer(external_id=f"c{n}") for n in range(N_CUSTOMERS))
    shelves = {name: Category.objects.create(path=f"Shop > {name}", name=name) for name in ("left", "middle", "right")}
    products = Product.objects.bulk_create(
        Product(
            sku=f"p{row['product_id']}",
            name=f"Thing {row['product_id']}",
            brand=row["brand"],
            category=shelves[row["shelf"]],
            price=round(row["price"], 2),
            currency="USD",
        )
        for row in world.products.to_pylist()
    )
    lines = world.purchases.sort_by("occurred_at").to_pylist()
    orders = Order.objects.bulk_create(
        Order(
            external_id=f"o{number}",
            customer=customers[line["customer_id"] - 1000],
            ordered_at=line["occurred_at"],
            currency="USD",
        )
        for number, line in enumerate(lines)
    )
    OrderLine.objects.bulk_create(
        OrderLine(order=order, line_number=1, product=products[line["product_id"] - 500], quantity=2, amount=8)
        for order, line in zip(orders, lines, strict=True)
    )
    last: datetime = lines[-1]["occurred_at"]
    return last
