"""The life of a job, on rows; the queue itself is tested with a real worker in test_worker.py."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

import pytest
from django.db import connection, transaction

from loyalty.models import Job
from loyalty.services import jobs
from loyalty.services.leases import Lease, claim, database_now
from loyalty.services.progress import JobCancelled, LeaseLost

pytestmark = pytest.mark.django_db


def make_job(at: datetime, **more: object) -> Job:
    return jobs.create_job(task="tests.count", label="Count", params={"until": 3}, by=None, at=at, **more)


def make_steps(at: datetime, n_steps: int = 2) -> Job:
    steps = [jobs.Step("tests.count", f"Step {number}") for number in range(n_steps)]
    return jobs.create_steps(label="Both", steps=steps, by=None, at=at)


def claimed(job: Job) -> Lease:
    lease = claim(job.pk, worker="here")
    assert lease is not None
    return lease


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=datetime.fromisoformat("2000-01-01T00:00:00+00:00"))


def apart(act: Callable[[], object]) -> object:
    """On a connection of its own, closed again."""
    try:
        return act()
    finally:
        connection.close()


def states(parent: Job) -> list[str]:
    return [parent.state, *parent.steps.order_by("position").values_list("state", flat=True)]


def test_the_same_key_is_the_same_job(at):
    assert make_job(at, key="daily") == make_job(at, key="daily")


def test_only_one_worker_gets_a_job(at):
    job = make_job(at)
    assert claimed(job).params == {"until": 3}
    assert claim(job.pk, worker="there") is None


def test_progress_is_seen_and_a_finished_job_is_full(at):
    job = make_job(at)
    lease = claimed(job)
    lease(1, 4, "counting")
    job.refresh_from_db()
    assert (job.done, job.total, job.message, job.share_done) == (1, 4, "counting", 0.25)
    jobs.finish(lease, {"counted": 4})
    job.refresh_from_db()
    assert (job.state, job.share_done, job.summary) == ("done", 1.0, {"counted": 4})


def test_a_worker_thought_dead_can_write_nothing(at):
    job = make_job(at)
    lost = claimed(job)
    expire(job)
    winner = claimed(job)
    with pytest.raises(LeaseLost), lost.writing():
        pytest.fail("the lost worker got to write")
    with pytest.raises(LeaseLost):
        lost(1, 2)
    with pytest.raises(LeaseLost):
        jobs.finish(lost, {})
    jobs.finish(winner, {"by": "winner"})
    job.refresh_from_db()
    assert job.summary == {"by": "winner"}


def test_steps_run_one_after_the_other(at):
    parent = make_steps(at)
    first, second = parent.steps.order_by("position")
    assert [due.pk for due in jobs.due_jobs(parent)] == [first.pk]
    assert claim(second.pk, worker="early") is None
    assert jobs.finish(claimed(first), {}) == [second]
    assert jobs.finish(claimed(second), {}) == []
    parent.refresh_from_db()
    assert states(parent) == ["done", "done", "done"]
    assert (parent.done, parent.total) == (2, 2)


def make_shards(at: datetime, n_shards: int = 3) -> Job:
    """A step before, some beside each other, a step after."""
    shards = [jobs.Step("tests.count", f"Shard {number}", beside=True) for number in range(n_shards)]
    steps = [jobs.Step("tests.count", "Before"), *shards, jobs.Step("tests.count", "After")]
    return jobs.create_steps(label="All", steps=steps, by=None, at=at)


def test_steps_beside_each_other_run_at_once_and_the_next_waits_for_all_of_them(at):
    parent = make_shards(at, 2)
    before, one, other, after = parent.steps.order_by("position")

    assert claim(one.pk, worker="early") is None
    assert jobs.finish(claimed(before), {}) == [one, other]
    first, second = claimed(one), claimed(other)
    assert jobs.finish(second, {}) == []
    assert claim(after.pk, worker="early") is None
    assert jobs.finish(first, {}) == [after]
    assert jobs.finish(claimed(after), {}) == []
    parent.refresh_from_db()
    assert states(parent) == ["done"] * 5


def test_what_ran_beside_a_failed_step_is_kept_and_not_done_again(at):
    parent = make_shards(at)
    before, one, other, _, _ = parent.steps.order_by("position")
    jobs.finish(claimed(before), {})
    failing, running = claimed(one), claimed(other)
    jobs.fail(failing, "The disk is full.")
    assert jobs.finish(running, {}) == []
    parent.refresh_from_db()
    assert states(parent) == ["failed", "done", "failed", "done", "cancelled", "cancelled"]
    assert (parent.error, parent.done) == ("The disk is full.", 2)

    jobs.retry(parent, at=at)
    parent.refresh_from_db()
    assert states(parent) == ["running", "done", "queued", "done", "waiting", "waiting"]


def test_cancelling_stops_all_that_run_beside_each_other(at):
    parent = make_shards(at, 2)
    before, one, other, _ = parent.steps.order_by("position")
    jobs.finish(claimed(before), {})
    leases = [claimed(one), claimed(other)]
    jobs.cancel(parent, at=at)
    for lease in leases:
        with pytest.raises(JobCancelled):
            lease(1, 2)
        jobs.stop_cancelled(lease)
    parent.refresh_from_db()
    assert states(parent) == ["cancelled", "done", "cancelled", "cancelled", "cancelled"]


def test_a_failed_step_ends_the_whole_and_can_be_tried_again(at):
    parent = make_steps(at, 3)
    first, second, _ = parent.steps.order_by("position")
    jobs.finish(claimed(first), {})
    jobs.fail(claimed(second), "The file is empty.")
    parent.refresh_from_db()
    assert states(parent) == ["failed", "done", "failed", "cancelled"]
    assert parent.error == "The file is empty."
    assert jobs.retry(parent, at=at) == second
    parent.refresh_from_db()
    assert states(parent) == ["running", "done", "queued", "waiting"]


def test_cancelling_ends_what_waits_and_tells_what_runs(at):
    parent = make_steps(at)
    lease = claimed(parent.steps.get(position=0))
    jobs.cancel(parent, at=at)
    parent.refresh_from_db()
    assert states(parent) == ["running", "running", "cancelled"]
    with pytest.raises(JobCancelled):
        lease(1, 2)
    jobs.stop_cancelled(lease)
    parent.refresh_from_db()
    assert states(parent) == ["cancelled", "cancelled", "cancelled"]


def test_a_job_that_ended_cannot_be_cancelled_nor_a_done_one_tried_again(at):
    job = make_job(at)
    jobs.finish(claimed(job), {})
    job.refresh_from_db()
    with pytest.raises(jobs.JobNotOpen):
        jobs.cancel(job, at=at)
    with pytest.raises(jobs.JobNotEnded):
        jobs.retry(job, at=at)


def test_the_sweeper_takes_back_what_a_dead_worker_left(at):
    job = make_job(at)
    claimed(job)
    assert jobs.sweep() == []
    expire(job)
    assert jobs.sweep() == [job]
    assert jobs.sweep() == []
    assert claimed(job).fence == 3


def test_a_job_that_kills_its_worker_five_times_is_parked(at):
    job = make_job(at)
    for _ in range(5):
        claimed(job)
        expire(job)
        jobs.sweep()
    job.refresh_from_db()
    assert job.state == Job.State.DEAD
    assert "5 times" in job.error
    assert claim(job.pk, worker="sixth") is None


def test_an_unheard_message_is_sent_again(at):
    job = make_job(at)  # queued at a moment long past
    assert jobs.sweep() == [job]


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_cancelled_step_is_kept(at):
    job = make_job(at)
    lease = claimed(job)
    jobs.cancel(job, at=at)
    with pytest.raises(JobCancelled), transaction.atomic(), lease.writing():
        make_job(at)
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_finishing_and_cancelling_at_once_do_not_wait_for_each_other(at):
    """Without one order of locks, one of the two would be ended by the database as a deadlock."""
    for _ in range(15):
        parent = make_steps(at, 3)
        lease = claimed(parent.steps.get(position=0))
        with ThreadPoolExecutor(2) as pool:
            acts = (partial(jobs.finish, lease, {}), partial(jobs.cancel, parent, at=at))
            ends = [pool.submit(apart, act) for act in acts]
        assert [end.exception() for end in ends] == [None, None]
        parent.refresh_from_db()
        assert states(parent) == ["cancelled", "done", "cancelled", "cancelled"]


@pytest.mark.django_db(transaction=True)
def test_writing_for_long_leaves_the_lease_fresh(at):
    job = make_job(at)
    lease = claimed(job)
    with lease.writing():
        expire(job)
    job.refresh_from_db()
    assert job.lease_until > database_now()
