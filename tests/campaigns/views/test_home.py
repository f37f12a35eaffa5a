from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from campaigns.models import Campaign
from campaigns.queries.home import checklist, comparison, last_midnight, weeks_until
from loyalty.models import Job
from loyalty.queries.orders import data_horizon
from loyalty.services.sales import add_up_sales
from tests.campaigns.shop import open_shop
from tests.rows import AT, fill, make_order, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def logged_in(client, marketer, settings):
    settings.TIME_ZONE = "UTC"
    client.force_login(marketer)


def test_an_empty_shop_is_shown_the_way(client):
    text = client.get(reverse("home")).content.decode()

    assert "0 of 4 done" in text
    assert "No orders yet." in text
    assert "data-chart" not in text


def test_a_shop_with_orders_sees_figures_charts_and_campaigns(client):
    shop = open_shop()
    add_up_sales()

    response = client.get(reverse("home"))

    text = response.content.decode()
    assert response.context["chart"].table.rows
    assert len(response.context["receptions"]) == 6
    assert shop.next_campaign.name in text
    assert 'class="done"' in text
    assert "1 of 4 done" in text


@pytest.mark.parametrize(("asked", "days"), [("7", 7), ("91", 91), ("", 28), ("9999", 28), ("x", 28)])
def test_the_span_of_time_is_in_the_address(client, asked, days):
    open_shop(n_campaigns=1)
    add_up_sales()

    response = client.get(reverse("home"), {"days": asked})

    period = response.context["compared"].now
    assert response.context["days"] == days
    assert period.until - period.since == timedelta(days=days)


def order_at(number, moment, customer=None):
    order = make_order(number, customer, make_product(number))
    order.ordered_at = moment
    order.save()


def test_figures_are_compared_with_the_span_before():
    until = datetime(2017, 6, 1, tzinfo=UTC)
    for number, days_before in enumerate([1, 2, 6, 8, 20]):
        order_at(number, until - timedelta(days=days_before))
    order_at(9, until)
    add_up_sales()

    compared = comparison(until, 7)

    # Three orders of 5 against one; the one at `until` itself belongs to the next span.
    assert (compared.now.sales.n_orders, compared.before.sales.n_orders) == (3, 1)
    assert compared.changes["revenue"] == pytest.approx(2.0)
    assert compared.changes["average_order_value"] == pytest.approx(0.0)


def test_nothing_before_gives_no_change():
    until = datetime(2017, 6, 1, tzinfo=UTC)
    order_at(1, until - timedelta(days=1))
    add_up_sales()

    assert set(comparison(until, 7).changes.values()) == {None}


def test_the_redemption_rate_counts_people_once():
    shop = open_shop()
    campaign = shop.campaigns[0]
    took = campaign.redemptions.values("customer").distinct().count()

    compared = comparison(campaign.ends_at, (campaign.ends_at - campaign.starts_at).days)

    assert compared.now.redeeming.n_took == took > 0
    assert compared.now.redeeming.n_reached == campaign.audience.members.count()


def test_begun_days_and_weeks_are_left_out():
    wednesday = datetime(2017, 6, 7, 15, 30, tzinfo=UTC)
    for number in range(30):
        order_at(number, wednesday - timedelta(days=number))
    add_up_sales()

    until = last_midnight(data_horizon())
    weeks = weeks_until(until)

    assert until == datetime(2017, 6, 7, tzinfo=UTC)
    # The first order was on 9 May, a Tuesday: that week had begun without us.
    assert [week.starts_on.isoformat() for week in weeks] == ["2017-05-15", "2017-05-22", "2017-05-29"]
    assert {week.n_orders for week in weeks} == {7}


def test_imported_campaigns_are_not_launched_by_us(marketer):
    shop = open_shop(n_campaigns=1)
    assert not checklist(has_orders=True)[-1].is_done

    Campaign.objects.filter(pk=shop.campaigns[0].pk).update(created_by=marketer)

    assert checklist(has_orders=True)[-1].is_done


def test_a_failed_job_is_told(client):
    Job.objects.create(task="loyalty.ingest", label="Import", state="failed", created_at=datetime.now(UTC))

    assert "1 job failed in the last 7 days" in client.get(reverse("home")).content.decode()


def test_more_of_everything_needs_no_more_queries(client, django_assert_max_num_queries):
    fill(3)
    add_up_sales()
    with django_assert_max_num_queries(45) as few:
        client.get(reverse("home"))
    fill(9)
    add_up_sales()
    assert data_horizon() > AT

    with django_assert_max_num_queries(len(few)):
        client.get(reverse("home"))
