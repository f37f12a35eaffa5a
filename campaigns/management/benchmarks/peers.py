"""The same rows by Django's own `bulk_create(update_conflicts=True)`: in one process, checked by nobody."""

from datetime import datetime
from typing import Any

from django.db import connection

from loyalty.models import Customer, Interaction, Order, OrderLine, Product

ROWS_AT_ONCE = 1000
EMPTY = {
    "customers": "DELETE FROM loyalty_customer WHERE external_id LIKE 'B-%'",
    "interactions": "TRUNCATE loyalty_interaction",
    "orders": "TRUNCATE loyalty_order CASCADE",
}
Row = dict[str, Any]


def empty(noun: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(EMPTY[noun])


def customers(rows: list[Row]) -> None:
    _keep([Customer(**row) for row in rows], ["external_id"], ["name", "location", "age_group"])


def interactions(rows: list[Row]) -> None:
    of_customer, of_sku = _ids(Customer, "external_id"), _ids(Product, "sku")
    made = [
        Interaction(
            source=row["source"],
            event_id=row["event_id"],
            customer_id=of_customer[row["customer"]],
            type=row["type"],
            occurred_at=datetime.fromisoformat(row["occurred_at"]),
            product_id=of_sku[row["sku"]],
            properties=row["properties"],
        )
        for row in rows
    ]
    _keep(made, ["source", "event_id"], ["customer", "type", "occurred_at", "product", "properties"])


def orders(rows: list[Row]) -> None:
    of_customer, of_sku = _ids(Customer, "external_id"), _ids(Product, "sku")
    heads = [
        Order(
            external_id=row["external_id"],
            customer_id=of_customer[row["customer"]],
            ordered_at=datetime.fromisoformat(row["ordered_at"]),
            store=row["store"],
            currency="USD",
        )
        for row in rows
    ]
    _keep(heads, ["external_id"], ["customer", "ordered_at", "store", "currency"])
    of_order = _ids(Order, "external_id")
    lines = [
        OrderLine(
            order_id=of_order[row["external_id"]],
            product_id=of_sku[line["sku"]],
            **{name: value for name, value in line.items() if name != "sku"},
        )
        for row in rows
        for line in row["lines"]
    ]
    changing = ["product", "quantity", "amount", "discount", "coupon_discount"]
    _keep(lines, ["order", "line_number"], changing)


def _keep(rows: list[Any], keys: list[str], changing: list[str]) -> None:
    type(rows[0])._default_manager.bulk_create(
        rows, batch_size=ROWS_AT_ONCE, update_conflicts=True, unique_fields=keys, update_fields=changing
    )


def _ids(model: Any, key: str) -> dict[str, int]:
    return dict(model.objects.values_list(key, "pk"))
