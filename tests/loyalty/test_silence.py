from datetime import timedelta

import pytest
from django.db.models import F

from loyalty.models import (
    Customer,
    Job,
    Order,
    OrderLine,
    Product,
    ProductSilence,
    SilenceReport,
    SilentBuyer,
    SilentCustomer,
)
from loyalty.queries import silence as queries
from loyalty.queries.orders import data_horizon
from loyalty.services import behaviour
from loyalty.services.progress import QuietProgress
from loyalty.services.silence import look_for_silence, put_aside
from tests.loyalty.silent_shop import N_DAYS, OPENED, open_shop

pytestmark = pytest.mark.django_db
END = OPENED + timedelta(days=N_DAYS)


def look(at, as_of=END):
    return look_for_silence(as_of=as_of, at=at, report=QuietProgress())


def visit(customer, days, product):
    for day in days:
        order = Order.objects.create(
            external_id=f"{customer.external_id}-{day}",
            customer=customer,
            ordered_at=OPENED + timedelta(days=day),
            currency="USD",
        )
        OrderLine.objects.create(order=order, line_number=1, product=product, quantity=1, amount=10)


@pytest.fixture
def regular():
    """Somebody who came every two days for forty days, and spent ten a time."""
    customer = Customer.objects.create(external_id="anna")
    visit(customer, range(0, 40, 2), Product.objects.create(sku="tea", currency="USD"))
    return customer


def test_the_product_that_drives_customers_away_is_found_with_its_evidence(at):
    bad = open_shop()

    report = look(at)

    flagged = ProductSilence.objects.get(report=report, is_flagged=True)
    assert flagged.product == bad
    assert flagged.ratio_low > 2
    evidence = list(queries.silent_buyers(report, bad.pk))
    assert len(evidence) == flagged.observed
    assert all(one.gap_days > one.allowed_gap_days and one.n_visits >= 10 for one in evidence)


def test_where_nobody_is_driven_away_no_product_stands_out(at):
    open_shop(share=0.0)

    report = look(at)

    assert report.n_products == 30
    assert not ProductSilence.objects.filter(is_flagged=True).exists()


def test_a_customer_who_stays_away_is_silent_with_what_is_at_stake(at, regular):
    look(at, as_of=OPENED + timedelta(days=75))

    silent = SilentCustomer.objects.get()
    assert (silent.customer, silent.n_visits, silent.gap_days) == (regular, 20, 38)
    assert silent.last_seen_on == (OPENED + timedelta(days=38)).date()
    # One whole month is seen, half a visit a day at ten each; its spread is not.
    assert silent.spend_a_month == pytest.approx(10 * 20 * 30 / 39)
    told = queries.retention_alert()
    assert told is not None
    assert told.at_stake.n_customers == 1
    assert told.at_stake.low < told.at_stake.mid < told.at_stake.high


def test_nothing_that_came_later_is_read(at, regular):
    early = OPENED + timedelta(days=75)
    look(at, as_of=early)
    before = SilentCustomer.objects.values_list("customer", "last_seen_on", "gap_days", "spend_a_month").get()

    # A planted future row: they came back the moment after.
    visit(regular, [75, 80], Product.objects.get())
    look(at, as_of=early)

    assert SilentCustomer.objects.values_list("customer", "last_seen_on", "gap_days", "spend_a_month").get() == before
    # And the same row before the moment does change it.
    look(at, as_of=OPENED + timedelta(days=90))
    assert not SilentCustomer.objects.exists()


def test_who_came_today_is_not_silent(at, regular):
    visit(regular, [75], Product.objects.get())

    look(at, as_of=data_horizon())

    assert not SilentCustomer.objects.exists()


def test_a_return_is_no_visit(at, regular):
    visit(regular, [70], Product.objects.get())
    OrderLine.objects.filter(order__external_id="anna-70").update(quantity=-1, amount=-10)

    look(at, as_of=OPENED + timedelta(days=75))

    assert SilentCustomer.objects.get().gap_days == 38


def test_a_new_report_takes_the_place_of_the_old(at, regular):
    first = look(at, as_of=OPENED + timedelta(days=75))
    second = look(at, as_of=OPENED + timedelta(days=75))

    assert SilenceReport.objects.get() == second != first
    assert SilentCustomer.objects.count() == 1


def test_what_was_put_aside_stays_aside_until_there_is_something_new(at, regular):
    look(at, as_of=OPENED + timedelta(days=75))
    assert put_aside(at=at) == 1
    look(at, as_of=OPENED + timedelta(days=76))
    assert not queries.retention_alert()

    other = Customer.objects.create(external_id="ben")
    visit(other, range(0, 40, 2), Product.objects.get())
    look(at, as_of=OPENED + timedelta(days=76))

    told = queries.retention_alert()
    assert told is not None
    assert told.at_stake.n_customers == 1


def test_only_those_who_just_fell_silent_are_an_alert(at, regular):
    look(at, as_of=OPENED + timedelta(days=150))

    report = queries.newest_report()
    assert queries.silent_customers(report, show=queries.ALL).count() == 1
    assert not queries.silent_customers(report).exists()
    assert not queries.retention_alert()


def test_the_evidence_names_those_who_came_back(at):
    open_shop()

    report = look(at)

    back = SilentBuyer.objects.filter(report=report).exclude(back_on=None)
    assert not back.exclude(back_on__gt=F("bought_on")).exists()
    assert report.n_came_back <= report.n_silences


def test_without_orders_there_is_nothing_to_say(at):
    report = look(at)

    assert (report.n_products, report.n_silences) == (0, 0)
    assert not queries.retention_alert()


def test_reading_is_queued_once_at_a_time(at):
    one = behaviour.start_reading(by=None, at=at)
    other = behaviour.start_reading(by=None, at=at)

    assert one == other
    assert [step.task for step in one.steps.order_by("position")] == [
        behaviour.LOOK_FOR_SILENCE,
        behaviour.DERIVE_RATINGS,
    ]


def test_the_daily_reading_is_due_when_orders_came_in(at, regular):
    horizon = data_horizon()
    assert behaviour.make_due(at=at, horizon=None) is None
    look(at, as_of=horizon)

    assert behaviour.make_due(at=at + timedelta(days=2), horizon=horizon) is None
    later = horizon + timedelta(days=1)
    assert behaviour.make_due(at=at + timedelta(hours=2), horizon=later) is None
    assert behaviour.make_due(at=at + timedelta(days=2), horizon=later) == Job.objects.get(parent=None)
