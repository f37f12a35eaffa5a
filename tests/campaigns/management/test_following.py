import pytest

from campaigns.management.following import follow
from campaigns.services import rehearsal
from loyalty.models import Job
from loyalty.services import jobs
from loyalty.services.leases import claim

pytestmark = pytest.mark.django_db


def make_job(at) -> Job:
    steps = [jobs.Step("tests.first", "First"), jobs.Step("tests.second", "Second")]
    return jobs.create_steps(label="Both", steps=steps, by=None, at=at)


def work_on(job: Job) -> None:
    """Do the next due step, as a worker would between two looks."""
    for due in jobs.due_jobs(job):
        jobs.finish(claim(due.pk, worker="here"), {})


def test_every_step_gets_its_line(at):
    job, lines = make_job(at), []
    ended = follow(job, write=lines.append, meanwhile=lambda: work_on(job))
    assert ended.state == Job.State.DONE
    assert [line.split(":")[0].strip() for line in lines] == ["[1/2] First", "[2/2] Second"]
    assert all("done in" in line for line in lines)


def test_a_failure_is_told_with_its_reason(at):
    job, lines = make_job(at), []

    def break_it() -> None:
        jobs.fail(claim(jobs.due_jobs(job)[0].pk, worker="here"), "The file is empty.")

    assert follow(job, write=lines.append, meanwhile=break_it).state == Job.State.FAILED
    assert "failed. The file is empty." in lines[0]


def test_the_demo_job_of_a_campaign_is_one_and_the_same(at):
    first = rehearsal.ensure_demo_job(campaign="18", at=at)
    assert rehearsal.ensure_demo_job(campaign="18", at=at) == first
    assert rehearsal.ensure_demo_job(campaign="13", at=at) != first
    assert first.steps.count() == 12
