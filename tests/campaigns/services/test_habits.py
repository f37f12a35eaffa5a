"""What is kept of everybody's habits is what would be read, for as long as nothing changes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import KnownHabits
from campaigns.queries.reception import customer_habits, reception_features
from campaigns.services import habits as kept
from campaigns.services.habits import habits_of_everybody
from loyalty.models import Customer, OrderLine
from tests.campaigns.shop import DAY, add_order, open_shop

# Only what is committed by others counts as changed, so nothing here may run in one transaction.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop():
    return open_shop(n_campaigns=1)


@pytest.fixture
def as_of(shop):
    return shop.next_campaign.starts_at


def reads_orders(as_of):
    """Whether the orders had to be read."""
    with CaptureQueriesContext(connection) as asked:
        found = habits_of_everybody(as_of=as_of)
    assert found.equals(customer_habits(as_of=as_of))
    return any("bought AS" in query["sql"] for query in asked)


def test_the_second_to_ask_need_not_read_the_orders(shop, as_of):
    assert reads_orders(as_of)
    assert not reads_orders(as_of)
    assert reads_orders(as_of + timedelta(days=1))
    assert not reads_orders(as_of)


@pytest.mark.parametrize("change", ["order", "line", "customer"])
def test_what_is_committed_since_is_seen(shop, as_of, change):
    habits_of_everybody(as_of=as_of)
    if change == "order":
        add_order(shop.customers[0], shop.products[0], as_of - 3 * DAY)
    elif change == "line":
        OrderLine.objects.filter(order__customer=shop.customers[1]).update(amount=99)
    else:
        Customer.objects.create(external_id="new")

    assert reads_orders(as_of)


def test_nothing_is_kept_of_somebody_who_is_gone(shop, as_of):
    gone = Customer.objects.create(external_id="gone")
    for moment in (as_of, as_of + DAY):
        habits_of_everybody(as_of=moment)

    Customer.objects.filter(pk=gone.pk).delete()

    assert gone.pk not in habits_of_everybody(as_of=as_of)["customer_id"].to_pylist()
    assert KnownHabits.objects.count() == 1


def test_features_are_the_same_with_habits_that_were_kept(shop, as_of):
    about = {"campaign_id": shop.next_campaign.pk, "as_of": as_of}
    read = reception_features(**about)

    again = [reception_features(**about, habits=habits_of_everybody(as_of=as_of)) for _ in range(2)]

    assert all((one.values == read.values).all() and one.names == read.names for one in again)


def test_few_moments_are_kept_and_nothing_of_a_large_shop(shop, as_of, monkeypatch):
    for day in range(kept.MOST_MOMENTS + 2):
        habits_of_everybody(as_of=as_of + day * DAY)
    assert KnownHabits.objects.count() == kept.MOST_MOMENTS
    KnownHabits.objects.all().delete()

    monkeypatch.setattr(kept, "MOST_CUSTOMERS", len(shop.customers) - 1)
    habits_of_everybody(as_of=as_of)
    assert not KnownHabits.objects.exists()
