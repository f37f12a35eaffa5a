"""The edge between Celery and the services: claim a job, make one call, hand it back."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import structlog
from celery import current_app, shared_task
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils.timezone import now
from kombu.exceptions import OperationalError

from loyalty.models import Job
from loyalty.queries.orders import data_horizon
from loyalty.services import answers, behaviour, budgets, features, imports, inspection, jobs, sales, sentiment
from loyalty.services.ingest import check_run, run_ingest
from loyalty.services.leases import Lease, claim
from loyalty.services.progress import JobCancelled, LeaseLost, Progress
from loyalty.services.ratings import derive_ratings
from loyalty.services.silence import look_for_silence
from loyalty.services.sources import schedules, visits
from loyalty.services.trail import acting, actor_of_job

log = structlog.get_logger(__name__)
JobService = Callable[[dict[str, Any], Progress], dict[str, Any]]


class Refused(Exception):
    """The work cannot be done as asked; the message is a sentence for the person who asked."""


def wake(job: Job) -> None:
    """Tell a worker that this job, or its first due step, can be claimed. Call it after the commit."""
    for due in jobs.due_jobs(job):
        try:
            current_app.send_task(due.task, [due.pk])
        except OperationalError:
            # The row holds the work, and the sweep announces it again: a broker that is away costs time only.
            log.warning("job.not_announced", job_id=due.pk, task=due.task)


def job_task(name: str) -> Callable[[JobService], Any]:
    """Make a Celery task of a function that takes a job's parameters and a `Progress` and returns a small summary."""

    def decorate(service: JobService) -> Any:
        def run(job_id: int) -> None:
            lease = claim(job_id, worker=f"{socket.gethostname()}:{os.getpid()}")
            if lease is None:
                log.info("job.not_claimed", job_id=job_id, task=name)
                return
            with structlog.contextvars.bound_contextvars(job_id=job_id, task=name, fence=lease.fence):
                _work(lease, service)

        run.__name__ = service.__name__
        run.__doc__ = service.__doc__
        return shared_task(name=name)(run)

    return decorate


def _work(lease: Lease, service: JobService) -> None:
    log.info("job.started")
    actor = actor_of_job(Job.objects.select_related("started_by").get(pk=lease.job_id))
    try:
        with acting(lambda: actor), _kept(lease):
            summary = service(lease.params, lease)
        following = jobs.finish(lease, summary)
    except JobCancelled:
        jobs.stop_cancelled(lease)
        log.info("job.cancelled")
    except LeaseLost:
        log.warning("job.lease_lost")
    except Exception as error:
        jobs.fail(lease, _sentence(error))
        log.exception("job.failed")
    else:
        log.info("job.done", **{key: value for key, value in summary.items() if isinstance(value, int | float | str)})
        for job in following:
            wake(job)


def _sentence(error: Exception) -> str:
    """What a person is told. Our own exceptions are sentences already; others stay in the log."""
    is_ours = type(error).__module__.partition(".")[0] in {"loyalty", "segments", "recommender", "campaigns"}
    # Django makes a DoesNotExist for each of our tables, but words it for programmers.
    is_ours = is_ours and not isinstance(error, ObjectDoesNotExist)
    return str(error) if is_ours and str(error) else "Something unexpected went wrong. The log has the details."


@contextmanager
def _kept(lease: Lease) -> Iterator[None]:
    """Renew the lease from a thread while the work goes on; it dies with the process, and so does the lease."""
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(lease, done), name=f"lease-{lease.job_id}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _keep(lease: Lease, done: threading.Event) -> None:
    try:
        while not done.wait(settings.JOB_LEASE_SECONDS / 4):
            try:
                lease.keep()
            except (DatabaseError, InterfaceError):
                # The database is away; if it stays away past the lease, another worker takes over.
                connection.close()
    except (JobCancelled, LeaseLost):
        return  # the work itself learns it at its next report
    finally:
        connection.close()


@job_task("loyalty.ingest")
def ingest(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    summary = run_ingest(run_id=params["run_id"], report=report)
    wake(inspection.start_inspection(by=None, at=now()))
    return summary


@job_task("loyalty.read_reviews")
def read_reviews(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    return sentiment.read_reviews(at=now(), report=report)


@shared_task(name="loyalty.look_for_reviews")  # type: ignore[untyped-decorator]
def look_for_reviews() -> None:
    """Reviews come by files, sources and calls; whichever way they came, they are read soon."""
    job = sentiment.start_reading(at=now())
    if job is not None:
        wake(job)


@job_task("loyalty.visit_source")
def visit_source(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    summary = visits.visit_source(visit_id=params["visit_id"], at=now(), report=report, pause=_let_files_settle)
    wake(inspection.start_inspection(by=None, at=now()))
    return summary


def _let_files_settle() -> None:
    time.sleep(settings.IMPORT_SETTLE_SECONDS)


@shared_task(name="loyalty.visit_due_sources")  # type: ignore[untyped-decorator]
def visit_due_sources() -> None:
    for job in schedules.make_due(at=now()):
        wake(job)


@job_task("loyalty.check_import")
def check_import(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    return check_run(run_id=params["run_id"], report=report)


@shared_task(name="loyalty.sweep_imports")  # type: ignore[untyped-decorator]
def sweep_imports() -> None:
    imports.sweep_imports(at=now())


@job_task(inspection.TASK)
def inspect_data(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    at = now()
    return inspection.inspect_data(as_of=at, at=at, report=report)


def freshen_report(*, at: datetime) -> None:
    """Have a worker look at the data again if records came in since somebody last did."""
    if inspection.is_behind(at=at):
        job = inspection.inspection_of_newest(at=at)
        if job is not None:
            transaction.on_commit(lambda: wake(job))


@job_task(behaviour.LOOK_FOR_SILENCE)
def silence(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Who fell silent as of `as_of` (ISO), by default as of the newest order, and after which products."""
    told = look_for_silence(as_of=_as_of(params), at=now(), report=report)
    return {"n_flagged": told.products.filter(is_flagged=True).count(), "n_silent": told.customers.count()}


@job_task(behaviour.DERIVE_RATINGS)
def ratings(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """What customers think of products as of `as_of` (ISO), by default as of the newest order."""
    return derive_ratings(as_of=_as_of(params), at=now(), report=report)


def _as_of(params: dict[str, Any]) -> datetime:
    if params.get("as_of"):
        return datetime.fromisoformat(params["as_of"])
    return data_horizon() or now()


@shared_task(name="loyalty.read_behaviour_when_due")  # type: ignore[untyped-decorator]
def read_behaviour_when_due() -> None:
    job = behaviour.make_due(at=now(), horizon=data_horizon())
    if job is not None:
        wake(job)


@shared_task(name="loyalty.sweep_jobs")  # type: ignore[untyped-decorator]
def sweep_jobs() -> None:
    for job in jobs.sweep():
        current_app.send_task(job.task, [job.pk])


@shared_task(name="loyalty.sweep_calls")  # type: ignore[untyped-decorator]
def sweep_calls() -> None:
    answers.forget_answers(at=now())
    budgets.forget_full_buckets()


@job_task("loyalty.survey_features")
def survey_features(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Look at all features as of `as_of` (ISO), by default as of the newest order."""
    as_of = datetime.fromisoformat(params["as_of"]) if params.get("as_of") else data_horizon() or now()
    return features.survey_features(as_of=as_of, at=now(), report=report)


@shared_task(name="loyalty.sweep_features")  # type: ignore[untyped-decorator]
def sweep_features() -> None:
    features.add_up_changes()


@job_task(sales.TASK)
def add_up_sales(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    return sales.freshen_sums(at=now(), report=report)


def freshen_sales(*, at: datetime) -> bool:
    """Have the sums of sales brought up to date by a worker if records came in since. True when they did."""
    is_behind = sales.sums_are_behind(at=at)
    if is_behind:
        transaction.on_commit(_ask_for_sums)
    return is_behind


def _ask_for_sums() -> None:
    job = sales.start_adding_up(at=now())
    if job is not None:
        wake(job)
