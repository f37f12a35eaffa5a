"""The queue with a real worker on a real broker, and what kill -9 does to it: cost time, and nothing else."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg2
import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.urls import reverse

from loyalty.models import IngestRun, Job, Order, OrderLine, Product
from loyalty.services import jobs
from loyalty.services.ingest import accept_upload
from loyalty.tasks import wake
from tests.conftest import Worker, database_url, wait_until

pytestmark = [pytest.mark.worker, pytest.mark.django_db(transaction=True)]
N_ORDERS = 10_000


def orders_file(n_orders: int) -> ContentFile:
    lines = ["order_id,ordered_at,currency,line_number,sku,quantity,amount"]
    for number in range(n_orders):
        lines += [
            f"O{number},2017-03-0{1 + number % 9} 10:00-05:00,USD,{line},P{number % 500},1,2.50" for line in (1, 2)
        ]
    return ContentFile("\n".join(lines).encode(), name="orders.csv")


def import_job(n_orders: int, at: datetime) -> Job:
    run = accept_upload(kind="orders", file=orders_file(n_orders), by=None, at=at, unknown_products="create")
    return jobs.create_job(task="loyalty.ingest", label="Import orders", params={"run_id": run.pk}, by=None, at=at)


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def rows() -> tuple[int, int, int]:
    return Order.objects.count(), OrderLine.objects.count(), Product.objects.count()


@contextmanager
def order_lines_locked() -> Iterator[None]:
    """Nobody can write order lines: a writer stops in the middle of its transaction, for as long as we need."""
    session = psycopg2.connect(database_url())
    try:
        session.cursor().execute("LOCK TABLE loyalty_orderline IN SHARE MODE")
        yield
    finally:
        session.close()


def is_somebody_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] > 0


def test_a_worker_does_the_job(worker: Worker, at):
    job = import_job(200, at)
    wake(job)
    wait_until(lambda: state_of(job) in Job.ENDED_STATES)
    assert job.state == Job.State.DONE, job.error + worker.output()[-2000:]
    assert rows() == (200, 400, 200)
    assert job.summary["created"] == 400


def test_a_worker_killed_in_the_middle_costs_time_and_nothing_else(start_worker: Callable[[], Worker], at):
    job = import_job(N_ORDERS, at)
    first = start_worker()
    with order_lines_locked():
        wake(job)
        wait_until(is_somebody_waiting_for_a_lock)  # the orders are written, not yet their lines
        first.kill()
    assert rows() == (0, 0, 0), "killed in its one transaction, it must leave nothing"
    assert state_of(job) == Job.State.RUNNING

    start_worker()
    wait_until(lambda: state_of(job) in Job.ENDED_STATES, 180)
    assert (job.state, job.attempt) == (Job.State.DONE, 2), job.error
    assert rows() == (N_ORDERS, 2 * N_ORDERS, 500)
    assert IngestRun.objects.get().state == IngestRun.State.DONE
    assert any("stopped answering" in entry.text for entry in job.entries.all())


def running_pid(job: Job, attempt: int) -> int:
    """The process at work on this attempt; 0 when there is none."""
    job.refresh_from_db()
    return int(job.worker.rpartition(":")[2]) if job.state == Job.State.RUNNING and job.attempt == attempt else 0


def test_a_job_that_kills_its_worker_each_time_is_given_up_shown_and_tried_again(
    start_worker: Callable[[], Worker], at, client, marketer, monkeypatch
):
    monkeypatch.setenv("JOB_MAX_ATTEMPTS", "3")
    job = import_job(10, at)
    start_worker()
    client.force_login(marketer)
    with order_lines_locked():
        wake(job)
        for attempt in (1, 2, 3):
            wait_until(lambda attempt=attempt: running_pid(job, attempt) > 0)
            os.kill(running_pid(job, attempt), signal.SIGKILL)
        wait_until(lambda: state_of(job) == Job.State.DEAD)
    assert rows() == (0, 0, 0)
    page = client.get(reverse("jobs"), {"state": "dead"}).content.decode()
    assert all(told in page for told in ("Import orders", ">3<", "took its worker down", "Try again"))

    client.post(reverse("job-retry", args=[job.pk]))
    wait_until(lambda: state_of(job) in Job.ENDED_STATES)
    assert (job.state, rows()) == (Job.State.DONE, (10, 20, 10))


def test_a_running_job_stops_when_it_is_cancelled(worker: Worker, at):
    job = import_job(N_ORDERS, at)
    wake(job)
    wait_until(lambda: state_of(job) == Job.State.RUNNING)
    jobs.cancel(job, at=at)
    wait_until(lambda: state_of(job) in Job.ENDED_STATES)
    assert job.state == Job.State.CANCELLED
    assert rows() == (0, 0, 0)


def test_a_message_that_got_lost_is_made_good_by_the_sweep(worker: Worker, at):
    job = import_job(10, at)  # nobody wakes a worker
    wait_until(lambda: state_of(job) == Job.State.DONE)


def test_work_that_cannot_be_done_ends_with_a_sentence(worker: Worker, at):
    lost = import_job(5, at)
    (settings.UPLOAD_DIR / f"{lost.params['run_id']}.upload").unlink()
    unknown = jobs.create_job(task="loyalty.ingest", label="Import", params={"run_id": 0}, by=None, at=at)
    for job in (lost, unknown):
        wake(job)
    wait_until(lambda: state_of(lost) in Job.ENDED_STATES and state_of(unknown) in Job.ENDED_STATES)
    assert (lost.state, lost.error) == ("failed", "The uploaded file is no longer there. Upload it again.")
    assert (unknown.state, unknown.error) == ("failed", "Something unexpected went wrong. The log has the details.")
