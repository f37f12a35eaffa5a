import pytest
from django.db.models import F

from loyalty.models import Customer
from loyalty.queries.paging import keyset_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def customers():
    # Every name is there twice: the key has to break the tie.
    return Customer.objects.bulk_create(
        [Customer(external_id=f"c{number}", name=f"name {number // 2}") for number in range(10)]
    )


def walk(order, **options):
    pages, cursor = [], ""
    while True:
        page = keyset_page(Customer.objects.all(), order=order, cursor=cursor, size=3, **options)
        pages.append(page)
        if not page.after:
            return pages
        cursor = page.after


@pytest.mark.parametrize("order", ["pk", "-pk", "name", "-name"])
def test_every_row_comes_once_and_in_order(customers, order):
    seen = [row.pk for page in walk(order) for row in page.rows]

    sign = "-" if order.startswith("-") else ""
    assert seen == list(Customer.objects.order_by(order, f"{sign}pk").values_list("pk", flat=True))


@pytest.mark.parametrize("order", ["pk", "-name"])
def test_back_leads_to_the_page_before(customers, order):
    first, second, third, *_ = walk(order)

    back = keyset_page(Customer.objects.all(), order=order, cursor=third.before, size=3)

    assert back.rows == second.rows
    assert keyset_page(Customer.objects.all(), order=order, cursor=back.before, size=3).rows == first.rows
    assert not first.before


def test_a_row_that_comes_in_between_moves_no_other(customers):
    first = keyset_page(Customer.objects.all(), order="name", size=3)
    Customer.objects.create(external_id="new", name="aaa")

    second = keyset_page(Customer.objects.all(), order="name", cursor=first.after, size=3)

    assert [row.external_id for row in second.rows] == ["c3", "c4", "c5"]


@pytest.mark.parametrize("cursor", ["x", "!!", "W10", "bnVsbA", "ZGVtbw", "WyJhIiwibmFtZSIsImEiLCJ4Il0"])
def test_a_cursor_without_sense_begins_at_the_start(customers, cursor):
    assert keyset_page(Customer.objects.all(), order="name", cursor=cursor, size=3).rows[0].external_id == "c0"


def test_a_cursor_of_another_order_begins_at_the_start(customers):
    after = keyset_page(Customer.objects.all(), order="-name", size=3).after

    assert keyset_page(Customer.objects.all(), order="name", cursor=after, size=3).rows[0].external_id == "c0"


def test_a_cursor_with_a_value_of_another_type_begins_at_the_start(customers):
    # ["a","since","no moment",3]
    page = keyset_page(
        Customer.objects.annotate(since=F("created_at")),
        order="since",
        cursor="WyJhIiwic2luY2UiLCJubyBtb21lbnQiLDNd",
        size=3,
    )

    assert page.rows[0].external_id == "c0"


def test_the_last_page_ends(customers):
    assert len(walk("pk")) == 4
    assert len(walk("pk")[-1]) == 1
