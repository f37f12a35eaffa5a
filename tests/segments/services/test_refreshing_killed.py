"""`kill -9` of a real worker in the middle of a refresh: who is in which segment stays whole, the next one ends it."""

from datetime import timedelta

import pytest

from loyalty.models import Customer, Job
from loyalty.services.sales import add_up_sales
from loyalty.tasks import wake
from segments.models import SegmentMembership, SegmentRefresh
from segments.services.rules import RulePlan, create_segment, start_refresh
from tests.conftest import wait_until
from tests.locks import locked
from tests.loyalty.features.world import buy, make_product
from tests.loyalty.test_worker import is_somebody_waiting_for_a_lock

pytestmark = [pytest.mark.worker, pytest.mark.django_db(transaction=True)]
TREE = {"version": 1, "rule": {"every": [{"kind": "bought", "about": {"category": ["Wine"]}}]}}
N_BUYERS = 12


@pytest.fixture
def segment(at):
    wine = make_product("w1", "Wine")
    for number in range(2 * N_BUYERS):
        customer = Customer.objects.create(external_id=f"c{number}")
        if number % 2:
            buy(customer, wine, at - timedelta(days=number))
    add_up_sales()
    return create_segment(plan=RulePlan("Wine lovers", TREE), by=None, at=at)


def killed_at_the_end(segment, worker, at):
    """Begin a refresh and kill its worker when it has written the members."""
    job = start_refresh(segment=segment, by=None, at=at)
    with locked(SegmentRefresh):
        wake(job)
        wait_until(is_somebody_waiting_for_a_lock)
        worker.kill()
        # What it had asked for would still be written if the lock were given up before the database noticed.
        wait_until(lambda: not is_somebody_waiting_for_a_lock())
    return job


def ended(job):
    return Job.objects.get(pk=job.pk).state in Job.ENDED_STATES


def test_a_killed_refresh_leaves_members_as_they_were_and_the_next_worker_ends_it(segment, at, start_worker):
    job = killed_at_the_end(segment, start_worker(), at)
    assert not SegmentMembership.objects.exists()

    start_worker()
    wait_until(lambda: ended(job), 120)

    job.refresh_from_db()
    assert (job.state, job.attempt) == (Job.State.DONE, 2), job.error
    spans = SegmentMembership.objects.values_list("segment", "valid_until", "entered_because")
    assert list(spans) == [(segment.pk, None, "The segment was made")] * N_BUYERS
    assert SegmentRefresh.objects.get(job=job).n_members == N_BUYERS


def test_without_its_one_transaction_a_killed_refresh_leaves_members_nobody_accounts_for(segment, at, start_worker):
    killed_at_the_end(segment, start_worker("tests.unguarded"), at)

    assert SegmentMembership.objects.count() == N_BUYERS
    assert not SegmentRefresh.objects.exists()
