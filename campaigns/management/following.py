"""Follow a job from the terminal: a line when a step begins to tell something, a line when it ends."""

import time
from collections.abc import Callable
from datetime import datetime

from loyalty.models import Job

POLL_SECONDS = 0.5
LINE_EVERY_SECONDS = 8.0


class Follower:
    """Writes what changed since it last looked."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._told: dict[int, str] = {}
        self._told_at: dict[int, float] = {}

    def look(self, job: Job) -> None:
        for step in job.steps.order_by("position"):
            self._tell(step, job.total)

    def _tell(self, step: Job, n_steps: int) -> None:
        text = self._text(step)
        now = time.monotonic()
        is_soon = now - self._told_at.get(step.pk, 0.0) < LINE_EVERY_SECONDS
        if not text or text == self._told.get(step.pk) or (is_soon and step.is_open):
            return
        self._told[step.pk], self._told_at[step.pk] = text, now
        self._write(f"  [{step.position + 1}/{n_steps}] {step.label}: {text}")

    def _text(self, step: Job) -> str:
        if step.state == Job.State.RUNNING:
            share = f"{step.share_done:4.0%} " if step.total else ""
            return f"{share}{step.message or 'started'}"
        if step.state == Job.State.DONE:
            return f"done in {_seconds(step.started_at, step.finished_at)}"
        ended_badly = step.state in (Job.State.FAILED, Job.State.DEAD, Job.State.CANCELLED)
        return f"{step.get_state_display().lower()}. {step.error}" if ended_badly else ""


def _seconds(since: datetime | None, until: datetime | None) -> str:
    return f"{(until - since).total_seconds():.0f} s" if since and until else "0 s"


def follow(job: Job, *, write: Callable[[str], object], meanwhile: Callable[[], object]) -> Job:
    """Return the job when it has ended. `meanwhile` is called between looks."""
    follower = Follower(write)
    while True:
        job.refresh_from_db()
        follower.look(job)
        if not job.is_open:
            return job
        meanwhile()
        time.sleep(POLL_SECONDS)
