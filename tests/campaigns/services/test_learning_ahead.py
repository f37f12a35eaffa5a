"""What is learnt before anybody asks is what a later simulation opens, and it is learnt once."""

from datetime import timedelta

import pytest

from campaigns import tasks
from campaigns.models import Redemption
from campaigns.services.learning import LEARNING_SEED, fingerprint, learn_reception
from campaigns.services.learning_ahead import TASK, make_due
from campaigns.services.simulations import simulate_campaign
from loyalty.models import Job
from loyalty.queries.orders import data_horizon
from loyalty.services.progress import QuietProgress
from recommender.models import ModelVersion
from tests.campaigns.shop import DAY, add_campaign, add_order, open_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _artefacts(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path


@pytest.fixture
def shop():
    return open_shop()


@pytest.fixture
def now(shop):
    add_order(shop.customers[0], shop.products[0], shop.next_campaign.ends_at + DAY)
    return shop.next_campaign.ends_at + 30 * DAY


def test_what_was_learnt_serves_whatever_is_planned_later(shop, now):
    job = make_due(at=now)
    tasks.learn_reception(job.pk)
    job.refresh_from_db()
    assert (job.task, job.state) == (TASK, "done"), job.error
    learnt = set(ModelVersion.objects.values_list("pk", flat=True))

    campaign = add_campaign("Planned", shop.products[0], starts_at=now + 9 * DAY, audience_rule={"kind": "everybody"})
    simulation = simulate_campaign(campaign=campaign, at=now, seed=1, report=QuietProgress())

    assert simulation.model_version_id == job.summary["model_version_id"]
    assert set(ModelVersion.objects.values_list("pk", flat=True)) == learnt


def test_it_is_learnt_once_and_again_when_another_campaign_teaches_more(shop, now):
    job = make_due(at=now)
    assert make_due(at=now) is None  # it is under way
    tasks.learn_reception(job.pk)
    assert make_due(at=now) is None

    add_order(shop.customers[1], shop.products[0], now)
    assert make_due(at=now) is None  # later than anything that is learnt from

    took = Redemption.objects.filter(campaign=shop.next_campaign).first()
    Redemption.objects.create(
        campaign=shop.next_campaign, offer=took.offer, customer=took.customer, redeemed_at=took.redeemed_at + DAY / 9
    )
    assert make_due(at=now).task == TASK


def test_it_waits_for_other_work_and_for_enough_history(shop, now):
    other = Job.objects.create(task="loyalty.ingest", label="Import", created_at=now, queued_at=now)
    assert make_due(at=now) is None
    other.delete()
    for campaign in shop.campaigns[:5]:
        campaign.redemptions.all().delete()
        campaign.audience.members.all().delete()

    assert make_due(at=now) is None


def test_without_orders_there_is_nothing_to_learn(db, at):
    assert make_due(at=at) is None


def test_the_moment_asked_changes_nothing_but_what_ended_does(shop, now):
    last_end = shop.next_campaign.ends_at
    assert fingerprint(now) == fingerprint(now + 50 * DAY) == fingerprint(last_end)
    assert fingerprint(last_end - timedelta(seconds=1)) != fingerprint(last_end)


def test_chance_in_what_is_learnt_is_not_that_of_who_asked_first(shop, now):
    """Two simulations, in either order: each has the numbers of its own seed."""
    campaign = add_campaign("Planned", shop.products[0], starts_at=now + 9 * DAY, audience_rule={"kind": "everybody"})

    def mids(*seeds):
        ModelVersion.objects.filter(simulations=None).delete()
        made = {seed: simulate_campaign(campaign=campaign, at=now, seed=seed, report=QuietProgress()) for seed in seeds}
        found = {seed: [list(one.forecasts.values_list("mid", flat=True)), one.evidence] for seed, one in made.items()}
        for one in made.values():
            one.delete()
        ModelVersion.objects.all().delete()
        return found

    assert mids(1, 2) == mids(2, 1)


def test_horizon_is_what_learning_looks_at(shop, now):
    learnt = learn_reception(as_of=data_horizon(), at=now, seed=LEARNING_SEED, report=QuietProgress())

    assert learnt.version.data_fingerprint == fingerprint(now)
