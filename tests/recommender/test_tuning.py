"""Searches kept with every try, rules of a version, training by itself, and the copy elsewhere."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from loyalty.models import Job, Order, OrderLine
from loyalty.services.progress import QuietProgress
from recommender import registry
from recommender.engine.contests.tuning import Budget
from recommender.engine.ease import Ease
from recommender.engine.frequency import PersonalFrequency
from recommender.engine.lineup import lineup
from recommender.engine.popularity import Popularity
from recommender.models import ModelVersion, Retraining, SurrogateTree, Tuning, TuningTrial
from recommender.queries.tunings import TUNABLE
from recommender.registry import SERVED_BY
from recommender.services import requests, retraining
from recommender.services.explaining import explain_version
from recommender.services.mirror import mirror_versions
from recommender.services.training import THOROUGH, line_up, train_recommenders
from recommender.services.tuning import TuningRequest, tune_recommender
from tests.recommender.test_model_pages import browser, text_of
from tests.recommender.test_services import AS_OF, JobProgress, artefact_dir, shop
from tests.rows import make_version

pytestmark = pytest.mark.django_db
__all__ = ["artefact_dir", "browser", "shop"]
SMALL_EASE = Ease(ridge=10.0, max_products=24)
COMPETING = (Popularity(), PersonalFrequency(), SMALL_EASE)


class Notes(QuietProgress):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def request_of(at, kind="ease", tries=3):
    return TuningRequest(kind, AS_OF, at, 1, Budget(600.0, tries))


@pytest.fixture
def champion(shop, at):
    trained = train_recommenders(as_of=AS_OF, at=at, random_state=1, report=QuietProgress(), competing=COMPETING)
    return trained.champion


def test_every_try_is_kept_and_the_best_becomes_the_challenger(shop, at):
    tuning = tune_recommender(request_of(at), report=QuietProgress())

    trials = list(tuning.trials.all())
    assert [trial.number for trial in trials] == [0, 1, 2]
    (chosen,) = [trial for trial in trials if trial.is_chosen]
    assert all(trial.low <= trial.value <= trial.high for trial in trials)
    assert tuning.version.alias == "challenger"
    assert tuning.version.params["half_life_days"] == chosen.params["half_life_days"]
    assert tuning.version.params["ridge"] == chosen.params["ridge"]
    assert registry.champion("recommendation") is None


def test_a_search_of_the_same_job_is_kept_once(shop, at):
    job = Job.objects.create(task="recommender.tune_recommender", label="Search", created_at=at)
    tunings = [tune_recommender(request_of(at, tries=2), report=JobProgress(job)) for _ in range(2)]
    assert tunings[0] == tunings[1]
    assert (Tuning.objects.count(), TuningTrial.objects.count()) == (1, 2)


def test_orders_of_the_last_four_weeks_have_no_say_in_a_search(shop, at):
    def tries():
        found = tune_recommender(request_of(at), report=QuietProgress()).trials.values_list("params", "value")
        return list(found)

    before = tries()
    customer = Order.objects.first().customer
    for number in range(20):
        order = Order.objects.create(
            external_id=f"late{number}",
            customer=customer,
            ordered_at=AS_OF - timedelta(days=number + 1),
            currency="USD",
        )
        OrderLine.objects.create(order=order, line_number=1, product=shop[number], quantity=1, amount=1)
    assert tries() == before


def test_the_command_prints_every_try_and_keeps_none(shop, capsys):
    call_command("tune", "ease", "--tries", "2")
    told = capsys.readouterr().out
    assert "<- chosen" in told
    assert "best over the defaults" in told
    assert not Tuning.objects.exists()


def test_the_command_refuses_what_cannot_be_searched(shop):
    with pytest.raises(CommandError, match=r"has no settings to search\. There are: .*ease"):
        call_command("tune", "weather")


def test_the_page_offers_what_declares_a_space():
    declared = {kind for kind, one in lineup(0).items() if one.space}
    assert set(TUNABLE) == declared & set(SERVED_BY) - {"popularity"}


def test_a_search_begins_once_from_the_page(browser):
    for _ in range(2):
        browser.post(reverse("models-tune"), {"kind": "ease", "minutes": 5})
    job = Job.objects.get()
    assert (job.task, job.params) == ("recommender.tune_recommender", {"kind": "ease", "seconds": 300})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kind": "weather", "minutes": 5}, "Choose what to search for."),
        ({"kind": "ease"}, "Minutes at most: write a whole number from 1 to 240."),
        ({"kind": "ease", "minutes": "1e9"}, "Minutes at most: write a whole number from 1 to 240."),
        ({"kind": "ease", "minutes": -5}, "Minutes at most: write a whole number from 1 to 240."),
    ],
)
def test_a_search_that_makes_no_sense_says_what_to_change_where_it_was_asked_for(browser, given, told):
    response = browser.post(reverse("models-tune"), given, follow=True)
    assert told in text_of(response)
    assert "Search better settings" in text_of(response)
    assert not Job.objects.exists()


def test_a_version_is_told_in_rules_with_how_far_they_agree(champion, at, browser):
    found = explain_version(version_id=champion.pk, at=at, seed=1, report=QuietProgress())
    again = explain_version(version_id=champion.pk, at=at, seed=1, report=QuietProgress())

    assert found == again
    assert SurrogateTree.objects.count() == 1
    assert found.agreement["low"] <= found.agreement["value"] <= found.agreement["high"]
    page = text_of(browser.get(champion.get_absolute_url()))
    assert "is shown in" in page
    assert found.rules[0]["words"][0] in page


def test_rules_are_asked_for_once_and_only_of_what_recommends(browser):
    version, other = make_version(1), make_version(2, purpose="reception")
    for _ in range(2):
        browser.post(reverse("model-explain", args=[version.pk]))
    assert Job.objects.get().task == "recommender.explain_version"
    assert "can be told in rules" in text_of(browser.post(reverse("model-explain", args=[other.pk]), follow=True))


def setting(**values):
    requests.set_retraining(**{"mode": "suggest", "every_days": 7, "window_months": None, **values})


def test_nothing_is_trained_by_itself_unless_asked_for(at):
    assert retraining.make_due(at=at) is None
    setting(mode="off")
    assert retraining.make_due(at=at) is None
    assert not Job.objects.exists()


def test_it_is_due_once_a_week_and_never_twice_at_once(at):
    setting()
    first = retraining.make_due(at=at)
    assert first.task == "recommender.retrain"
    assert retraining.make_due(at=at + timedelta(days=8)) is None
    Job.objects.update(state=Job.State.DONE)
    assert retraining.make_due(at=at + timedelta(days=6)) is None
    assert retraining.make_due(at=at + timedelta(days=7)) is not None


@pytest.mark.parametrize("mode", ["suggest", "automatic"])
def test_what_is_not_surely_better_than_the_one_in_use_only_waits(champion, at, mode):
    setting(mode=mode)
    found = retraining.retrain(as_of=AS_OF, at=at, seed=1, report=QuietProgress(), competing=COMPETING)

    against = found.version.evaluation["against"]
    assert against["version_id"] == champion.pk
    assert against["gain"]["low"] <= 0
    assert (found.serves, found.version.alias) == (False, "challenger")
    assert registry.champion("recommendation") == champion


@pytest.mark.parametrize(("mode", "serves"), [("suggest", False), ("automatic", True)])
def test_what_surely_beats_the_one_in_use_serves_when_that_was_wished(champion, at, mode, serves):
    baseline = ModelVersion.objects.get(is_baseline=True)
    registry.promote(baseline)
    setting(mode=mode)

    found = retraining.retrain(as_of=AS_OF, at=at, seed=1, report=QuietProgress(), competing=COMPETING)

    assert found.version.evaluation["against"]["gain"]["low"] > 0
    assert found.serves is serves
    assert registry.champion("recommendation") == (found.version if serves else baseline)


def test_the_one_in_use_is_scored_alike_whether_fresh_or_opened(champion, at):
    setting()
    found = retraining.retrain(as_of=AS_OF, at=at, seed=1, report=QuietProgress(), competing=COMPETING)
    # The same data and settings: the version in use is the new one again, so nothing lies between them.
    assert found.version.algorithm == champion.algorithm
    assert found.version.evaluation["against"]["gain"]["value"] == pytest.approx(0.0, abs=1e-9)


def test_a_rolling_window_leaves_older_orders_out(champion, at):
    Order.objects.filter(pk=Order.objects.earliest("ordered_at").pk).update(ordered_at=AS_OF - timedelta(days=700))
    setting(window_months=5)
    found = retraining.retrain(as_of=AS_OF, at=at, seed=1, report=QuietProgress(), competing=COMPETING)
    assert found.version.data_from >= AS_OF - timedelta(days=153)


def test_how_it_is_trained_is_said_on_a_page(browser):
    address = reverse("models-training")
    assert "Search better settings" in text_of(browser.get(address))
    browser.post(address, {"mode": "automatic", "every_days": 14, "window_months": 12})
    told = Retraining.objects.get()
    assert (told.mode, told.every_days, told.window_months) == ("automatic", 14, 12)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"mode": "x"}, "Choose whether it is trained by itself."),
        ({"every_days": ""}, "Write a whole number of days, from 1 to 365."),
        ({"every_days": "9" * 30}, "Write a whole number of days, from 1 to 365."),
        ({"window_months": 2}, "Write a whole number of months, from 5 to 120, or leave it empty."),
        ({"window_months": "\0"}, "Write a whole number of months, from 5 to 120, or leave it empty."),
    ],
)
def test_what_cannot_be_kept_is_told_beside_its_field(browser, given, told):
    page = text_of(browser.post(reverse("models-training"), {"mode": "off", "every_days": 7, **given}))
    assert told in page
    assert not Retraining.objects.exists()


def test_without_a_server_nothing_is_mirrored(champion, settings):
    settings.MLFLOW_TRACKING_URI = ""
    assert mirror_versions([champion], report=Notes()) == 0


def test_a_server_that_fails_fails_nothing(champion, settings):
    pytest.importorskip("mlflow", reason="The extra mlflow is not installed.")
    settings.MLFLOW_TRACKING_URI = "no-such-scheme://nowhere"
    report = Notes()
    assert mirror_versions([champion], report=report) == 0
    assert "could not be written" in report.notes[0]


@pytest.mark.filterwarnings("ignore")
def test_a_version_is_mirrored_into_a_real_store(champion, settings, tmp_path):
    tracking = pytest.importorskip("mlflow.tracking", reason="The extra mlflow is not installed.")
    settings.MLFLOW_TRACKING_URI = f"sqlite:///{tmp_path}/mirror.db"
    report = Notes()

    assert mirror_versions([champion], report=report) == 1, report.notes

    client = tracking.MlflowClient(tracking_uri=settings.MLFLOW_TRACKING_URI)
    experiment = client.get_experiment_by_name("Rehearsal")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.tags["version"] == str(champion.pk)
    assert run.data.metrics["recall_at_10"] == pytest.approx(champion.metrics["recall_at_10"]["value"])
    assert run.data.params["n_customers"] == str(champion.params["n_customers"])


def test_what_nobody_waits_for_is_trained_with_the_whole_line_up():
    assert {one.kind for one in line_up(1, THOROUGH)} > {one.kind for one in line_up(1)}
