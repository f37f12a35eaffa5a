"""One version, and two side by side, in the browser."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.services.progress import QuietProgress
from recommender import registry
from recommender.engine.frequency import PersonalFrequency
from recommender.engine.popularity import Popularity
from recommender.models import ModelVersion, Promotion
from recommender.services.training import train_recommenders
from tests.recommender.test_model_pages import EARNS, UNSURE, artefact, browser, publish, text_of
from tests.recommender.test_services import AS_OF, artefact_dir, shop
from tests.rows import make_version

pytestmark = pytest.mark.django_db
__all__ = ["artefact", "artefact_dir", "browser", "publish", "shop"]
REASON = "The board wants to see it at work for a week."


@pytest.fixture
def versions(shop, at):
    competing = (Popularity(), PersonalFrequency())
    return train_recommenders(as_of=AS_OF, at=at, random_state=1, report=QuietProgress(), competing=competing).versions


def test_a_version_tells_all_that_was_measured(browser, versions):
    page = text_of(browser.get(versions[1].get_absolute_url()))
    for chart in ("by-month", "readiness", "calibration"):
        assert f'data-chart="{chart}"' in page
    for told in ("How much did a customer spend on them?", "What it is for", "Its limits", "Is it fair?", "$"):
        assert told in page
    assert "training itself" in page


def test_what_training_measured_is_stored_with_intervals(versions):
    for version in versions:
        for key in ("recall_at_10", "ndcg_at_10", "revenue_at_10", "redemptions_at_10"):
            row = version.metrics[key]
            assert row["low"] <= row["value"] <= row["high"]
        assert [month["is_test"] for month in version.evaluation["months"]] == [False, False, True]
        assert version.artefact_bytes > 0
        assert version.card[0]["title"] == "What it is for"
    assert "advantage" not in versions[0].metrics


def test_a_version_of_long_ago_or_another_purpose_opens_too(browser):
    for purpose in ModelVersion.Purpose.values:
        version = make_version(1, purpose=purpose)
        assert browser.get(version.get_absolute_url()).status_code == 200


def test_a_refused_version_says_why_and_asks_for_a_reason(browser, publish):
    weak = publish("Taste", metrics={"advantage": UNSURE, **EARNS})
    page = text_of(browser.get(weak.get_absolute_url()))
    assert "is not surely better than the baseline" in page
    assert "override_reason" in page
    assert "data-confirm" not in page.split("<main")[1]

    address = reverse("model-promote", args=[weak.pk])
    assert "not surely better" in text_of(browser.post(address, follow=True))
    assert "Say in a sentence" in text_of(browser.post(address, {"override_reason": "why not"}, follow=True))
    for reason in ("long " * 200, "for\0a good reason"):
        assert "Reason: keep it to 500 letters" in text_of(
            browser.post(address, {"override_reason": reason}, follow=True)
        )
    assert not Promotion.objects.exists()
    browser.post(address, {"override_reason": REASON})
    page = text_of(browser.get(weak.get_absolute_url()))
    assert REASON in page
    assert "Against the rule" in page


def test_going_back_is_one_click(browser, publish):
    first, second = (publish(label, is_baseline=True, metrics=EARNS) for label in ("First", "Second"))
    registry.promote(first)
    assert "Go back" not in text_of(browser.get(reverse("models")))
    registry.promote(second)
    assert f"Go back to version {first.pk}" in text_of(browser.get(reverse("models")))

    browser.post(reverse("model-roll-back", args=["recommendation"]), {"to": first.pk})

    assert registry.champion("recommendation") == first
    assert "nothing to go back to" in text_of(
        browser.post(reverse("model-roll-back", args=["recommendation"]), {"to": first.pk}, follow=True)
    )


@pytest.mark.parametrize("to", ["first", "", "9" * 30])
def test_whoever_saw_another_version_goes_no_further_back(browser, publish, to):
    """A double click, a tab of yesterday, a colleague who was quicker."""
    first, second, third = (publish(label, is_baseline=True, metrics=EARNS) for label in ("First", "Second", "Third"))
    for version in (first, second, third):
        registry.promote(version)

    page = browser.post(
        reverse("model-roll-back", args=["recommendation"]), {"to": first.pk if to == "first" else to}, follow=True
    )

    assert "has changed since you opened the page" in text_of(page)
    assert registry.champion("recommendation") == third


def test_two_of_one_training_are_compared_customer_by_customer(browser, versions):
    one, other = versions
    response = browser.get(reverse("models-compare"), {"one": other.pk, "other": one.pk})
    comparison = response.context["comparison"]
    gained = other.metrics["advantage"]
    difference = comparison.lines[0].difference
    assert difference.value == pytest.approx(gained["value"], abs=1e-6)
    assert difference.low == pytest.approx(gained["low"], abs=0.02)
    assert comparison.lines[0].is_better == (gained["low"] > 0)
    assert "points" in text_of(response)


def test_the_other_way_round_the_difference_is_the_other_way_round(browser, versions):
    addresses = [{"one": versions[a].pk, "other": versions[1 - a].pk} for a in (0, 1)]
    found = [browser.get(reverse("models-compare"), one).context["comparison"] for one in addresses]
    assert found[0].lines[0].difference.value == pytest.approx(-found[1].lines[0].difference.value)


@pytest.mark.parametrize("other", ["", "x", "0", "9" * 30, "²"])
def test_without_two_versions_the_page_says_what_to_do(browser, other):
    page = text_of(browser.get(reverse("models-compare"), {"one": "1", "other": other}))
    assert "Open a version" in page


def test_where_no_difference_was_kept_no_column_waits_for_one(browser):
    one, other = (make_version(number, metrics={"recall_at_10": {"value": 0.2}}) for number in (1, 2))
    page = text_of(browser.get(reverse("models-compare"), {"one": one.pk, "other": other.pk}))
    assert "only their figures stand side by side" in page
    assert "Difference" not in page
    assert "customer by customer" not in page


def test_versions_of_different_tests_are_not_compared(browser):
    one, other = make_version(1), make_version(2, data_fingerprint="other")
    page = text_of(browser.get(reverse("models-compare"), {"one": one.pk, "other": other.pk}))
    assert "were not tested on the same customers" in page


def test_the_page_needs_no_more_queries_for_more_versions_and_promotions(browser, versions):
    def n_queries():
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(versions[1].get_absolute_url()).status_code == 200
        return len(queries)

    before = n_queries()
    for number in range(6):
        alike = make_version(number, data_fingerprint=versions[1].data_fingerprint, params=versions[1].params)
        Promotion.objects.create(version=versions[1], from_version=alike, reason="x")
    assert n_queries() == before
