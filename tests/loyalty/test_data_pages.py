"""The page Data: what is there, what is missing, and the newest imports."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.models import Customer, IngestRun, Order, OrderLine, Product
from loyalty.queries.audit import data_audit
from loyalty.services.sales import add_up_sales

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, marketer):
    client.force_login(marketer)
    return client


def text_of(response):
    return response.content.decode()


def make_run(at, **values):
    return IngestRun.objects.create(**{"kind": "customers", "source": "people.csv", "started_at": at, **values})


def make_orders(at, n=3):
    product = Product.objects.create(sku="p1", name="Tea", currency="USD")
    customer = Customer.objects.create(external_id="c1")
    for number in range(n):
        order = Order.objects.create(
            external_id=f"o{number}", customer=customer, ordered_at=at - timedelta(weeks=2 * number), currency="USD"
        )
        OrderLine.objects.create(order=order, line_number=1, product=product, quantity=1, amount=2)
    add_up_sales()


def n_queries(browser, url):
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(url).status_code == 200
    return len(queries)


def test_an_empty_shop_is_told_what_to_import_first(browser):
    page = text_of(browser.get(reverse("data")))
    assert "Nothing imported yet" in page
    assert "data-chart" not in page


def test_the_page_needs_no_more_queries_for_more_imports(browser, at, marketer):
    make_orders(at)
    for _ in range(2):
        make_run(at, started_by=marketer)
    before = n_queries(browser, reverse("data"))
    for _ in range(8):
        make_run(at, started_by=marketer)
    assert n_queries(browser, reverse("data")) == before


def test_the_audit_counts_what_is_there_and_what_is_not(at):
    make_orders(at)
    Product.objects.create(sku="p2", name="Salt", currency="USD", price=2, is_catalogued=False)
    audit = data_audit([Customer, Product, Order])
    assert {size.name: size.n_rows for size in audit.sizes} == {"Customers": 1, "Products": 2, "Orders": 3}
    assert audit.density == 1.0
    assert audit.orders_a_customer == 3.0
    assert audit.n_unknown_products == 1
    assert {gap.column: gap.share for gap in audit.gaps if gap.table == "Products"}["price"] == 0.5


def test_the_audit_finds_weeks_without_orders_and_orders_that_stand_there_twice(at):
    make_orders(at)
    twin = Order.objects.get(external_id="o0")
    Order.objects.create(
        external_id="o0 again", customer=twin.customer, ordered_at=twin.ordered_at, store=twin.store, currency="USD"
    )
    audit = data_audit([Order])
    assert [week.n_orders > 0 for week in audit.weeks] == [True, False, True, False, True]
    assert audit.n_repeated_orders == 1


def test_a_filled_shop_is_drawn(browser, at):
    make_orders(at)
    page = text_of(browser.get(reverse("data")))
    assert "2 of 5 weeks have none" in page
    assert "Most of all products’" in page


def test_the_newest_imports_are_shown_and_no_more(browser, at):
    for number in range(7):
        make_run(at, source=f"file-{number}.csv")
    page = text_of(browser.get(reverse("data")))
    assert [f"file-{number}.csv" in page for number in range(7)] == [False, False, True, True, True, True, True]
    assert reverse("imports") in page
