from datetime import timedelta

import numpy as np
import pytest

from campaigns.engine.reasons import FEATURE_NAMES
from campaigns.models import AudienceMember, NewProduct, Redemption
from campaigns.queries.reception import campaign_reception, reception_features
from loyalty.models import Customer
from tests.campaigns.shop import DAY, add_campaign, add_order, open_shop

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def shop():
    return open_shop(n_campaigns=2)


def known(campaign, as_of, audience_id=None):
    return reception_features(campaign_id=campaign.pk, as_of=as_of, audience_id=audience_id)


def value(frame, customer, name):
    row = frame.customer_ids.tolist().index(customer.pk)
    return frame.values[row, FEATURE_NAMES.index(name)]


def plant(shop, at):
    """An order with a coupon on the offered product, a redemption, and a campaign sent, all at `at`."""
    customer, past = shop.customers[5], shop.campaigns[0]
    add_order(customer, shop.products[0], at, coupon=2.0)
    Redemption.objects.create(campaign=past, offer=past.offers.get(), customer=customer, redeemed_at=at)
    add_campaign(f"Other {at}", shop.products[1], starts_at=at, state="running", audience=past.audience)


@pytest.mark.parametrize("later", [timedelta(0), DAY])
def test_rows_at_or_after_as_of_change_nothing(shop, later):
    campaign = shop.next_campaign
    as_of = campaign.starts_at - DAY
    before = known(campaign, as_of)

    plant(shop, as_of + later)

    after = known(campaign, as_of)
    np.testing.assert_array_equal(after.customer_ids, before.customer_ids)
    np.testing.assert_array_equal(after.values, before.values)


def test_rows_just_before_as_of_do_change_it(shop):
    campaign = shop.next_campaign
    as_of = campaign.starts_at - DAY
    before = known(campaign, as_of)

    plant(shop, as_of - MOMENT)

    after, customer = known(campaign, as_of), shop.customers[5]
    for name in ("orders", "coupon_orders", "promoted_lines", "redemptions", "campaigns_received"):
        assert value(after, customer, name) == value(before, customer, name) + 1


def test_training_and_serving_see_the_same(shop):
    campaign = shop.next_campaign
    AudienceMember.objects.filter(audience=campaign.audience, customer__in=shop.customers[50:]).delete()
    as_of = campaign.starts_at - DAY

    everybody, sent = known(campaign, as_of), known(campaign, as_of, campaign.audience_id)

    assert len(sent) == 50
    np.testing.assert_array_equal(
        everybody.take(np.isin(everybody.customer_ids, sent.customer_ids)).values, sent.values
    )


def test_counts_of_one_customer(shop):
    newcomer = Customer.objects.create(external_id="newcomer")
    campaign, as_of = shop.next_campaign, shop.next_campaign.starts_at - DAY
    add_order(newcomer, shop.products[0], as_of - 10 * DAY, coupon=1.5, amount=6.0)
    add_order(newcomer, shop.products[1], as_of - 40 * DAY, amount=2.0)
    add_order(newcomer, shop.products[5], as_of - 100 * DAY, amount=4.0)

    frame = known(campaign, as_of)

    expected = {
        "orders": 3, "orders_90": 2, "orders_30": 1, "spend": 12, "spend_90": 8, "recency_days": 10,
        "coupon_orders": 1, "coupon_discount": 1.5, "promoted_lines": 1, "alike_lines": 2,
        "promoted_share": 0.5, "alike_share": 8 / 12, "campaigns_received": 0,
    }  # fmt: skip
    assert {name: value(frame, newcomer, name) for name in expected} == pytest.approx(expected)


def test_of_a_product_that_is_not_on_sale_its_category_speaks(shop):
    campaign, as_of = shop.next_campaign, shop.next_campaign.starts_at - DAY
    planned = NewProduct.objects.create(
        name="Tea of the mountains", category=shop.products[0].category, price=4, currency="USD", created_at=as_of
    )
    before = known(campaign, as_of)
    campaign.offers.get().offer_products.all().delete()
    nothing = known(campaign, as_of)
    campaign.offers.update(new_product=planned)

    after = known(campaign, as_of)

    customer = shop.customers[0]
    assert value(nothing, customer, "alike_lines") == 0
    assert value(after, customer, "alike_lines") == value(before, customer, "alike_lines") > 0
    assert value(after, customer, "promoted_lines") == 0


def test_customer_without_any_order_is_there_with_zeros(shop):
    silent = Customer.objects.create(external_id="silent")

    frame = known(shop.next_campaign, shop.next_campaign.starts_at)

    assert value(frame, silent, "orders") == 0
    assert value(frame, silent, "recency_days") == 365


def test_demographics_play_no_part(shop):
    before = known(shop.next_campaign, shop.next_campaign.starts_at)

    Customer.objects.update(age_group="65+", income_band="250K+", household_size="5+", gender="f")

    np.testing.assert_array_equal(known(shop.next_campaign, shop.next_campaign.starts_at).values, before.values)


def test_reception_counts_only_the_window(shop):
    campaign = shop.campaigns[0]
    before = campaign_reception(campaign_id=campaign.pk, until=campaign.ends_at)

    for at in (campaign.starts_at - MOMENT, campaign.ends_at):
        Redemption.objects.create(
            campaign=campaign, offer=campaign.offers.get(), customer=shop.customers[0], redeemed_at=at
        )

    after = campaign_reception(campaign_id=campaign.pk, until=campaign.ends_at + 9 * DAY)
    np.testing.assert_array_equal(after.redemptions, before.redemptions)
    assert len(before.customer_ids) == len(shop.customers)
    assert before.redemptions.sum() == campaign.redemptions.count() - 2
