"""Records of a call: the fate of each is told, and what is wrong by the name of its field."""

import pytest

from loyalty.models import Customer, IngestRun, Order, Product
from loyalty.services.ingest import FileRefused, Options, ingest_records, kind_named

pytestmark = pytest.mark.django_db
LINE = {"sku": "1", "quantity": 1, "amount": "2.50"}


@pytest.fixture(autouse=True)
def shop():
    Customer.objects.create(external_id="A")
    Product.objects.create(sku="1", name="Tea", currency="USD")


@pytest.fixture
def send(at):
    def call(kind, *records):
        options = Options(at=at, source="web shop")
        return ingest_records(kind=kind_named(kind), records=records, options=options, by=None)

    return call


def order(order_id="O1", lines=(LINE,), **more):
    return {"order_id": order_id, "customer_id": "A", "ordered_at": "2026-01-01T10:00:00Z", "lines": lines, **more}


def test_the_fate_of_each_record_is_told(send):
    Customer.objects.create(external_id="B", name="Bob")
    report = send(
        "customers",
        {"customer_id": "A", "name": ""},
        {"customer_id": "B", "name": "Rob"},
        {"customer_id": "C", "name": "Cy"},
        {"customer_id": None, "name": "Di"},
    )

    assert [(row.row, row.status) for row in report.rows] == [
        (1, "unchanged"),
        (2, "updated"),
        (3, "created"),
        (4, "rejected"),
    ]
    assert report.rows[3].errors == (("customer_id", "Fill in customer_id: every row needs it."),)


def test_an_order_is_one_record_with_many_lines(send):
    orders = [order(lines=(LINE, {**LINE, "quantity": 2})), order("O2")]

    assert [row.status for row in send("orders", *orders).rows] == ["created", "created"]
    assert [row.status for row in send("orders", *orders).rows] == ["unchanged", "unchanged"]
    orders[0] = order(lines=(LINE, {**LINE, "quantity": 3}))
    assert [row.status for row in send("orders", *orders).rows] == ["updated", "unchanged"]
    assert Order.objects.get(external_id="O1").lines.count() == 2


def test_a_fault_in_a_line_is_told_by_its_place_and_keeps_the_order_out(send):
    report = send("orders", order(lines=(LINE, {**LINE, "quantity": "many"})), order("O2"))

    assert [row.status for row in report.rows] == ["rejected", "created"]
    assert [field for field, _ in report.rows[0].errors] == ["lines[1].quantity"]
    assert not Order.objects.filter(external_id="O1").exists()
    assert IngestRun.objects.get().rejected_rows.get().line == 1


def test_a_fault_of_the_order_is_told_once_and_not_once_a_line(send):
    report = send("orders", order(lines=(LINE, LINE, LINE), customer_id="nobody"))

    assert [field for field, _ in report.rows[0].errors] == ["customer_id"]


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_text_that_no_database_can_hold_is_refused_not_repaired(send, name):
    (row,) = send("customers", {"customer_id": "Z", "name": name}).rows

    assert (row.status, row.errors[0][0]) == ("rejected", "name")


@pytest.mark.parametrize("attributes", [[1], "text", {"a": "\0"}, {"a": float("nan")}, {"\ud800": 1}])
def test_attributes_that_no_database_can_hold_are_refused(send, attributes):
    (row,) = send("customers", {"customer_id": "Z", "attributes": attributes}).rows

    assert (row.status, row.errors[0][0]) == ("rejected", "attributes")


def test_attributes_keep_their_types(send):
    send("customers", {"customer_id": "Z", "attributes": {"n": 1, "deep": [{"x": None}], "ok": True}})

    assert Customer.objects.get(external_id="Z").attributes == {"n": 1, "deep": [{"x": None}], "ok": True}


def test_an_unknown_field_is_named(send):
    with pytest.raises(FileRefused, match="Unknown field “shoe”"):
        send("customers", {"customer_id": "Z", "shoe": 40})
