"""What was learnt, in the browser: beside the baseline, why it serves, promoted or refused, learnt again."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.models import Customer, Job, Order, OrderLine, Product
from loyalty.queries.orders import data_horizon
from loyalty.services.progress import QuietProgress
from recommender import registry
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.popularity import Popularity
from recommender.models import ModelVersion
from recommender.queries.interactions import interactions_frame, purchases_until

pytestmark = pytest.mark.django_db
SURE = {"value": 0.03, "low": 0.01, "high": 0.05}
EARNS = {"revenue_at_10": {"value": 9.1, "low": 8.2, "high": 10.0}}
UNSURE = {"value": 0.01, "low": -0.02, "high": 0.04}
CURVE = [{"epoch": n, "validation_ndcg": 0.1 * n, "loss": 2.0 - n} for n in (1, 2)]


@pytest.fixture(autouse=True)
def artefact_dir(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    return settings.ARTEFACT_DIR


@pytest.fixture
def browser(client, marketer):
    client.force_login(marketer)
    return client


@pytest.fixture
def artefact(at):
    """The baseline, fitted on a shop in which everybody buys tea and one buys salt."""
    tea, salt = (Product.objects.create(sku=name, name=name, currency="USD") for name in ("tea", "salt"))
    for number in range(3):
        customer = Customer.objects.create(external_id=f"c{number}")
        order = Order.objects.create(
            external_id=f"o{number}", customer=customer, ordered_at=at - timedelta(days=number), currency="USD"
        )
        for line, product in enumerate((tea, salt) if number == 0 else (tea,), start=1):
            OrderLine.objects.create(order=order, line_number=line, product=product, quantity=1, amount=2)
    frame = interactions_frame(purchases_until(data_horizon()))
    return Popularity().fit(InteractionMatrix.from_frame(frame)).to_artefact()


@pytest.fixture
def publish(artefact, at):
    def publish(label, *, is_baseline=False, purpose="recommendation", **values):
        given = {"data_until": at, "data_fingerprint": "same", "seed": 1, "fit_seconds": 65.0, "trained_at": at}
        facts = registry.VersionFacts(purpose=purpose, label=label, is_baseline=is_baseline, **{**given, **values})
        return registry.publish(artefact, facts, report=QuietProgress())

    return publish


@pytest.fixture
def contest(publish):
    """A baseline, and a version that surely beats it and serves."""
    recall = {"value": 0.2, "low": 0.18, "high": 0.22}
    baseline = publish("Bestsellers", is_baseline=True, metrics={"recall_at_10": recall})
    better = {"recall_at_10": {"value": 0.312, "low": 0.29, "high": 0.33}, "advantage": SURE, **EARNS}
    learnt = publish("Taste", metrics=better, learning_curve=CURVE, verdict="It found more, so it serves.")
    return baseline, registry.promote(learnt)


def text_of(response):
    return response.content.decode()


def promote(browser, version, **more):
    return browser.post(reverse("model-promote", args=[version.pk]), **more)


def test_nobody_gets_here_without_logging_in(client):
    assert client.get(reverse("models")).url.startswith(reverse("login"))


def test_before_anything_is_learnt_the_page_says_what_to_do(browser):
    page = text_of(browser.get(reverse("models")))
    assert "Nothing learnt yet" in page
    assert reverse("model-learn", args=["recommendation"]) in page


def test_a_version_stands_beside_its_baseline_with_intervals_and_the_reason(browser, contest):
    page = text_of(browser.get(reverse("models")))
    for told in ("31.2%", "29.0% to 33.0%", "20.0%", "It found more, so it serves.", "1 min"):
        assert told in page
    assert 'data-chart="beside-the-baseline"' in page
    assert 'data-chart="learning-curve"' in page


def test_a_version_is_held_only_against_a_baseline_of_the_same_data(browser, contest, publish):
    publish("Newer bestsellers", is_baseline=True, data_fingerprint="other")
    view = browser.get(reverse("models")).context["views"][0][0]
    assert (view.learnt.label, view.baseline.label) == ("Taste", "Bestsellers")


def test_when_the_baseline_serves_the_loser_and_the_reason_are_shown(browser, publish):
    registry.promote(publish("Bestsellers", is_baseline=True))
    publish("Taste", metrics={"advantage": UNSURE}, verdict="Not surely better.")
    page = text_of(browser.get(reverse("models")))
    assert "the simplest rule" in page
    assert "Not surely better." in page


def test_the_page_needs_no_more_queries_for_more_versions(browser, contest, publish):
    def n_queries():
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(reverse("models")).status_code == 200
        return len(queries)

    before = n_queries()
    for number in range(10):
        publish(f"Bestsellers {number}", is_baseline=True)
    assert n_queries() == before


def test_the_version_in_use_is_listed_however_old(browser, contest, publish):
    for number in range(20):
        publish(f"Challenger {number}", metrics={"advantage": UNSURE}, data_fingerprint=f"f{number}")
    assert contest[1] in browser.get(reverse("models")).context["views"][0][0].versions


def test_rolling_back_makes_recommendations_afresh(browser, contest, django_capture_on_commit_callbacks):
    baseline, learnt = contest
    with django_capture_on_commit_callbacks() as woken:
        response = promote(browser, baseline)
    baseline.refresh_from_db()
    learnt.refresh_from_db()
    job = Job.objects.get(parent=None)
    assert (baseline.alias, learnt.alias) == ("champion", "")
    assert {step.params["model_version_id"] for step in job.steps.all()} == {baseline.pk}
    assert (response.url, len(woken)) == (job.get_absolute_url(), 1)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"metrics": {"advantage": UNSURE, **EARNS}}, "is not surely better than the baseline"),
        ({"metrics": EARNS}, "was never compared with the baseline"),
        ({"metrics": {"advantage": SURE}}, "says nothing of what it would earn"),
        ({"purpose": "reception"}, "nothing to choose here"),
    ],
)
def test_a_promotion_is_refused_with_the_reason(browser, contest, publish, values, sentence):
    version = publish("Weak", **values)
    assert sentence in text_of(promote(browser, version, follow=True))
    version.refresh_from_db()
    assert version.alias == ""
    assert not Job.objects.exists()


def test_a_version_whose_files_are_gone_is_refused(browser, contest, artefact_dir):
    shutil.rmtree(Path(artefact_dir))
    assert "damaged or gone" in text_of(promote(browser, contest[0], follow=True))
    contest[1].refresh_from_db()
    assert contest[1].alias == "champion"


def test_the_version_in_use_is_not_promoted_again(browser, contest):
    assert "is in use already" in text_of(promote(browser, contest[1], follow=True))


def test_promoting_needs_the_permission(client, contest):
    reader = User.objects.create_user("reader", password="a-long-test-password")
    client.force_login(reader)
    assert promote(client, contest[0]).status_code == 403
    assert reverse("model-promote", args=[contest[0].pk]) not in text_of(client.get(reverse("models")))
    reader.user_permissions.add(Permission.objects.get(codename="change_modelversion"))
    client.force_login(User.objects.get(pk=reader.pk))
    assert promote(client, contest[0]).status_code == 302


@pytest.mark.parametrize(
    ("purpose", "task", "params"),
    [
        ("recommendation", "recommender.train_recommenders", {"thorough": True}),
        ("product_relation", "recommender.learn_product_relations", {}),
    ],
)
def test_learning_again_is_one_job_however_often_one_asks(browser, marketer, purpose, task, params):
    for _ in range(2):
        browser.post(reverse("model-learn", args=[purpose]))
    job = Job.objects.get()
    assert (job.task, job.started_by, job.params) == (task, marketer, params)
    page = text_of(browser.get(reverse("models")))
    assert reverse("job-progress", args=[job.pk]) in page
    assert reverse("model-learn", args=[purpose]) not in page


@pytest.mark.parametrize("purpose", ["reception", "weather"])
def test_what_is_not_learnt_on_demand_is_refused(browser, purpose):
    page = text_of(browser.post(reverse("model-learn", args=[purpose]), follow=True))
    assert "learnt anew with each rehearsal" in page
    assert not Job.objects.exists()


def test_learning_needs_the_permission(client):
    client.force_login(User.objects.create_user("reader", password="a-long-test-password"))
    assert client.post(reverse("model-learn", args=["recommendation"])).status_code == 403


def test_a_forecast_stands_beside_the_average_rate(browser, publish):
    told = {"campaign_error": {"value": 0.17}, "coverage_90": {"value": 0.9}}
    publish("Average rate", purpose="reception", is_baseline=True, metrics={"campaign_error": {"value": 0.31}})
    learnt = publish("Response", purpose="reception", metrics=told)
    ModelVersion.objects.filter(pk=learnt.pk).update(alias="champion")
    lines = browser.get(reverse("models")).context["views"][2][0].lines
    assert [(line.measure.key, line.is_better) for line in lines] == [("campaign_error", True), ("coverage_90", False)]


@pytest.mark.parametrize(("low", "is_better"), [(0.23, True), (0.21, False)])
def test_an_interval_that_reaches_into_the_baselines_is_not_called_better(browser, publish, low, is_better):
    publish("Bestsellers", is_baseline=True, metrics={"recall_at_10": {"value": 0.2, "low": 0.18, "high": 0.22}})
    publish("Taste", metrics={"recall_at_10": {"value": 0.25, "low": low, "high": 0.27}})
    assert browser.get(reverse("models")).context["views"][0][0].lines[0].is_better is is_better
