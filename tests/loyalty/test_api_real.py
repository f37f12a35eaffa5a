"""A whole shop through the API, as its CRM would send it: every line is accounted for, and twice is once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
from rest_framework.test import APIClient

from loyalty.models import Customer, Order, OrderLine, Product
from tests.rows import bearer

# Each call in a transaction of its own, as it comes in: the temporary tables of hundreds of them are too many for one.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_data]
Row = dict[str, Any]


@dataclass(frozen=True)
class Shop:
    """A file of order lines, and what its columns are called: order, customer, sku, name, time, quantity, money."""

    name: str
    columns: tuple[str, ...]
    is_unit_price: bool
    n_lines: int


SHOPS = [
    Shop(
        "online_retail/online_retail.csv.gz",
        ("InvoiceNo", "CustomerID", "StockCode", "Description", "InvoiceDate", "Quantity", "UnitPrice"),
        is_unit_price=True,
        n_lines=541_909,
    ),
    Shop(
        "complete_journey_dev/transactions.csv.gz",
        ("basket_id", "household_id", "product_id", "product_id", "transaction_timestamp", "quantity", "sales_value"),
        is_unit_price=False,
        n_lines=1_095_564,
    ),
]


def lines_of(folder: Path, shop: Shop) -> list[tuple[str, ...]]:
    options = pacsv.ConvertOptions(
        column_types=dict.fromkeys(shop.columns, pa.string()), include_columns=list(dict.fromkeys(shop.columns))
    )
    with pa.input_stream(str(folder / shop.name), compression="detect") as stream:
        table = pacsv.read_csv(stream, convert_options=options)
    return list(zip(*(table[name].to_pylist() for name in shop.columns), strict=True))


def orders_of(lines: Sequence[tuple[str, ...]], shop: Shop) -> list[Row]:
    """One record an order; a few have lines some minutes apart, and begin with the first."""
    orders: dict[str, Row] = {}
    for key, customer, sku, _, moment, quantity, money in lines:
        when = f"{moment}:00Z" if len(moment) == len("2010-12-01 08:26") else f"{moment}Z"
        new = {"external_id": key, "customer": customer or None, "lines": [], "ordered_at": when, "channel": "web"}
        order = orders.setdefault(key, new)
        order["ordered_at"] = min(order["ordered_at"], when)
        amount = Decimal(money) * (Decimal(quantity) if shop.is_unit_price else 1)
        line = {"sku": sku, "quantity": quantity, "amount": str(amount.quantize(Decimal("0.01")))}
        order["lines"].append(line)
    return list(orders.values())


def in_calls(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[start : start + 1000] for start in range(0, len(rows), 1000))


def send(api: APIClient, noun: str, rows: Sequence[Row]) -> tuple[Counter[str], set[str]]:
    """What became of the rows, and the keys of those refused."""
    told: Counter[str] = Counter()
    refused: set[str] = set()
    for call in in_calls(rows):
        response = api.post(f"/api/v1/{noun}/batch-upsert", {"rows": call}, format="json")
        assert response.status_code == 200, response.content[:500]
        for result in response.json()["results"]:
            told[result["status"]] += 1
            if result["errors"]:
                refused.add(str(next(iter(call[result["row"] - 1].values()))))
    return told, refused


@pytest.mark.parametrize("shop", SHOPS, ids=["gifts", "grocery"])
def test_a_shop_through_the_api_is_accounted_for_line_by_line(marketer, real_data_dir, settings, shop):
    settings.API_CALLS_PER_MINUTE = {**settings.API_CALLS_PER_MINUTE, "write": 10_000}
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=bearer(marketer))
    lines = lines_of(real_data_dir, shop)
    names = {sku: name.strip() or sku for _, _, sku, name, *_ in lines}
    customers = [{"external_id": key} for key in sorted({customer for _, customer, *_ in lines} - {""})]
    products = [{"sku": sku, "name": name, "currency": "GBP"} for sku, name in names.items()]
    orders = orders_of(lines, shop)

    for noun, rows in (("customers", customers), ("products", products), ("orders", orders)):
        first, refused = send(api, noun, rows)
        assert (first["created"], first["rejected"]) == (len(rows), 0), sorted(refused)[:5]
        again, _ = send(api, noun, rows)
        assert again == {"unchanged": len(rows)}

    assert len(lines) == shop.n_lines == OrderLine.objects.count()
    assert (Order.objects.count(), Customer.objects.count()) == (len(orders), len(customers))
    assert Product.objects.count() == len(names)
