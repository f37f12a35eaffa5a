"""The life of a job: made, finished, failed, cancelled, tried again, swept up after a crash."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from loyalty.models import Job, JobEntry
from loyalty.services.leases import Lease, database_now

State = Job.State
# A message to a worker can be lost; a job that nobody claimed for this long is announced again.
ANNOUNCE_AGAIN = timedelta(seconds=20)


@dataclass(frozen=True)
class Step:
    """One task of a job: its Celery name, what people call it, and plain JSON parameters.

    Steps in a row that are `beside` each other may be done at the same time, by as many workers as there are.
    """

    task: str
    label: str
    params: dict[str, Any] = field(default_factory=dict)
    beside: bool = False


class JobNotOpen(Exception):
    """The job has ended, so there is nothing to cancel."""


class JobNotEnded(Exception):
    """The job has not failed, so there is nothing to try again."""


def one_at_a_time(work: str) -> None:
    """Wait until whoever else is about to begin the same work has done so; held until the transaction ends.

    Whoever then looks for the job that is at it finds the one of a double click, or of a colleague.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", [work])


@transaction.atomic
def create_job(
    *,
    task: str,
    label: str,
    params: dict[str, Any],
    by: User | None,
    at: datetime,
    key: str | None = None,
) -> Job:
    """Queue one task. The same `key` gives the same job, whatever became of it."""
    values = {"task": task, "label": label, "params": params, "started_by": by, "created_at": at, "queued_at": at}
    if key is None:
        return Job.objects.create(**values)
    return Job.objects.get_or_create(key=key, defaults=values)[0]


@transaction.atomic
def create_steps(*, label: str, steps: Sequence[Step], by: User | None, at: datetime, key: str | None = None) -> Job:
    """Queue several tasks, each to be done when the one before it is, or all those before that it is beside."""
    values = {"label": label, "started_by": by, "created_at": at, "queued_at": at, "total": len(steps)}
    if key is None:
        parent, is_new = Job.objects.create(**values), True
    else:
        parent, is_new = Job.objects.get_or_create(key=key, defaults=values)
    if is_new:
        Job.objects.bulk_create(_steps_of(parent, steps, by, at))
    return parent


def _steps_of(parent: Job, steps: Sequence[Step], by: User | None, at: datetime) -> list[Job]:
    made = [
        Job(
            parent=parent,
            position=position,
            task=step.task,
            label=step.label,
            params=step.params,
            is_beside=step.beside,
            state=State.WAITING,
            started_by=by,
            created_at=at,
        )
        for position, step in enumerate(steps)
    ]
    for first in _next_due(made):
        first.state, first.queued_at = State.QUEUED, at
    return made


def _next_due(steps: Sequence[Job]) -> list[Job]:
    """Of a job's steps in their order, those that can begin now: none while others are at work."""
    if any(step.is_open and step.state != State.WAITING for step in steps):
        return []
    waiting = [step for step in steps if step.state == State.WAITING]
    if not waiting or not waiting[0].is_beside:
        return waiting[:1]
    return list(takewhile(lambda step: step.is_beside, waiting))


def due_jobs(job: Job) -> list[Job]:
    """What a worker can be woken for now: the job itself, or the queued steps of a parent."""
    steps = Job.objects.filter(parent=job, state=State.QUEUED)
    return list(steps) if not job.task else [job] if job.state == State.QUEUED else []


def finish(lease: Lease, summary: dict[str, Any]) -> list[Job]:
    """Write the result and return the steps that are now due. Raises LeaseLost when the job is no longer ours.

    What was asked to stop but came to its end is done: its rows are there. Only what would follow is not begun.
    """
    with transaction.atomic():
        _hold_parent(lease.job_id)
        job = lease.held_job()
        job.state, job.summary, job.lease_until = State.DONE, summary, None
        job.total = job.total or 1
        job.done, job.message, job.finished_at = job.total, "", database_now()
        job.save()
        return _advance(job) if job.parent_id else []


def _hold_parent(job_id: int) -> None:
    """Lock a step's parent before the step, as cancelling does: in the other order they would wait for each other."""
    list(Job.objects.select_for_update(no_key=True, of=("self",)).filter(steps=job_id))


def _advance(job: Job) -> list[Job]:
    parent = Job.objects.get(steps=job)
    steps = list(Job.objects.filter(parent=parent).order_by("position"))
    parent.done = sum(step.state == State.DONE for step in steps)
    # A sibling may have ended the whole already; what is done is counted, no more.
    if parent.is_open and not any(step.is_open for step in steps):
        is_whole = parent.done == parent.total
        parent.state, parent.finished_at = State.DONE if is_whole else State.CANCELLED, database_now()
    parent.save()
    following = _next_due(steps)
    for step in following:
        step.state, step.queued_at = State.QUEUED, database_now()
        step.save()
    return following


def fail(lease: Lease, sentence: str) -> None:
    """End a job that cannot be done, with a sentence that says why. A lost lease changes nothing."""
    _end(lease, State.FAILED, sentence)


def stop_cancelled(lease: Lease) -> None:
    _end(lease, State.CANCELLED, "")


@transaction.atomic
def _end(lease: Lease, state: str, sentence: str) -> None:
    _hold_parent(lease.job_id)
    ours = Job.objects.select_for_update(no_key=True).filter(pk=lease.job_id, fence=lease.fence, state=State.RUNNING)
    for job in ours:
        _close(job, state, sentence)


def _close(job: Job, state: str, sentence: str) -> None:
    """End a job, and with a step its parent and the steps that waited for it."""
    now = database_now()
    job.state, job.error, job.lease_until, job.finished_at = state, sentence, None, now
    job.save()
    if sentence:
        JobEntry.objects.create(job=job, at=now, text=sentence[:500])
    if job.parent_id:
        Job.objects.filter(pk=job.parent_id).update(state=state, error=sentence, finished_at=now)
        Job.objects.filter(parent_id=job.parent_id, state__in=[State.WAITING, State.QUEUED]).update(
            state=State.CANCELLED, finished_at=now
        )


@transaction.atomic
def cancel(job: Job, *, at: datetime) -> None:
    """Stop a job: what has not begun ends now, what runs is told and stops at its next report."""
    parts = Job.objects.select_for_update(no_key=True).filter(Q(pk=job.pk) | Q(parent=job)).order_by("pk")
    open_parts = [part for part in parts if part.is_open]
    if not open_parts:
        raise JobNotOpen(f"“{job.label}” has already ended.")
    running = [part for part in open_parts if part.task and part.state == State.RUNNING]
    Job.objects.filter(pk__in=[part.pk for part in open_parts]).update(cancel_requested=True)
    ending = [part.pk for part in open_parts if part not in running and (part.task or not running)]
    Job.objects.filter(pk__in=ending).update(state=State.CANCELLED, finished_at=at)


@transaction.atomic
def retry(job: Job, *, at: datetime) -> Job:
    """Try an ended job again, from the step that did not succeed. Return the job to wake a worker for."""
    parts = list(Job.objects.select_for_update(no_key=True).filter(Q(pk=job.pk) | Q(parent=job)).order_by("position"))
    whole = next(part for part in parts if part.pk == job.pk)
    if whole.state not in (State.FAILED, State.CANCELLED, State.DEAD):
        raise JobNotEnded(f"“{job.label}” is {whole.get_state_display().lower()}, so it cannot be tried again.")
    todo = [part for part in parts if part.task and part.state != State.DONE]
    for number, part in enumerate(todo):
        _requeue(part, State.WAITING if number else State.QUEUED, at)
    if not whole.task:
        _requeue(whole, State.RUNNING, at)
    return todo[0]


def _requeue(job: Job, state: str, at: datetime) -> None:
    job.state, job.error, job.cancel_requested, job.finished_at = state, "", False, None
    job.attempt, job.lease_until = 0, None
    job.queued_at = at if state == State.QUEUED else None
    job.save()


def sweep() -> list[Job]:
    """Take back what dead workers left, park what kills its worker, and return the jobs to announce (again)."""
    overdue = Job.objects.filter(state=State.RUNNING, lease_until__lt=Now()).exclude(task="")
    for job_id in overdue.values_list("pk", flat=True):
        with transaction.atomic():
            _hold_parent(job_id)
            for job in _locked(overdue.filter(pk=job_id)):
                _take_back(job)
    return _announced()


@transaction.atomic
def _announced() -> list[Job]:
    stale = Q(queued_at__isnull=True) | Q(queued_at__lt=Now() - ANNOUNCE_AGAIN)
    due = list(_locked(Job.objects.filter(stale, state=State.QUEUED).exclude(task="")))
    Job.objects.filter(pk__in=[job.pk for job in due]).update(queued_at=Now())
    return due


def _locked(jobs: QuerySet[Job]) -> QuerySet[Job]:
    return jobs.order_by("pk").select_for_update(skip_locked=True, no_key=True)


def _take_back(job: Job) -> None:
    if job.cancel_requested:
        _close(job, State.CANCELLED, "")
    elif job.attempt >= settings.JOB_MAX_ATTEMPTS:
        _close(job, State.DEAD, f"Its worker died {job.attempt} times, so it is no longer tried.")
    else:
        # queued_at stays empty until announced; the fence rises now, so that the lost worker can write nothing.
        Job.objects.filter(pk=job.pk).update(state=State.QUEUED, lease_until=None, queued_at=None, fence=F("fence") + 1)
        JobEntry.objects.create(job=job, at=database_now(), text="The worker stopped answering; trying again.")
