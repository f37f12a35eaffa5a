"""A shop with planted errors: every check finds its own, says so, and changes no fact."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from loyalty.models import (
    Category,
    CleanedValue,
    Customer,
    DataFlag,
    DataReport,
    FlagDecision,
    Interaction,
    Order,
    OrderLine,
    Product,
)
from loyalty.queries.cleaning.values import cleaned_values, products_not_in_pieces
from loyalty.services.inspection import inspect_data
from loyalty.services.progress import QuietProgress

pytestmark = pytest.mark.django_db
AT = datetime(2017, 11, 1, 12, tzinfo=UTC)
Check = DataFlag.Check


def inspect(as_of=AT):
    return inspect_data(as_of=as_of, at=AT, report=QuietProgress())


def flagged(check):
    return set(DataFlag.objects.filter(check_name=check).values_list("record_id", flat=True))


def make_product(sku, **values):
    return Product.objects.create(**{"sku": sku, "name": f"Product {sku}", "currency": "USD", **values})


def make_customer(key, **values):
    return Customer.objects.create(external_id=key, **values)


def sell(key, customer, at, *lines):
    """An order of lines (product, quantity, amount)."""
    order = Order.objects.create(external_id=key, customer=customer, ordered_at=at, currency="USD")
    OrderLine.objects.bulk_create(
        OrderLine(order=order, line_number=number, product=product, quantity=quantity, amount=amount)
        for number, (product, quantity, amount) in enumerate(lines, start=1)
    )
    return order


@pytest.fixture
def shop():
    """Sixty customers, sixty products, an order a day for half a year; nothing is odd about it."""
    rng = np.random.default_rng(5)
    shelf = Category.objects.create(path="Shelf", name="Shelf")
    products = [make_product(f"1{number:03}", category=shelf) for number in range(60)]
    customers = [make_customer(f"c{number}", joined_on=date(2017, 1, 1)) for number in range(60)]
    for day in range(180):
        chosen = rng.choice(60, 5, replace=False)
        lines = [(products[n], int(rng.integers(1, 4)), None) for n in chosen]
        priced = [(product, quantity, quantity * Decimal("2.50")) for product, quantity, _ in lines]
        sell(f"o{day}", customers[day % 60], AT - timedelta(days=200 - day), *priced)
    return products, customers


def test_nothing_is_found_where_nothing_is_odd(shop):
    inspect()
    assert not DataFlag.objects.exists()
    assert DataReport.objects.get().findings["n_flags"] == 0


def test_every_planted_error_is_found_and_nothing_else(shop):
    products, customers = shop
    noon = AT - timedelta(days=10, minutes=7)
    fuel, ham = make_product("9001", name="Unleaded"), make_product("9002", name="Ham")
    postage = make_product("POST", name="Postage")
    rng = np.random.default_rng(1)
    for number in range(20):
        gallons, weight = int(rng.integers(5_000, 20_000)), round(float(rng.uniform(0.2, 2)), 3)
        price = round(float(np.exp(rng.normal(2, 1))), 2)
        parts = ((fuel, gallons, gallons * 0.0025), (ham, weight, weight * 9), (postage, 1, price))
        sell(f"till{number}", customers[number], noon + timedelta(minutes=number), *parts)
    slip = sell("slip", customers[1], noon, (products[0], 5_000, 12_500))
    misread = sell("misread", customers[2], noon, (products[1], 1, 250))
    twice = sell("twice", customers[3], noon, (products[2], 2, 5), (products[3], 1, 2.5), (products[2], 2, 5))
    first = sell("web-1", customers[4], noon, (products[4], 2, 5), (products[5], 1, 2.5))
    again = sell("erp-1", customers[4], noon, (products[5], 1, 2.5), (products[4], 2, 5))
    future = sell("future", customers[5], AT + timedelta(days=30), (products[6], 1, 2.5))
    unix = sell("unix", customers[6], datetime(1970, 1, 1, tzinfo=UTC), (products[7], 1, 2.5))
    early = sell("early", make_customer("late", joined_on=date(2017, 10, 1)), noon - timedelta(days=90))
    ann = make_customer("a1", name="Ann Lee", location="Leeds")
    ann_again = make_customer("a2", name="ann  lee", location="leeds ")
    make_customer("a3", name="Ann Lee", location="York")

    inspect()

    assert flagged(Check.UNIT) == {fuel.pk, ham.pk}
    assert flagged(Check.NON_PRODUCT) == {postage.pk}
    assert slip.lines.get().pk in flagged(Check.QUANTITY)
    assert flagged(Check.PRICE) == {misread.lines.get().pk}
    assert flagged(Check.REPEATED_LINE) == {twice.lines.get(line_number=3).pk}
    assert flagged(Check.REPEATED_ORDER) == {max(first.pk, again.pk)}
    assert flagged(Check.DATE) == {future.pk, unix.pk, early.pk}
    assert flagged(Check.REPEATED_CUSTOMER) == {ann_again.pk}
    assert DataFlag.objects.get(check_name=Check.REPEATED_CUSTOMER).other_id == ann.pk
    units = dict(DataFlag.objects.filter(check_name=Check.UNIT).values_list("record_id", "suggestion"))
    assert units == {fuel.pk: "other", ham.pk: "kg"}


def test_a_reseller_is_found_among_many(shop):
    products, customers = shop
    for number in range(2):
        sell(f"lots{number}", customers[7], AT - timedelta(days=9 + number), (products[number], 300, 750))
    inspect()
    assert flagged(Check.RESELLER) == set()  # usually this customer buys like the others
    for number in range(2, 12):
        sell(f"lots{number}", customers[7], AT - timedelta(days=9 + number), (products[number], 300, 750))
    inspect()
    assert flagged(Check.RESELLER) == {customers[7].pk}


def test_lines_that_are_no_sale_are_sorted_and_counted(shop):
    products, _ = shop
    lines = [(-1, -2.5), (-2, -5), (1, 0), (-3, 0), (1, -4), (0, 3), (0, 0), (0, 0)]
    sell("odd", None, AT - timedelta(days=3), *[(products[0], quantity, amount) for quantity, amount in lines])
    inspect()
    told = DataReport.objects.get().findings["lines"]
    counted = {name: told[name]["n_lines"] for name in told}
    assert counted == {
        "return": 2,
        "gift": 1,
        "correction": 1,
        "adjustment": 2,
        "nothing": 2,
        "nobody": 8,
        "unknown-product": 0,
        "all": 908,
    }


def facts():
    tables = (Customer, Product, Order, OrderLine, Interaction)
    return [list(model.objects.order_by("pk").values()) for model in tables]


def test_no_fact_is_changed_and_the_same_data_twice_change_nothing(shop):
    products, customers = shop
    sell("twice", customers[3], AT - timedelta(days=3), (products[2], 2, 5), (products[2], 2, 5))
    before = facts()
    inspect()
    first = [list(DataFlag.objects.values()), list(CleanedValue.objects.values())]
    inspect()
    assert facts() == before
    assert [list(DataFlag.objects.values()), list(CleanedValue.objects.values())] == first
    assert DataReport.objects.count() == 2


def test_what_was_put_right_is_no_longer_flagged(shop):
    products, customers = shop
    order = sell("twice", customers[3], AT - timedelta(days=3), (products[2], 2, 5), (products[2], 2, 5))
    inspect()
    assert flagged(Check.REPEATED_LINE)
    order.lines.last().delete()
    inspect()
    assert not flagged(Check.REPEATED_LINE)


def test_missing_values_are_filled_beside_the_facts_and_say_how(shop):
    products, _ = shop
    unsold = make_product("2001", category=products[0].category)
    priced = make_product("2002", price="9.99")
    newcomer = make_customer("new")
    sell("new", newcomer, AT - timedelta(days=3), (products[0], 1, 2.5))
    inspect()
    prices = cleaned_values(Product, "price")
    assert (prices[products[0].pk].value, prices[products[0].pk].method) == ("2.50", "median paid")
    assert (prices[unsold.pk].value, prices[unsold.pk].method) == ("2.50", "median of the category")
    assert (prices[priced.pk].value, prices[priced.pk].method) == ("9.99", "")
    assert cleaned_values(Customer, "joined_on")[newcomer.pk].value == "2017-10-29"
    assert cleaned_values(Customer, "age_group")[newcomer.pk].value == "unknown"
    assert cleaned_values(Customer, "age_group")[newcomer.pk].is_imputed
    raw = cleaned_values(Product, "price", cleaned=False)
    assert (raw[unsold.pk].value, raw[priced.pk].value) == (None, "9.99")


def test_a_cost_is_worked_out_from_the_cost_share_of_the_category(shop):
    products, _ = shop
    for product in products[:10]:
        product.price, product.cost = Decimal(4), Decimal(1)
        product.save()
    inspect()
    costs = cleaned_values(Product, "cost")
    assert (costs[products[20].pk].value, costs[products[20].pk].method) == ("0.62", "cost share of the category")


def test_nothing_later_than_its_moment_enters(shop):
    products, customers = shop
    until = AT - timedelta(days=60)
    inspect(as_of=until)
    before = [list(CleanedValue.objects.values()), list(DataFlag.objects.values())]
    told = DataReport.objects.first()
    for number in range(30):
        later = until + timedelta(hours=number)
        sell(f"later{number}", customers[0], later, (products[0], 9_999, 0.01), (products[0], 9_999, 0.01))
    inspect(as_of=until)
    assert [list(CleanedValue.objects.values()), list(DataFlag.objects.values())] == before
    again = DataReport.objects.first()
    assert (again.findings, again.audit["counts"]) == (told.findings, told.audit["counts"])


def test_a_rejected_unit_counts_as_pieces_again(shop):
    _, customers = shop
    ham = make_product("9002", name="Ham")
    for number in range(10):
        sell(f"ham{number}", customers[number], AT - timedelta(days=number + 1), (ham, "0.750", 4))
    inspect()
    assert products_not_in_pieces() == {ham.pk}
    pieces = DataReport.objects.first().findings["totals"]["pieces"]
    FlagDecision.objects.create(
        check_name=Check.UNIT, table="product", record_id=ham.pk, verdict="rejected", decided_at=AT
    )
    assert products_not_in_pieces() == set()
    inspect()
    assert flagged(Check.UNIT) == {ham.pk}
    assert DataReport.objects.first().findings["totals"]["pieces"] == pytest.approx(pieces + 7.5)


def test_an_empty_shop_is_looked_at_too():
    assert inspect()["n_flags"] == 0


def test_large_shops_are_read_a_share_at_a_time(shop, monkeypatch):
    products, customers = shop
    sell("slip", customers[1], AT - timedelta(days=3), (products[0], 5_000, 12_500))
    inspect()
    whole = [list(DataFlag.objects.values()), list(CleanedValue.objects.values())]
    monkeypatch.setattr("loyalty.queries.cleaning.lines.estimated_count", lambda model: 2_100_000)
    inspect()
    assert [list(DataFlag.objects.values()), list(CleanedValue.objects.values())] == whole
