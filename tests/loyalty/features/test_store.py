"""The store: values of a customer whose history is known, no row of the future, one vector however it is asked for."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from loyalty.engine.features import FeatureUnknown
from loyalty.models import Consent, Customer, Interaction, Rating
from loyalty.queries.features import customer_features, feature_list
from loyalty.services.sales import add_up_sales
from tests.loyalty.features.world import CLOSED, OPENED, buy, make_product, moment, open_world

pytestmark = pytest.mark.django_db
AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def values(customer, as_of=AS_OF, names=None):
    return customer_features(as_of=as_of, names=names, customer_ids=[customer.pk]).row(customer.pk)


def same(one, other):
    """To the bit: a float that is not a number equals itself here."""
    return one.keys() == other.keys() and all(np.array(one[k]).tobytes() == np.array(other[k]).tobytes() for k in one)


@pytest.fixture
def customer(db):
    return Customer.objects.create(external_id="c", age_group="19-24")


@pytest.fixture
def tea(db):
    return make_product("tea", "Tea", "Own")


@pytest.fixture
def bread(db):
    return make_product("bread", "Bread", "Other's")


def test_values_are_those_of_the_orders(customer, tea, bread):
    buy(customer, tea, AS_OF - 40 * DAY, 30, quantity=2, channel="online")
    order = buy(customer, bread, AS_OF - 10 * DAY, 18, coupon=1, discount=1)
    buy(customer, bread, AS_OF - 5 * DAY, -8, reverses=order, quantity=-1)

    found = values(customer)

    expected = {
        "orders_7": 0, "orders_30": 1, "orders_90": 2, "spend_30": 10, "spend_all": 40, "spend_7": 0, "units_90": 2,
        "basket_value_all": 20, "basket_lines_all": 1, "returns_7": 1, "returns_value_30": 8, "coupon_share_all": 0.5,
        "coupon_discount_30": 1, "discount_share_30": 1 / 12, "recency_days": 10, "tenure_days": 40,
        "gap_mean_days_all": 30, "gap_last_days": 30, "recency_in_gaps": 1 / 3, "orders_per_active_month_all": 1,
        "products_all": 2, "products_30": 1, "categories_all": 2, "brands_all": 2, "channel_share_365:online": 0.5,
        "category_share_all:Tea": 0.75, "category_share_30:Tea": 0, "category_share_30:Bread": 1,
        "brand_share_365:Own": 0.75,
    }  # fmt: skip
    assert {name: pytest.approx(found[name]) for name in expected} == expected


def test_values_are_those_of_what_was_done_and_said(customer, tea, bread):
    def act(kind, days, session, product=tea):
        Interaction.objects.create(
            customer=customer, type=kind, occurred_at=AS_OF - days * DAY, source="web", channel="app",
            session=session, product=product, event_id=f"{kind}{days}",
        )  # fmt: skip

    act("Product Viewed", 20, "s1")
    act("Product Added", 20 - 10 / 1440, "s1")
    act("Product Viewed", 3, "s2", bread)
    act("Products Searched", 2, "")
    buy(customer, tea, AS_OF - 15 * DAY)
    Rating.objects.create(customer=customer, product=tea, kind="explicit", value=0.5, source="web", rated_at=OPENED)
    Consent.objects.create(customer=customer, channel="mail", state="granted", source="form", at=AS_OF - 9 * DAY)
    Consent.objects.create(customer=customer, channel="mail", state="revoked", source="form", at=AS_OF - 8 * DAY)

    found = values(customer)

    expected = {
        "views_30": 2, "views_7": 1, "cart_adds_30": 1, "searches_7": 1, "sessions_all": 2, "session_minutes_30": 5,
        "bought_after_view_share_all": 0.5, "bought_after_view_share_7": 0, "act_channel_share_90:app": 1,
        "ratings_all": 1, "rating_mean_all": 0.5, "ratings_365": 0, "consent:marketing by mail": 0,
        "age_group": "19-24",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert values(customer, AS_OF - 8 * DAY)["consent:marketing by mail"] == 1


def test_who_has_no_history_has_defaults(customer, tea):
    other = Customer.objects.create(external_id="other")
    buy(other, tea, AS_OF - DAY)

    frame = customer_features(as_of=AS_OF)

    found = frame.row(customer.pk)
    assert (found["orders_all"], found["spend_all"], found["category_share_all:Tea"]) == (0, 0, 0)
    assert np.isnan(found["recency_days"])
    assert found["gender"] == ""
    assert frame.row(other.pk)["orders_all"] == 1


def test_days_and_hours_are_those_of_the_shop(customer, tea, settings):
    # Three in the morning of a Monday in London is the Sunday evening in New York.
    buy(customer, tea, datetime(2024, 6, 24, 3, tzinfo=UTC))
    names = ("weekday_share_1_all", "weekday_share_7_all", "daypart_share_18_all", "daypart_share_00_all")
    assert list(values(customer, names=names).values()) == [0, 1, 1, 0]

    settings.TIME_ZONE = "UTC"

    assert list(values(customer, names=names).values()) == [1, 0, 0, 1]


def test_a_thousand_pairs_are_the_same_offline_and_online(db):
    """Here two hundred; a thousand of the demo's are compared by the benchmark."""
    customers, rng = open_world(), np.random.default_rng(2)
    for _ in range(8):
        as_of = moment(rng)
        everybody = customer_features(as_of=as_of)
        for number in rng.choice(len(customers), 25, replace=False):
            alone = values(customers[number], as_of, everybody.names)
            assert same(everybody.row(customers[number].pk), alone)


def test_the_world_has_something_to_say(db):
    """Or the test above compares zeros."""
    open_world()
    frame = customer_features(as_of=CLOSED)
    silent = [one.name for one in frame.features if one.kind != "category" and len(set(frame.numbers(one.name))) == 1]
    of_campaigns = {"campaigns", "redemptions", "offer", "season"}
    assert [name for name in silent if name.partition("_")[0] not in of_campaigns] == []
    assert {"category_share_7:Coffee: beans, 100%", "brand_share_all:Other's"} <= set(frame.names)


def plant_order(customer, product, at, key):
    buy(customer, product, at, 500, coupon=3)


def plant_return(customer, product, at, key):
    buy(customer, product, at, -20, reverses=customer.orders.filter(reverses=None).earliest("ordered_at"))


def plant_new_department(customer, product, at, key):
    buy(customer, make_product(key, f"Department {key}", f"Brand {key}"), at, 9000)


def plant_interaction(customer, product, at, key):
    Interaction.objects.create(
        customer=customer, type="Product Viewed", occurred_at=at, source="planted", event_id=key, session=key,
        channel=key, product=product,
    )  # fmt: skip


def plant_rating(customer, product, at, key):
    Rating.objects.create(customer=customer, product=product, kind="explicit", value=1, source=key, rated_at=at)


def plant_consent(customer, product, at, key):
    Consent.objects.create(customer=customer, purpose=key, channel="sms", state="granted", source="x", at=at)


PLANTS = [plant_order, plant_return, plant_new_department, plant_interaction, plant_rating, plant_consent]


@pytest.mark.parametrize("plant", PLANTS)
def test_a_row_of_the_future_changes_nothing_and_one_of_the_past_does(plant, tea):
    customer = open_world(n_customers=6, n_orders=60)[4]
    before = customer_features(as_of=AS_OF)

    for key, at in (("now", AS_OF), ("later", AS_OF + DAY)):
        plant(customer, tea, at, key)
    after = customer_features(as_of=AS_OF)

    assert after.names == before.names
    assert all(same(after.row(key), before.row(key)) for key in before.customer_ids)
    plant(customer, tea, AS_OF - MOMENT, "past")
    control = customer_features(as_of=AS_OF)
    assert not same(control.row(customer.pk), before.row(customer.pk))


def test_an_unknown_feature_is_named(db):
    with pytest.raises(FeatureUnknown, match="horoscope"):
        customer_features(as_of=AS_OF, names=["horoscope"])


def test_a_name_is_enough_to_be_served_though_its_department_is_large_no_more(customer, tea):
    buy(customer, tea, AS_OF - DAY, 5)
    name = "category_share_30:Coffee"
    assert values(customer, names=[name]) == {name: 0.0}


def test_money_of_another_currency_is_not_added(customer, tea):
    buy(customer, tea, AS_OF - DAY, 5)
    buy(customer, tea, AS_OF - 2 * DAY, 5)
    other = buy(customer, tea, AS_OF - 3 * DAY, 700)
    type(other).objects.filter(pk=other.pk).update(currency="JPY")
    add_up_sales()

    assert values(customer, names=["spend_all", "orders_all"]) == {"spend_all": 10, "orders_all": 2}


def test_every_feature_has_words_for_people(db):
    open_world(n_customers=3, n_orders=9)
    features = feature_list(as_of=CLOSED)
    assert len(features) > 200
    assert all(one.label and one.unit and one.family for one in features)
    assert len({one.name for one in features}) == len(features)
    assert len({(one.label, one.window_days) for one in features}) == len(features)


def test_traits_of_the_person_are_marked(db):
    protected = {one.name for one in feature_list(as_of=AS_OF) if one.is_protected}
    assert protected == {"age_group", "gender", "income_band", "household_type", "household_size", "location"}
