"""The look at all features: what was planted tells, what was not says nothing; pages show it in words."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.models import Customer, FeatureFact, FeatureSurvey, Job
from loyalty.queries.feature_pages import said
from loyalty.queries.features import AFTER, feature_list
from loyalty.services.features import NoCustomers, survey_features
from loyalty.services.progress import QuietProgress
from loyalty.tasks import survey_features as task
from tests.loyalty.features.world import buy, make_product

pytestmark = pytest.mark.django_db
AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def shop(db):
    """A hundred and twenty customers; those who used a coupon come again, whatever else they did."""
    rng = np.random.default_rng(5)
    products = [make_product(f"p{n}", ["Tea", "Bread"][n % 2], "Own") for n in range(4)]
    for number in range(120):
        customer = Customer.objects.create(external_id=f"c{number}", age_group=["", "19-24"][number % 2])
        is_keen = number % 3 == 0
        for _ in range(2):
            at = AS_OF - AFTER - float(rng.uniform(1, 200)) * DAY
            buy(customer, products[rng.integers(4)], at, float(rng.uniform(1, 9)), coupon=0.5 if is_keen else 0)
        if is_keen:
            buy(customer, products[0], AS_OF - 9 * DAY, 5)
    return Customer.objects.all()


def look(at):
    survey_features(as_of=AS_OF, at=at, report=QuietProgress())
    return FeatureSurvey.objects.first()


def test_what_tells_comes_first_and_what_does_not_is_said_to_say_nothing(shop, at):
    survey = look(at)

    first, last = survey.facts.first(), survey.facts.last()
    assert (first.family, first.tells, first.position) == ("Discounts and coupons", True, 1)
    assert not last.tells
    assert survey.facts.filter(tells=True, name__startswith="coupon").count() >= 4
    silent = survey.facts.filter(name__in=["spend_all", "age_group", "category_share_all:Tea", "gap_last_days"])
    assert not silent.filter(tells=True).exists()
    assert [(one["name"], one["is_asked"]) for one in survey.outcomes] == [
        ("bought_again", True),
        ("took_an_offer", False),
    ]
    assert survey.outcomes[0]["n_did"] == 40
    assert 0.99 < sum(survey.components["shares"]) <= 1.0001


def test_the_job_looks_once(shop, at):
    job = Job.objects.create(task="loyalty.survey_features", label="Look", params={}, created_at=at)

    task(job.pk)

    job.refresh_from_db()
    assert job.state == "done", job.error
    assert job.summary["n_features"] == FeatureFact.objects.count()
    assert job.summary["n_telling"] > 0
    assert FeatureSurvey.objects.get().job == job


def test_only_the_newest_looks_are_kept(shop, at):
    for number in range(6):
        FeatureSurvey.objects.create(as_of=AS_OF + number * DAY, n_customers=1, created_at=at)
    assert look(at) in FeatureSurvey.objects.all()
    assert FeatureSurvey.objects.count() == 5


def test_without_customers_it_says_so(db, at):
    with pytest.raises(NoCustomers, match="Import customers"):
        look(at)


@pytest.fixture
def browser(client, marketer):
    client.force_login(marketer)
    return client


def text_of(browser, url):
    response = browser.get(url)
    assert response.status_code == 200
    return response.content.decode()


def n_queries(browser, url):
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(url).status_code == 200
    return len(queries)


def test_nobody_looked_yet(browser):
    page = text_of(browser, reverse("features"))
    assert "Nobody has looked at the features yet" in page


def test_a_look_is_asked_for_once(browser):
    for _ in range(2):
        assert browser.post(reverse("features-look")).status_code == 302
    assert Job.objects.get().task == "loyalty.survey_features"


def test_the_page_filters_and_writes_out(shop, at, browser):
    survey = look(at)
    url = reverse("features")

    page = text_of(browser, url)
    assert "What tells of buying again within 30 days?" in page
    assert "How many different things do the features tell?" in page
    assert "Orders with a coupon" in page
    assert "says nothing" in text_of(browser, url + "?show=silent")
    assert "says nothing" not in text_of(browser, url + "?show=telling&q=coupon").split("All features")[1]
    assert "No feature matches" in text_of(browser, url + "?q=horoscope")
    assert "Orders with a coupon" not in text_of(browser, url + "?family=Returns").split("All features")[1]
    written = b"".join(browser.get(url + "?format=csv&window=30").streaming_content).decode()
    assert written.count("\n") == survey.facts.filter(window_days=30).count() + 1


def test_the_page_needs_no_more_queries_for_more_features(shop, at, browser):
    survey = look(at)
    url = reverse("features") + "?show=telling"
    before = n_queries(browser, url)
    FeatureFact.objects.bulk_create(
        FeatureFact(
            survey=survey, position=10_000 + number, name=f"more_{number}", label=f"More {number}", unit="x",
            family="More", kind="number", missing_share=0, tells=True,
            told={"bought_again": {"bits": 0.1, "low": 0, "high": 1, "null_high": 0, "p_value": 0, "tells": True}},
        )
        for number in range(30)
    )  # fmt: skip
    assert n_queries(browser, url) == before


def test_one_customer_is_seen_as_the_models_see_them(shop, at, browser):
    customer = shop[0]
    url = reverse("customer-features", args=[customer.pk])
    assert "Orders with a coupon" in text_of(browser, url)
    look(at)
    page = text_of(browser, url)
    assert "Share of spend on Tea" in page
    assert "365 days" in page
    assert url in text_of(browser, customer.get_absolute_url())
    assert browser.get(reverse("customer-features", args=[0])).status_code == 404


def test_values_are_said_in_words(db):
    by_name = {one.name: one for one in feature_list(as_of=AS_OF)}
    assert said(by_name["spend_all"], 1234.5) == "1,234.50"
    assert said(by_name["coupon_share_all"], 0.25) == "25%"
    assert said(by_name["orders_all"], 3.0) == "3"
    assert said(by_name["recency_days"], float("nan")) == "–"
    assert said(by_name["age_group"], "") == "–"
