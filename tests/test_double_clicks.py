"""What is asked for twice at the same moment is begun once: a double click, two tabs, two people."""

from datetime import timedelta

import pytest

from campaigns.models import OfferPolicy
from campaigns.services.offer_rounds import start_assigning
from loyalty.models import Job
from loyalty.services.behaviour import start_reading
from loyalty.services.inspection import start_inspection
from recommender.services import requests, serving
from recommender.services.shards import start_scoring
from segments.services import rhythm
from segments.services.looks import start_look
from tests.rows import make_campaign, make_offer, make_product, make_version
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)
STARTED = {
    "learning": lambda about: serving.start_learning(purpose="recommendation", **about),
    "half-lives": lambda about: serving.start_choosing_half_lives(**about),
    "tuning": lambda about: requests.start_tuning(kind="ease", seconds=60, **about),
    "reading": lambda about: start_reading(**about),
    "a look for segments": lambda about: start_look(spec={"features": ["spend_all", "orders_all"]}, **about),
    "how customers come and go": lambda about: rhythm.start_reading(**about),
    "inspection": lambda about: start_inspection(**about),
}


def jobs_of(start, by, at, rounds=3):
    """How many jobs several people at once began, each round after the one before has ended."""
    for _ in range(rounds):
        assert together(*(lambda: start({"by": by, "at": at}),) * 4) == []
        Job.objects.filter(state__in=Job.OPEN_STATES).update(state=Job.State.CANCELLED)
    return Job.objects.filter(parent=None).count()


@pytest.mark.parametrize("name", STARTED)
def test_work_is_begun_once(marketer, at, name):
    assert jobs_of(STARTED[name], marketer, at) == 3


def test_rules_and_lists_of_a_version_are_begun_once(marketer, at):
    version = make_version(1)
    assert jobs_of(lambda about: requests.start_explaining(version=version, **about), marketer, at) == 3
    assert jobs_of(lambda about: start_scoring(version=version, **about), marketer, at) == 6


def test_without_waiting_for_each_other_it_is_begun_several_times(marketer, at, monkeypatch):
    monkeypatch.setattr(requests, "one_at_a_time", lambda work: None)
    assert jobs_of(STARTED["tuning"], marketer, at, rounds=20) > 20


def test_a_round_of_offers_is_begun_once_and_keeps_one_policy(marketer, at):
    campaign = make_campaign(1, make_offer(1, make_product(1)), ends_at=at + timedelta(days=30))

    def start(about):
        policy = OfferPolicy(campaign=campaign, offers_per_customer=2)
        return start_assigning(campaign=campaign, policy=policy, **about)

    assert jobs_of(start, marketer, at) == 3
    assert OfferPolicy.objects.get().offers_per_customer == 2
