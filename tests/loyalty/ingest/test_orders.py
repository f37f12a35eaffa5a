"""Orders fill two tables from one file, and are taken whole or not at all."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from loyalty.models import Category, Customer, Order, OrderLine, Product

pytestmark = pytest.mark.django_db
HEADING = "order_id,customer_id,ordered_at,sku,quantity,amount"
TWO = f"{HEADING}\nO1,A,2017-07-01 10:00,1,2,3.00\nO1,A,2017-07-01 10:00,2,1,1.25\nO2,,2017-07-02T10:00:00Z,1,1,1.50\n"
UNKNOWN = "There is no product with this key. Import the product first, or correct the key."
WAITS = (
    "Another row of this order (line 3) was refused, so the whole order waits. "
    "Correct that row and upload the order again."
)


@pytest.fixture(autouse=True)
def shop():
    Customer.objects.create(external_id="A")
    Product.objects.create(sku="1", name="Tea", currency="USD")
    Product.objects.create(sku="2", name="Milk", currency="USD")


def test_rows_of_one_order_become_its_lines(take):
    assert take("orders", TWO).counts == (3, 0, 0, 0)

    order = Order.objects.get(external_id="O1")
    assert [(line.line_number, line.product.sku, line.amount) for line in order.lines.all()] == [
        (1, "1", Decimal("3.00")),
        (2, "2", Decimal("1.25")),
    ]
    assert Order.objects.get(external_id="O2").customer is None


def test_a_time_without_a_zone_is_the_shop_s_and_that_is_said(take):
    taken = take("orders", TWO, zone="America/New_York")

    assert Order.objects.get(external_id="O1").ordered_at == datetime(2017, 7, 1, 14, tzinfo=UTC)
    assert Order.objects.get(external_id="O2").ordered_at == datetime(2017, 7, 2, 10, tzinfo=UTC)
    assert "2 rows hold times without a zone; they were read as times in America/New_York." in taken.run.note


def test_the_same_file_twice_changes_nothing(take):
    take("orders", TWO)
    before = list(OrderLine.objects.order_by("pk").values())

    assert take("orders", TWO).counts == (0, 0, 3, 0)
    assert list(OrderLine.objects.order_by("pk").values()) == before


def test_a_changed_line_is_changed_and_a_changed_order_counts_once(take):
    take("orders", TWO)

    assert take("orders", TWO.replace("1.25", "1.75")).counts == (0, 1, 2, 0)
    assert take("orders", TWO.replace("1.25", "1.75").replace("07-02T10", "07-02T11")).counts == (0, 1, 2, 0)
    assert OrderLine.objects.get(product__sku="2").amount == Decimal("1.75")


def test_an_order_with_a_faulty_line_waits_whole(take):
    taken = take("orders", TWO.replace(",2,1,1.25", ",77,1,1.25"))

    assert taken.refusals == [(2, "order_id", WAITS), (3, "sku", UNKNOWN)]
    assert taken.counts == (1, 0, 0, 2)
    assert list(Order.objects.values_list("external_id", flat=True)) == ["O2"]


def test_an_order_waits_also_for_a_line_that_could_not_be_read(take):
    taken = take("orders", TWO.replace("1.25", "cheap"))

    assert [(line, column) for line, column, _ in taken.refusals] == [(2, "order_id"), (3, "amount")]
    assert not Order.objects.filter(external_id="O1").exists()


def test_an_unknown_product_is_made_when_asked_for(take):
    taken = take("orders", TWO.replace(",2,1,1.25", ",77,1,1.25"), unknown_products="create")

    assert taken.counts == (3, 0, 0, 0)
    assert not Product.objects.get(sku="77").is_catalogued


def test_one_order_of_two_customers_is_refused(take):
    Customer.objects.create(external_id="B")
    taken = take("orders", TWO.replace("O1,A,2017-07-01 10:00,2", "O1,B,2017-07-01 10:00,2"))

    assert [line for line, _, _ in taken.refusals] == [2, 3]
    assert taken.refusals[1][2] == "Line 2 gives other values for the same order_id. Keep one of them."


def test_a_return_names_the_order_it_reverses_even_further_down(take):
    rows = f"{HEADING},reverses\nR1,A,2017-07-03,1,-1,-1.50,O9\nO9,A,2017-07-01,1,1,1.50,\n"

    assert take("orders", rows).counts == (2, 0, 0, 0)
    assert Order.objects.get(external_id="R1").reverses.external_id == "O9"
    assert take("orders", rows).counts == (0, 0, 2, 0)


def test_a_return_of_an_unknown_order_is_refused(take):
    taken = take("orders", f"{HEADING},reverses\nR1,A,2017-07-03,1,-1,-1.50,O9\n")

    assert [column for _, column, _ in taken.refusals] == ["reverses"]
    assert not Order.objects.exists()


def test_lines_keep_the_numbers_the_file_gives_them(take):
    take("orders", f"{HEADING},line_number\nO1,A,2017-07-01,1,1,1,20\nO1,A,2017-07-01,2,1,1,10\n")

    assert dict(OrderLine.objects.values_list("line_number", "product__sku")) == {20: "1", 10: "2"}


PRICED = "order_id,customer_id,ordered_at,sku,quantity,unit_price,amount"


def test_an_amount_left_empty_is_quantity_times_unit_price(take):
    rows = f"{PRICED}\nO1,A,2017-07-01,1,3,0.333,\nO1,A,2017-07-01,2,2,9.99,5.00\nC1,A,2017-07-02,1,-3,0.333,\n"

    assert take("orders", rows).counts == (3, 0, 0, 0)
    assert list(OrderLine.objects.order_by("order__external_id", "line_number").values_list("amount", flat=True)) == [
        Decimal("-1.00"),
        Decimal("1.00"),
        Decimal("5.00"),
    ]


def test_a_line_with_neither_amount_nor_unit_price_is_refused(take):
    taken = take("orders", f"{PRICED}\nO1,A,2017-07-01,1,3,,\nO2,A,2017-07-01,1,999999999,9999999,\n")

    assert [(line, column) for line, column, _ in taken.refusals] == [(2, "amount"), (3, "amount")]
    assert taken.refusals[0][2].startswith("Fill in amount, or quantity and unit_price")
    assert taken.refusals[1][2].startswith("quantity and unit_price together make more than can be kept.")


def test_minutes_that_differ_within_a_day_become_the_earliest_and_that_is_said(take):
    rows = TWO.replace("O1,A,2017-07-01 10:00,2", "O1,A,2017-07-01 09:58,2")
    taken = take("orders", rows)

    assert taken.counts == (3, 0, 0, 0)
    assert Order.objects.get(external_id="O1").ordered_at.minute == 58
    assert "1 order holds several times of one day; the earliest was taken." in taken.run.note
    assert take("orders", rows).counts == (0, 0, 3, 0)


@pytest.mark.parametrize("other", ["2017-07-02 10:00", "2017-07-01 23:59"])
def test_one_order_on_two_days_of_the_shop_is_refused(take, other):
    taken = take("orders", TWO.replace("O1,A,2017-07-01 10:00,2", f"O1,A,{other}-09:00,2"), zone="UTC")

    assert taken.counts == (1, 0, 0, 2)


def test_an_order_sent_again_with_fewer_lines_has_fewer_lines(take):
    take("orders", TWO)
    taken = take("orders", TWO.replace("O1,A,2017-07-01 10:00,2,1,1.25\n", ""))

    assert taken.counts == (0, 1, 1, 0)
    assert "Order lines: 0 added, 0 changed, 1 gone" in taken.run.note
    assert set(OrderLine.objects.values_list("order__external_id", "product__sku")) == {("O1", "1"), ("O2", "1")}


def test_lines_of_an_order_that_is_not_sent_stay(take):
    take("orders", TWO)

    assert take("orders", f"{HEADING}\nO2,,2017-07-02T10:00:00Z,1,1,1.50\n").counts == (0, 0, 1, 0)
    assert OrderLine.objects.count() == 3


def test_an_order_with_a_refused_line_loses_none(take):
    take("orders", TWO)
    assert take("orders", TWO.replace("2,1,1.25", "77,1,1.25")).counts == (0, 0, 1, 2)
    assert OrderLine.objects.count() == 3


def test_another_line_number_is_a_line_more_and_a_line_less(take):
    numbered = f"{HEADING},line_number\nO1,A,2017-07-01,1,1,1,%d\n"
    take("orders", numbered % 1)

    assert take("orders", numbered % 2).counts == (1, 0, 0, 0)
    assert list(OrderLine.objects.values_list("line_number", flat=True)) == [2]


def test_what_an_order_says_of_an_unknown_product_is_kept(take):
    rows = (
        f"{HEADING},product_name,product_category\n"
        "O1,A,2017-07-01,77,1,1,Green tea,Drinks > Tea\n"
        "O2,A,2017-07-01,77,1,1,Green tea,Drinks > Tea\n"
        "O3,A,2017-07-01,77,1,1,GREEN TEA?,\n"
        "O4,A,2017-07-01,1,1,1,Another name,Elsewhere\n"
    )
    taken = take("orders", rows, unknown_products="create")

    assert taken.counts == (4, 0, 0, 0)
    made = Product.objects.get(sku="77")
    assert (made.name, made.category.path, made.is_catalogued) == ("Green tea", "Drinks > Tea", False)
    assert (Product.objects.get(sku="1").name, Category.objects.filter(path="Elsewhere").exists()) == ("Tea", False)
    assert take("orders", rows, unknown_products="create").counts == (0, 0, 4, 0)


def test_an_unknown_customer_is_made_when_asked_for(take):
    taken = take("orders", TWO.replace("O1,A", "O1,Z"), unknown_customers="create")

    assert taken.counts == (3, 0, 0, 0)
    assert Customer.objects.get(external_id="Z").name == ""
    assert "1 unknown customer key comes with a new customer." in taken.run.note
