import pytest

from campaigns import tasks
from campaigns.models import Outcome, Simulation
from loyalty.models import Job
from tests.campaigns.shop import DAY, add_campaign, open_shop

# A task claims its job in a transaction of its own.
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _artefacts(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path


def run(task, at, **params):
    job = Job.objects.create(task=task.name, label="Step", params=params, created_at=at, queued_at=at)
    task(job.pk)
    job.refresh_from_db()
    return job


def test_rehearsal_step_is_done_with_a_small_summary(at):
    shop = open_shop()

    job = run(tasks.rehearse, at, campaign=shop.next_campaign.external_id, seed=3)

    assert (job.state, job.error) == ("done", "")
    assert Simulation.objects.filter(job=job).count() == 2
    assert job.summary["sent"]["low_90"] <= job.summary["sent"]["mid"] <= job.summary["sent"]["high_90"]


def test_outcome_step_counts(at):
    shop = open_shop(n_campaigns=1)

    job = run(tasks.outcomes, at, campaign=shop.next_campaign.external_id, seed=3)

    assert job.summary["redemptions"] == shop.next_campaign.redemptions.count()
    assert Outcome.objects.filter(campaign=shop.next_campaign).count() == 10


def test_planned_campaign_without_history_fails_with_a_sentence(at):
    shop = open_shop(n_campaigns=0)
    campaign = add_campaign("Planned", shop.products[0], starts_at=at + 9 * DAY, audience_rule={"kind": "everybody"})

    job = run(tasks.simulate, at, campaign_id=campaign.pk, seed=3)

    assert job.state == "failed"
    assert job.error.startswith("A forecast needs 5 finished campaigns")


@pytest.mark.parametrize(
    ("task", "params", "sentence"),
    [
        (tasks.rehearse, {"campaign": "none"}, "There is no campaign with the id “none”. Import it first."),
        (tasks.simulate, {"campaign_id": 0}, "This campaign no longer exists."),
    ],
)
def test_missing_campaign_is_told(db, at, task, params, sentence):
    assert run(task, at, seed=3, **params).error == sentence
