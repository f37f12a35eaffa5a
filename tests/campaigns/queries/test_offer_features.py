"""How earlier offers were answered, as the feature store tells it."""

from datetime import timedelta

import numpy as np
import pytest

from campaigns.models import Redemption
from campaigns.queries.reception import reception_features
from loyalty.queries.features import customer_features
from tests.campaigns.shop import DAY, add_campaign, open_shop

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)
NAMES = (
    "campaigns_received_30", "campaigns_received_all", "redemptions_all", "campaigns_taken_share_all",
    "offer_recency_days",
)  # fmt: skip


@pytest.fixture
def shop(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return open_shop(n_campaigns=3)


def known(as_of):
    return customer_features(as_of=as_of, names=NAMES)


def take(campaign, customer, at):
    Redemption.objects.create(campaign=campaign, offer=campaign.offers.get(), customer=customer, redeemed_at=at)


def test_values_are_those_of_the_campaigns(shop):
    customer, campaign = shop.customers[-1], shop.campaigns[1]
    Redemption.objects.filter(customer=customer).delete()
    take(campaign, customer, campaign.starts_at + 2 * DAY)

    found = known(campaign.starts_at + 12 * DAY).row(customer.pk)

    expected = {
        "campaigns_received_30": 1, "campaigns_received_all": 2, "redemptions_all": 1, "campaigns_taken_share_all": 0.5,
        "offer_recency_days": 10,
    }  # fmt: skip
    assert found == expected


@pytest.mark.parametrize("later", [timedelta(0), DAY])
def test_a_redemption_or_a_campaign_of_the_future_changes_nothing(shop, later):
    as_of, customer = shop.campaigns[1].starts_at + DAY, shop.customers[3]
    before = known(as_of)

    take(shop.campaigns[1], customer, as_of + later)
    add_campaign(
        "Later", shop.products[0], starts_at=as_of + later, state="running", audience=shop.campaigns[0].audience
    )

    for name in NAMES:
        np.testing.assert_array_equal(known(as_of).numbers(name), before.numbers(name))


def test_those_of_the_past_change_something(shop):
    as_of, customer = shop.campaigns[1].starts_at + DAY, shop.customers[3]
    before = known(as_of).row(customer.pk)

    take(shop.campaigns[1], customer, as_of - MOMENT)
    add_campaign("Past", shop.products[0], starts_at=as_of - DAY, state="running", audience=shop.campaigns[0].audience)

    after = known(as_of).row(customer.pk)
    assert after["redemptions_all"] == before["redemptions_all"] + 1
    assert after["campaigns_received_all"] == before["campaigns_received_all"] + 1


def test_the_model_of_reception_sees_the_same_customer(shop):
    """It reads its own columns in the pass that looks at the products of the offer: they must not drift apart."""
    campaign, as_of = shop.next_campaign, shop.next_campaign.starts_at - DAY
    seen = reception_features(campaign_id=campaign.pk, as_of=as_of)
    same = {
        "orders": "orders_all", "orders_90": "orders_90", "orders_30": "orders_30", "spend": "spend_all",
        "spend_90": "spend_90", "spend_30": "spend_30", "coupon_order_share": "coupon_share_all",
        "coupon_discount": "coupon_discount_all", "redemptions": "redemptions_all",
        "redemptions_90": "redemptions_90", "campaigns_received": "campaigns_received_all",
    }  # fmt: skip

    stored = customer_features(as_of=as_of, names=list(same.values()))

    np.testing.assert_array_equal(stored.customer_ids, seen.customer_ids)
    for name, ours in same.items():
        theirs = seen.values[:, seen.names.index(name)]
        np.testing.assert_allclose(stored.numbers(ours), theirs, rtol=1e-9, err_msg=name)
