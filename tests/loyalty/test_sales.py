from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from loyalty import tasks
from loyalty.models import Customer, CustomerSales, IngestRun, Job, Order, OrderLine, ProductSales
from loyalty.queries.sales import sales_between, sales_by_day, sales_by_week, sales_version
from loyalty.services.sales import add_up_sales, start_adding_up, sums_are_behind
from tests.rows import make_product

pytestmark = pytest.mark.django_db
NIGHT = datetime(2017, 5, 1, 0, 10, tzinfo=UTC)


def sell(number, customer, product, amount, at=NIGHT, currency="USD"):
    order = Order.objects.create(external_id=f"s{number}", customer=customer, ordered_at=at, currency=currency)
    OrderLine.objects.create(order=order, line_number=1, product=product, quantity=1, amount=amount)
    return order


@pytest.fixture
def people():
    return [Customer.objects.create(external_id=f"c{number}") for number in range(3)]


def test_sums_of_customers_and_products(people):
    apple, pear = make_product(1), make_product(2)
    sell(1, people[0], apple, "5.10")
    sell(2, people[0], pear, "0.20", NIGHT + timedelta(days=3))
    sell(3, people[1], apple, "1.00")
    sell(4, None, apple, "2.00")
    sell(5, people[0], apple, "-5.10", NIGHT + timedelta(days=4))

    add_up_sales()

    first = CustomerSales.objects.get(customer=people[0])
    assert (first.spend, first.n_orders, first.first_ordered_at) == (Decimal("0.20"), 3, NIGHT)
    assert not CustomerSales.objects.filter(customer=people[2]).exists()
    sold = ProductSales.objects.get(product=apple)
    # Who was not recognised bought too, but is nobody who could be counted.
    assert (sold.revenue, sold.n_customers) == (Decimal("3.00"), 2)


def test_money_of_two_currencies_is_not_added(people):
    apple = make_product(1)
    sell(1, people[0], apple, "5")
    sell(2, people[0], apple, "5")
    sell(3, people[0], apple, "500", currency="EUR")

    add_up_sales()

    assert CustomerSales.objects.get().spend == 10
    assert sales_version().currency == "USD"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York", "Pacific/Chatham"])
def test_days_add_up_to_the_total_in_every_zone(people, zone):
    apple = make_product(1)
    for number in range(30):
        sell(number, people[0], apple, "1.25", NIGHT + timedelta(minutes=97 * number))
    add_up_sales()

    with override_settings(TIME_ZONE=zone):
        midnight = datetime(2017, 4, 29, tzinfo=ZoneInfo(zone))
        days = sales_by_day(midnight, midnight + timedelta(days=7))
        total = sales_between(midnight, midnight + timedelta(days=7))

    assert sum(revenue for _, revenue, _ in days) == total.revenue == Decimal("37.50")
    assert sum(n for _, _, n in days) == total.n_orders == 30


def test_a_day_is_the_shops_day(people):
    sell(1, people[0], make_product(1), "5")
    add_up_sales()

    with override_settings(TIME_ZONE="America/New_York"):
        assert [day for day, _, _ in sales_by_day(NIGHT - timedelta(days=2), NIGHT + timedelta(days=2))] == [
            date(2017, 4, 30)
        ]


def test_weeks_begin_on_monday(people):
    sell(1, people[0], make_product(1), "5", datetime(2017, 5, 7, 23, 0, tzinfo=UTC))
    add_up_sales()

    weeks = sales_by_week(NIGHT, NIGHT + timedelta(days=10))

    assert weeks == [(date(2017, 5, 1), Decimal("5.00"), 1)]


def test_sums_are_behind_when_records_came_in(people):
    now = timezone.now()
    assert not sums_are_behind(at=now)
    sell(1, people[0], make_product(1), "5")
    assert sums_are_behind(at=now)

    add_up_sales()

    assert not sums_are_behind(at=now)
    IngestRun.objects.create(kind="orders", source="a.csv", started_at=now)
    assert not sums_are_behind(at=now), "sums of a moment ago may be a little behind"
    assert sums_are_behind(at=now + timedelta(minutes=2))


def test_customers_of_a_span_are_counted_once(people):
    apple = make_product(1)
    for number, who in enumerate([people[0], people[0], people[1], None]):
        sell(number, who, apple, "5", NIGHT + timedelta(hours=number))
    sell(9, people[2], apple, "5", NIGHT + timedelta(days=2))
    add_up_sales()

    found = sales_between(NIGHT.replace(minute=0), NIGHT + timedelta(days=1, minutes=5))

    assert (found.n_customers, found.n_orders, found.average_order_value) == (2, 4, Decimal("5"))


@pytest.mark.django_db(transaction=True)
def test_a_page_without_a_broker_shows_the_sums_there_are(client, marketer, people, monkeypatch, caplog):
    def broker_is_away(*args, **options):
        raise OperationalError("Connection refused")

    monkeypatch.setattr(tasks.current_app, "send_task", broker_is_away)
    sell(1, people[0], make_product(1), "5")
    client.force_login(marketer)

    text = client.get(reverse("products")).content.decode()

    assert "are being added up" in text
    assert "job.not_announced" in caplog.text
    assert Job.objects.get().state == "queued", "the row holds the work until the broker is back"


def test_the_job_adds_up_once_for_all_who_asked(people, at):
    sell(1, people[0], make_product(1), "5")
    job = start_adding_up(at=at)
    assert start_adding_up(at=at) is None
    tasks.add_up_sales(job.pk)
    first = sales_version().added_up_at

    second = start_adding_up(at=at)
    tasks.add_up_sales(second.pk)

    assert sales_version().added_up_at == first
    assert [one.summary for one in Job.objects.order_by("pk")] == [{"refreshed": True}, {"refreshed": False}]


def test_only_the_newest_of_these_jobs_are_kept(people, at):
    for _ in range(9):
        tasks.add_up_sales(start_adding_up(at=at).pk)
    assert Job.objects.count() == 6
