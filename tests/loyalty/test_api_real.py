"""A whole shop through the API, as its CRM would send it: every line is accounted for, and twice is once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
from rest_framework.test import APIClient

from loyalty.models import Customer, Order, OrderLine, Product
from tests.rows import bearer

pytestmark = [pytest.mark.django_db, pytest.mark.real_data]
Row = dict[str, Any]


def lines_of(folder: Path) -> list[dict[str, str]]:
    columns = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")
    options = pacsv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()), include_columns=columns)
    with pa.input_stream(str(folder / "online_retail" / "online_retail.csv.gz"), compression="detect") as stream:
        return pacsv.read_csv(stream, convert_options=options).to_pylist()


def orders_of(lines: Sequence[dict[str, str]]) -> list[Row]:
    """One record an invoice; 43 of them have lines some minutes apart, and begin with the first."""
    orders: dict[str, Row] = {}
    for line in lines:
        new = {"external_id": line["InvoiceNo"], "customer": line["CustomerID"] or None, "lines": []}
        head = {"currency": "GBP", "channel": "web", "ordered_at": line["InvoiceDate"] + ":00Z"}
        order = orders.setdefault(line["InvoiceNo"], {**new, **head})
        order["ordered_at"] = min(order["ordered_at"], line["InvoiceDate"] + ":00Z")
        amount = (Decimal(line["Quantity"]) * Decimal(line["UnitPrice"])).quantize(Decimal("0.01"))
        order["lines"].append({"sku": line["StockCode"], "quantity": line["Quantity"], "amount": str(amount)})
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


def test_online_retail_through_the_api_is_accounted_for_line_by_line(marketer, real_data_dir):
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=bearer(marketer))
    lines = lines_of(real_data_dir)
    names = {line["StockCode"]: line["Description"].strip() or line["StockCode"] for line in lines}
    customers = [{"external_id": key} for key in sorted({line["CustomerID"] for line in lines} - {""})]
    products = [{"sku": sku, "name": name, "currency": "GBP"} for sku, name in names.items()]
    orders = orders_of(lines)

    for noun, rows in (("customers", customers), ("products", products), ("orders", orders)):
        first, refused = send(api, noun, rows)
        assert (first["created"], first["rejected"]) == (len(rows), 0), sorted(refused)[:5]
        again, _ = send(api, noun, rows)
        assert again == {"unchanged": len(rows)}

    assert len(lines) == 541_909 == OrderLine.objects.count()
    assert (Order.objects.count(), Customer.objects.count()) == (25_900, 4_372)
    assert Product.objects.count() == len(names)
