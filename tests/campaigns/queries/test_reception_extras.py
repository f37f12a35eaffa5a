from datetime import timedelta

import numpy as np
import pytest

from campaigns.engine.feature_groups import EXTRA_FEATURES, OFFER, TASTE, Extra
from campaigns.models import AudienceMember, Offer
from campaigns.queries.history import finished_campaigns
from campaigns.queries.reception import ALL_KEYS, reception_features
from campaigns.queries.reception_extras import offer_columns, with_extra
from campaigns.services.likeness import spaces_before
from campaigns.services.reception_history import reception_history
from loyalty.models import Category, Customer, Product
from loyalty.services.progress import QuietProgress
from tests.campaigns.shop import DAY, add_order, open_shop

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def shop():
    """The shop's customers buy of three more categories: the first half of one taste, the others of another."""
    shop = open_shop(n_campaigns=2)
    shelves = [Category.objects.create(path=f"Shelf {n}", name=f"Shelf {n}") for n in range(3)]
    sold = [Product.objects.create(sku=f"s{n}", name=f"S{n}", category=shelves[n], currency="USD") for n in range(3)]
    for row, customer in enumerate(shop.customers[:40]):
        add_order(customer, sold[0 if row < 20 else 1], shop.campaigns[0].starts_at - 20 * DAY)
        add_order(customer, sold[2 if row < 20 else 1], shop.campaigns[0].starts_at - 19 * DAY)
    return shop


def known(campaign, as_of, audience_id=None, keys=ALL_KEYS):
    extra = Extra(EXTRA_FEATURES, spaces_before([as_of])[0])
    about = {"campaign_id": campaign.pk, "as_of": as_of, "audience_id": audience_id, "keys": keys}
    return with_extra(reception_features(**about), extra, **about)


def plant(shop, at):
    for customer in shop.customers:
        add_order(customer, Product.objects.get(sku="s1"), at)


@pytest.mark.parametrize("later", [timedelta(0), DAY], ids=["at_that_moment", "a_day_later"])
def test_rows_at_or_after_as_of_change_nothing(shop, later):
    as_of = shop.next_campaign.starts_at - DAY
    before = known(shop.next_campaign, as_of)

    plant(shop, as_of + later)

    np.testing.assert_array_equal(known(shop.next_campaign, as_of).values, before.values)


def test_rows_just_before_as_of_do_change_it(shop):
    as_of = shop.next_campaign.starts_at - DAY
    before = known(shop.next_campaign, as_of).named(TASTE)

    plant(shop, as_of - MOMENT)

    assert not np.allclose(known(shop.next_campaign, as_of).named(TASTE).values, before.values)


def test_an_audience_and_a_range_of_keys_see_what_everybody_sees(shop):
    campaign = shop.next_campaign
    as_of = campaign.starts_at - DAY
    AudienceMember.objects.filter(audience=campaign.audience, customer__in=shop.customers[50:]).delete()
    first, last = shop.customers[30].pk, shop.customers[70].pk

    everybody = known(campaign, as_of)
    some = {
        "audience": known(campaign, as_of, audience_id=campaign.audience_id),
        "range": known(campaign, as_of, keys=(first, last)),
    }

    for frame in some.values():
        among = everybody.take(np.isin(everybody.customer_ids, frame.customer_ids))
        np.testing.assert_array_equal(among.customer_ids, frame.customer_ids)
        np.testing.assert_allclose(among.values, frame.values)


def test_a_history_tells_each_campaign_in_the_tastes_of_its_own_day(shop):
    now = shop.next_campaign.ends_at + DAY
    campaigns = finished_campaigns(now)
    before = reception_history(campaigns, now, QuietProgress(), extra=TASTE)

    plant(shop, campaigns[-1].decided_at)

    after = reception_history(campaigns, now, QuietProgress(), extra=TASTE)
    np.testing.assert_array_equal(after.named(TASTE).customers.values, before.named(TASTE).customers.values)
    assert before.named(TASTE).customers.values.any()


def test_without_anything_more_nothing_is_looked_up(shop, django_assert_num_queries):
    as_of = shop.next_campaign.starts_at - DAY
    customers = reception_features(campaign_id=shop.next_campaign.pk, as_of=as_of)

    with django_assert_num_queries(0):
        same = with_extra(customers, Extra(), campaign_id=shop.next_campaign.pk, as_of=as_of)

    assert same is customers


def test_somebody_without_orders_has_no_taste(shop):
    silent = Customer.objects.create(external_id="silent")

    frame = known(shop.next_campaign, shop.next_campaign.starts_at).named(TASTE)

    assert frame.values[frame.customer_ids.tolist().index(silent.pk)] == 0


def test_what_is_said_of_an_offer(shop):
    campaign = shop.next_campaign
    Offer.objects.filter(campaigns=campaign).update(benefit_percent=20)
    campaign.channel = "email"
    campaign.save()

    said = offer_columns(campaign.pk)

    assert set(said) == set(OFFER)
    expected = {
        "is_percent": 1,
        "percent_off": 2000,
        "is_amount": 0,
        "amount_off": 0,
        "n_products": 1,
        "by_email": 1,
        "by_mail": 0,
    }
    assert {name: said[name] for name in expected} == expected
    turn = np.log1p([said["season_sine"], said["season_cosine"]]) - 1
    assert np.hypot(*turn) == pytest.approx(1)
