"""Claim a job, keep it, give it back. Every statement is guarded and uses the database's clock.

PostgreSQL holds the work; Celery only wakes a worker. A claim raises the job's fence, a write carries the fence it got,
so a worker that was thought dead and comes back can write nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from loyalty.models import Job, JobEntry
from loyalty.services.progress import JobCancelled, LeaseLost

CLAIM = """
UPDATE loyalty_job
SET state = 'running', attempt = attempt + 1, fence = fence + 1, worker = %(worker)s, error = '',
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s),
    started_at = COALESCE(started_at, clock_timestamp())
WHERE id = %(id)s AND NOT cancel_requested AND task <> ''
  AND (state = 'queued' OR (state = 'running' AND lease_until < clock_timestamp()))
RETURNING fence, parent_id
"""
KEEP = """
UPDATE loyalty_job SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE id = %(id)s AND fence = %(fence)s AND state = 'running'
RETURNING cancel_requested
"""
TELL = """
UPDATE loyalty_job SET done = %(done)s, total = %(total)s, message = %(message)s,
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE id = %(id)s AND fence = %(fence)s AND state = 'running'
RETURNING cancel_requested
"""
START_PARENT = """
UPDATE loyalty_job SET state = 'running', started_at = COALESCE(started_at, clock_timestamp())
WHERE id = %s AND state IN ('queued', 'waiting')
"""
MESSAGE_LENGTH = 300


def _returned(statement: str, values: dict[str, Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def database_now() -> datetime:
    row = _returned("SELECT clock_timestamp()", {})
    assert row is not None
    now: datetime = row[0]
    return now


@dataclass(frozen=True)
class Lease:
    """The right to work on a job, for as long as it is renewed. It is the `Progress` that a job's service is given."""

    job_id: int
    fence: int
    params: dict[str, Any] = field(default_factory=dict)

    def _values(self, **more: Any) -> dict[str, Any]:
        return {"id": self.job_id, "fence": self.fence, "lease": settings.JOB_LEASE_SECONDS, **more}

    def _stop_if_told(self, row: tuple[Any, ...] | None) -> None:
        if row is None:
            raise LeaseLost(f"Job {self.job_id} is no longer ours.")
        if row[0]:
            raise JobCancelled(f"Job {self.job_id} was cancelled.")

    def keep(self) -> None:
        """Renew. Called from a thread of its own while the work goes on."""
        self._stop_if_told(_returned(KEEP, self._values()))

    def __call__(self, done: int, total: int, message: str = "") -> None:
        values = self._values(done=done, total=total, message=message[:MESSAGE_LENGTH])
        self._stop_if_told(_returned(TELL, values))

    def note(self, text: str) -> None:
        JobEntry.objects.create(job_id=self.job_id, at=database_now(), text=text[:500])

    @contextmanager
    def writing(self) -> Iterator[None]:
        with transaction.atomic():
            self.hold()
            yield
            # The thread that renews has waited for this row as long as the writing took.
            self.keep()

    def hold(self) -> None:
        """Lock the job's row until the transaction ends. Raises JobCancelled or LeaseLost."""
        if self.held_job().cancel_requested:
            raise JobCancelled(f"Job {self.job_id} was cancelled.")

    def held_job(self) -> Job:
        """The job, its row locked until the transaction ends, so that nobody takes it over. Raises LeaseLost."""
        ours = Job.objects.select_for_update(no_key=True).filter(pk=self.job_id, fence=self.fence)
        job = ours.filter(state=Job.State.RUNNING).first()
        if job is None:
            raise LeaseLost(f"Job {self.job_id} is no longer ours.")
        return job


def claim(job_id: int, *, worker: str) -> Lease | None:
    """Return a lease, or None when the job is done, cancelled, or in another worker's hands."""
    row = _returned(CLAIM, {"id": job_id, "worker": worker[:100], "lease": settings.JOB_LEASE_SECONDS})
    if row is None:
        return None
    fence, parent_id = row
    if parent_id is not None:
        with connection.cursor() as cursor:
            cursor.execute(START_PARENT, [parent_id])
    job = Job.objects.only("params").get(pk=job_id)
    return Lease(job_id=job_id, fence=fence, params=job.params)
