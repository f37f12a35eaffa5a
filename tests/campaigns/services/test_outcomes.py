import pytest

from campaigns.engine.simulation import METRICS
from campaigns.models import Outcome, Redemption
from campaigns.services.outcomes import record_outcomes
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import DAY, add_order, open_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return open_shop(n_campaigns=2)


def counted(campaign, until):
    outcomes = record_outcomes(campaign=campaign, until=until, report=QuietProgress())
    return {outcome.metric: outcome for outcome in outcomes}


def test_counts_what_happened_in_the_window(shop):
    campaign = shop.campaigns[0]
    outcomes = counted(campaign, campaign.ends_at + 99 * DAY)

    taken = campaign.redemptions.all()
    assert list(outcomes) == list(METRICS)
    assert outcomes["reach"].value == 120
    assert outcomes["redemptions"].value == taken.count()
    assert outcomes["redeemers"].value == taken.values("customer").distinct().count()
    assert outcomes["reach"].is_complete


def test_counting_again_replaces_the_count(shop):
    campaign = shop.campaigns[0]
    before = counted(campaign, campaign.ends_at)["redemptions"].value
    Redemption.objects.create(
        campaign=campaign,
        offer=campaign.offers.get(),
        customer=shop.customers[0],
        redeemed_at=campaign.starts_at + DAY / 7,
    )

    counted(campaign, campaign.ends_at)

    assert Outcome.objects.count() == len(METRICS)
    assert Outcome.objects.get(metric="redemptions").value == before + 1


def test_before_the_window_closes_it_is_said_to_be_incomplete(shop):
    campaign = shop.campaigns[0]

    half = counted(campaign, campaign.starts_at + 10 * DAY)

    assert not half["redemptions"].is_complete
    assert half["redemptions"].value < campaign.redemptions.count()


def test_money_is_scaled_from_the_redemptions_found_in_orders_and_says_so(shop):
    campaign = shop.campaigns[0]
    first = campaign.redemptions.first()
    add_order(first.customer, shop.products[0], first.redeemed_at, coupon=2, amount=10)

    outcomes = counted(campaign, campaign.ends_at)

    n = campaign.redemptions.count()
    assert outcomes["revenue"].value == pytest.approx(10 * n)
    assert outcomes["discount_cost"].value == pytest.approx(2 * n)
    assert outcomes["revenue"].note == (
        f"Only 1 of {n} redemptions can be found in an order; the rest are taken to be like them."
    )
