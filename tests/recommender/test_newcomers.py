"""Customers who bought nothing and products that nobody bought: they are on lists, for a reason that is named."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from loyalty.models import Category, Customer, Order, OrderLine, Product
from loyalty.services.progress import QuietProgress
from recommender import registry
from recommender.engine.artefacts import save
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.frequency import PersonalFrequency
from recommender.models import Recommendation, ScoringRun, Shortlist
from recommender.queries.interactions import interactions_frame, purchases_until
from recommender.queries.newcomers import new_products
from recommender.services import newcomers
from recommender.services.online import served_recommendations
from recommender.services.scoring import score_customers
from tests.rows import make_version

AT = datetime(2024, 7, 1, tzinfo=UTC)
N_CUSTOMERS, N_PRODUCTS = 24, 30
pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(settings, tmp_path):
    """The young buy the even products, which are on the shelf of toys; the old the odd ones. Income says the same."""
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    rng = np.random.default_rng(3)
    shelves = [Category.objects.create(path=name, name=name) for name in ("Toys", "Tools")]
    products = [
        Product.objects.create(sku=f"p{n}", name=f"P{n}", category=shelves[n % 2], currency="USD")
        for n in range(N_PRODUCTS)
    ]
    Product.objects.update(created_at=AT - timedelta(days=400))
    for number in range(N_CUSTOMERS):
        age, income = [("19-24", "Under 15K"), ("65+", "250K+")][number % 2]
        customer = Customer.objects.create(external_id=f"c{number}", age_group=age, income_band=income)
        for visit in range(8):
            places = rng.choice(N_PRODUCTS // 2, 3, replace=False)
            order = Order.objects.create(
                external_id=f"{number}-{visit}",
                customer=customer,
                ordered_at=AT - timedelta(days=200 - 20 * visit),
                currency="USD",
            )
            for line, place in enumerate(places, start=1):
                product = products[2 * int(place) + number % 2]
                OrderLine.objects.create(order=order, line_number=line, product=product, quantity=1, amount=1)
    return products


@pytest.fixture
def version(shop, settings):
    frame = interactions_frame(purchases_until(AT))
    learnt = PersonalFrequency().fit(InteractionMatrix.from_frame(frame, until=AT)).to_artefact()
    files = {"artefact": "frequency", "artefact_sha256": save(learnt, settings.ARTEFACT_DIR / "frequency")}
    return make_version(1, alias="champion", algorithm="personal_frequency", **files)


def score(version, at=AT):
    everybody = list(Customer.objects.values_list("pk", flat=True))
    return score_customers(version, everybody, 10, as_of=AT, at=at, report=QuietProgress())


def is_toy(sku):
    return int(sku[1:]) % 2 == 0


def test_who_bought_nothing_is_shown_what_customers_of_the_same_age_buy(version):
    newcomer = Customer.objects.create(external_id="new", age_group="19-24")
    score(version)

    rows = list(Recommendation.objects.filter(customer=newcomer).select_related("product"))
    served = served_recommendations(newcomer, "product_page", AT)

    assert len(rows) == 10
    named = [row.product.sku for row in rows if row.reason == "Customers of 19-24 buy it more often than others."]
    # A dozen customers are few to be sure, so that a part of the list is what most buy.
    assert len(named) > 5
    assert all(is_toy(sku) for sku in named)
    assert (served.source, served.version) == ("traits", None)
    assert [(one.product.sku, one.reason) for one in served.items] == [(r.product.sku, r.reason) for r in rows][:8]


def test_who_registers_after_the_run_gets_the_same_list_at_once(version, django_assert_max_num_queries):
    before = Customer.objects.create(external_id="before", age_group="65+")
    score(version)
    after = Customer.objects.create(external_id="after", age_group="65+")

    known = served_recommendations(before, "home", AT)  # which also prepares this connection's questions

    with django_assert_max_num_queries(6):
        served = served_recommendations(after, "home", AT)

    assert served.source == known.source == "traits"
    assert [(one.product, one.reason) for one in served.items] == [(one.product, one.reason) for one in known.items]
    assert not is_toy(served.items[0].product.sku)


def test_once_they_buy_it_is_their_purchases_that_speak(version, shop):
    newcomer = Customer.objects.create(external_id="new", age_group="65+")
    score(version)
    order = Order.objects.create(external_id="first", customer=newcomer, ordered_at=AT, currency="USD")
    OrderLine.objects.create(order=order, line_number=1, product=shop[0], quantity=1, amount=1)

    served = served_recommendations(newcomer, "product_page", AT)

    assert served.source == "neighbours"
    assert is_toy(served.items[0].product.sku)
    assert served.items[0].reason == "Goes with “P0”, which was bought before."


def test_of_whom_nothing_is_known_popularity_speaks(version):
    stranger = Customer.objects.create(external_id="new")
    score(version)

    served = served_recommendations(stranger, "product_page", AT)
    row = Recommendation.objects.filter(customer=stranger).select_related("product").first()

    assert served.source == "popularity"
    assert (served.items[0].product.sku, served.items[0].reason) == (row.product.sku, row.reason)
    assert row.reason.startswith("New to this customer; ")


def test_income_and_gender_say_nothing_unless_the_shop_says_so(version, settings):
    rich = Customer.objects.create(external_id="rich", income_band="250K+", gender="F")
    score(version)
    assert served_recommendations(rich, "home", AT).source == "popularity"

    settings.COLD_START_TRAITS = ["income_band"]
    score(version, at=AT + timedelta(hours=1))
    served = served_recommendations(rich, "home", AT)
    assert served.items[0].reason == "Customers with income band “250K+” buy it more often than others."


def test_damaged_files_fail_no_request(version):
    score(version)
    ScoringRun.objects.update(cold_start_sha256="0" * 64)
    newcomer = Customer.objects.create(external_id="new", age_group="19-24")

    assert served_recommendations(newcomer, "home", AT).source == "popularity"


@pytest.fixture
def launched(shop, version, monkeypatch):
    """A toy that is in the catalogue since yesterday; nobody has bought it."""
    monkeypatch.setattr(newcomers, "TOLD_SHARE", 0.25)
    Product.objects.create(sku="p100", name="Robot", category=shop[0].category, currency="USD")
    Product.objects.filter(sku="p100").update(created_at=AT - timedelta(days=1))
    return Product.objects.get(sku="p100")


def test_a_product_nobody_bought_reaches_those_it_suits_in_the_last_place_of_ten(launched, version):
    score(version)

    rows = Recommendation.objects.filter(product=launched).select_related("customer")
    listed = Shortlist.objects.filter(new_ids=[launched.pk])

    assert 0 < len(rows) <= N_CUSTOMERS // 4
    assert {row.rank for row in rows} == {10}
    assert {row.customer.age_group for row in rows} == {"19-24"}
    assert rows[0].reason.startswith("New in the shop, and like “P")
    assert {one.customer_id for one in listed} == {row.customer_id for row in rows}
    served = served_recommendations(rows[0].customer, "product_page", AT, k=10)
    assert {one.product.sku: one.reason for one in served.items}["p100"] == rows[0].reason


def test_what_came_with_the_first_catalogue_is_not_new(shop, launched):
    frame = interactions_frame(purchases_until(AT))

    assert new_products(frame, as_of=AT, at=AT).tolist() == [launched.pk]
    assert new_products(frame, as_of=AT, at=AT + timedelta(days=60)).tolist() == []


def test_in_a_shop_without_a_past_nothing_is_new(shop):
    Order.objects.update(ordered_at=AT - timedelta(days=3))

    assert new_products(interactions_frame(purchases_until(AT)), as_of=AT, at=AT).tolist() == []


def test_files_of_forgotten_runs_go(version, settings):
    score(version)
    kept = ScoringRun.objects.get()
    registry.forget_run_files(keep=[kept.neighbours])

    assert not (settings.ARTEFACT_DIR / kept.cold_start).exists()
    assert (settings.ARTEFACT_DIR / kept.neighbours).exists()
