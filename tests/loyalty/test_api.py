"""Writing by the API: the same import as a file's, row by row told."""

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from loyalty.models import Category, Customer, IngestRun, Order, OrderLine, Product
from tests.rows import bearer, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(marketer):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=bearer(marketer))
    return client


@pytest.fixture
def shop():
    Customer.objects.create(external_id="c1", name="Ada")
    make_product(1)


def upsert(api, noun, *rows):
    response = api.post(f"/api/v1/{noun}/batch-upsert", {"rows": list(rows)})
    assert response.status_code == 200, response.content
    return response.json()


def statuses(body):
    return [result["status"] for result in body["results"]]


def reasons(body, row=1):
    (result,) = [result for result in body["results"] if result["row"] == row]
    return {error["field"]: error["reason"] for error in result["errors"]}


def order(**changes):
    lines = [{"sku": "p1", "quantity": "2", "amount": "5.00"}, {"sku": "p1", "quantity": 1, "amount": 2.5}]
    return {
        "external_id": "o1",
        "customer": "c1",
        "ordered_at": "2017-11-01T12:00:00-04:00",
        "currency": "USD",
        "lines": lines,
        **changes,
    }


def test_customers_are_created_changed_and_left_alone(api):
    first = upsert(api, "customers", {"external_id": "a", "name": "Ada"}, {"external_id": "b", "name": "Bo"})
    assert first["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "rejected": 0}
    second = upsert(api, "customers", {"external_id": "a", "name": "Ada B."}, {"external_id": "b", "name": "Bo"})
    assert statuses(second) == ["updated", "unchanged"]
    assert Customer.objects.get(external_id="a").name == "Ada B."


def test_a_field_nobody_names_stays_and_null_empties(api):
    upsert(api, "customers", {"external_id": "a", "name": "Ada", "location": "Rome"})
    upsert(api, "customers", {"external_id": "a", "location": None})
    ada = Customer.objects.get()
    assert (ada.name, ada.location) == ("Ada", "")


def test_a_field_named_in_some_rows_only_is_not_guessed(api):
    upsert(api, "customers", {"external_id": "a", "name": "Ada"})
    body = upsert(api, "customers", {"external_id": "b", "name": "Bo"}, {"external_id": "a"})
    assert statuses(body) == ["created", "rejected"]
    assert "Name it in every row or in none" in reasons(body, 2)["name"]
    assert Customer.objects.get(external_id="a").name == "Ada"


def test_products_bring_their_categories(api):
    row = {"sku": "x", "name": "Ice", "category": "Grocery > Frozen > Ice", "price": "1.99", "attributes": {"lb": 22}}
    assert statuses(upsert(api, "products", row, row)) == ["created", "unchanged"]
    ice = Product.objects.get()
    assert (ice.price, ice.category.path, ice.attributes, ice.currency) == (
        Decimal("1.99"),
        "Grocery > Frozen > Ice",
        {"lb": 22},
        "USD",
    )
    assert Category.objects.count() == 3


def test_an_order_comes_with_its_lines_and_twice_is_once(api, shop):
    assert statuses(upsert(api, "orders", order())) == ["created"]
    assert statuses(upsert(api, "orders", order())) == ["unchanged"]
    assert Order.objects.get().customer.external_id == "c1"
    assert list(OrderLine.objects.values_list("line_number", "amount")) == [(1, Decimal("5.00")), (2, Decimal("2.50"))]


def test_a_changed_line_is_an_updated_order(api, shop):
    upsert(api, "orders", order())
    changed = order(lines=[{"line_number": 2, "sku": "p1", "quantity": 1, "amount": "2.00"}])
    assert statuses(upsert(api, "orders", changed)) == ["updated"]
    # An order comes whole: its first line is not in it any more.
    assert list(OrderLine.objects.values_list("amount", flat=True)) == [Decimal("2.00")]


def test_a_return_names_the_order_it_reverses(api, shop):
    back = order(external_id="o2", reverses="o1", lines=[{"sku": "p1", "quantity": -1, "amount": "-2.50"}])
    assert statuses(upsert(api, "orders", order(), back)) == ["created", "created"]
    assert Order.objects.get(external_id="o2").reverses.external_id == "o1"
    assert api.get("/api/v1/orders/o2").json()["reverses"] == "o1"


def test_one_wrong_line_keeps_the_whole_order_out_and_the_others_in(api, shop):
    wrong = order(external_id="o2", lines=[{"sku": "p1", "quantity": "many", "amount": 1}, order()["lines"][0]])
    body = upsert(api, "orders", wrong, order())
    assert statuses(body) == ["rejected", "created"]
    assert reasons(body) == {"lines[0].quantity": "This is not a number. Write it like 12.50, without currency signs."}
    assert list(Order.objects.values_list("external_id", flat=True)) == ["o1"]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"customer": "nobody"}, "customer", "There is no customer with this key"),
        ({"ordered_at": "yesterday"}, "ordered_at", "not a date"),
        ({"ordered_at": None}, "ordered_at", "Fill in ordered_at"),
        ({"currency": "usd"}, "currency", "three capital letters"),
        ({"external_id": ""}, "external_id", "Fill in external_id"),
        ({"external_id": "x" * 65}, "external_id", "64"),
        ({"external_id": {"a": 1}}, "external_id", "one value"),
        ({"custmer": "c1"}, "custmer", "no such field. Choose from: external_id, customer"),
        ({"order_id": "c1"}, "order_id", "no such field"),
        ({"reverses": "o99"}, "reverses", "There is no order"),
        ({"lines": []}, "lines", "at least one"),
        ({"lines": None}, "lines", "at least one"),
        ({"lines": {"sku": "p1"}}, "lines", "at least one"),
        ({"lines": ["p1"]}, "lines[0]", "object"),
        ({"lines": [{"sku": "p9", "quantity": 1, "amount": 1}]}, "lines[0].sku", "There is no product"),
        ({"lines": [{"sku": "p1", "amount": 1}]}, "lines[0].quantity", "Fill in quantity"),
        ({"lines": [{"sku": "p1", "quantity": 1, "amount": [1]}]}, "lines[0].amount", "one value"),
        ({"lines": [{"sku": "p1", "quantity": 1, "amount": 1, "tax": 1}]}, "lines[0].tax", "no such field"),
        ({"lines": [{"sku": "p1", "quantity": 1, "amount": 1, "discount": -1}]}, "lines[0].discount", "0"),
        ({"lines": [{"sku": "p1", "quantity": 1, "amount": 1e300}]}, "lines[0].amount", "number"),
    ],
)
def test_a_wrong_order_is_refused_at_its_field(api, shop, changes, field, words):
    body = upsert(api, "orders", order(**changes))
    assert statuses(body) == ["rejected"]
    assert list(reasons(body)) == [field]
    assert words in reasons(body)[field]
    assert not Order.objects.exists()


def test_rows_keep_their_numbers_when_one_before_them_was_refused(api):
    rows = [{"external_id": "", "name": "?"}, {"external_id": "a", "name": "Ada"}, {"external_id": "a", "name": "Bo"}]
    body = upsert(api, "customers", *rows, "nonsense")
    assert statuses(body) == ["rejected", "created", "rejected", "rejected"]
    assert reasons(body, 3) == {"external_id": "row 2 gives other values for the same external_id. Keep one of them."}
    assert reasons(body, 4) == {"": "Each row is an object with named fields."}


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "rows", "at least one row"),
        ({"rows": []}, "rows", "at least one row"),
        ({"rows": {"external_id": "a"}}, "rows", "at least one row"),
        ({"rows": [{"external_id": str(number)} for number in range(1001)]}, "rows", "at most 1,000"),
        ({"rowz": []}, "rowz", "no such field"),
    ],
)
def test_a_batch_that_is_none_is_refused(api, body, field, words):
    response = api.post("/api/v1/customers/batch-upsert", body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field
    assert words in response.json()["errors"][0]["reason"]


def test_one_thousand_rows_are_welcome(api):
    body = upsert(api, "customers", *({"external_id": str(number)} for number in range(1000)))
    assert body["counts"]["created"] == 1000


def test_the_call_is_kept_as_an_import_with_its_refused_rows(api):
    upsert(api, "customers", {"external_id": "a", "joined_on": "soon"}, {"external_id": "b", "joined_on": None})
    run = IngestRun.objects.get()
    assert (run.source, run.n_created, run.n_rejected) == ("API, marketer", 1, 1)
    assert run.rejected_rows.get().value == "soon"


def test_one_customer_is_created_and_answered_as_it_is_read(api):
    response = api.post("/api/v1/customers", {"external_id": " a ", "name": "Ada"})
    assert response.status_code == 201
    assert response.json() == api.get("/api/v1/customers/a").json()


@pytest.mark.parametrize("name", ["Ada", "Bo"])
def test_creating_what_is_there_changes_nothing(api, name):
    Customer.objects.create(external_id="a", name="Ada")
    response = api.post("/api/v1/customers", {"external_id": "a", "name": name})
    assert response.status_code == 409
    assert response.json()["detail"] == "external_id “a” is already there. Use batch-upsert to change it."
    assert Customer.objects.get().name == "Ada"


def test_one_wrong_order_is_a_problem_that_names_the_field(api, shop):
    response = api.post("/api/v1/orders", order(customer="nobody"))
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "customer"
    assert api.post("/api/v1/orders", order()).status_code == 201
    assert len(api.get("/api/v1/orders/o1").json()["lines"]) == 2


def test_a_body_that_is_no_object_is_refused(api):
    response = api.post("/api/v1/customers", ["a"])
    assert response.status_code == 400
    assert response.json()["detail"] == "Each row is an object with named fields."


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["o1", "o2"]),
        ("customer=c1", ["o1"]),
        ("external_id=o1,o2", ["o1", "o2"]),
        ("since=2017-11-02T00:00:00Z", ["o2"]),
        ("until=2017-11-02T00:00:00Z", ["o1"]),
        ("channel=web", []),
    ],
)
def test_orders_are_filtered(api, shop, query, expected):
    Customer.objects.create(external_id="c2")
    upsert(api, "orders", order(), order(external_id="o2", customer="c2", ordered_at="2017-11-02T12:00:00Z"))
    found = api.get(f"/api/v1/orders?{query}").json()["results"]
    assert sorted(row["external_id"] for row in found) == expected  # rows of one call have no order among themselves
