"""Jobs as people see them: the whole with its steps, how far it is, what it said, what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Prefetch, Q, QuerySet

from loyalty.models import Job, JobEntry

State = Job.State
# What people ask for, in the order shown.
CHOICES = {
    "open": ("Under way", Job.OPEN_STATES),
    "done": ("Done", [State.DONE]),
    "failed": ("Did not succeed", [State.FAILED]),
    "dead": ("Given up", [State.DEAD]),
    "cancelled": ("Cancelled", [State.CANCELLED]),
}
CAN_BE_TRIED_AGAIN = (State.FAILED, State.CANCELLED, State.DEAD)
LOG_LINES = 60


@dataclass(frozen=True)
class Standing:
    """How a job stands. `share` is between 0 and 1; `message` says what happens now, or why it ended."""

    job: Job
    steps: list[Job]
    share: float
    message: str

    @property
    def is_open(self) -> bool:
        return self.job.is_open

    @property
    def is_stopping(self) -> bool:
        return self.job.is_open and self.job.cancel_requested

    @property
    def can_be_tried_again(self) -> bool:
        return self.job.state in CAN_BE_TRIED_AGAIN

    @property
    def parts(self) -> list[Job]:
        """What a worker does: the steps, or the job itself."""
        return self.steps or [self.job]

    @property
    def is_unknown(self) -> bool:
        """At work, but nobody can say how much there is."""
        at_work = [part for part in self.parts if part.state == State.RUNNING]
        return not self.share and any(not part.total for part in at_work)

    @property
    def n_done(self) -> int:
        return sum(part.state == State.DONE for part in self.steps)

    @property
    def n_attempts(self) -> int:
        return max(part.attempt for part in self.parts)

    @property
    def worker(self) -> str:
        """Where it runs, or ran last."""
        seen = [part.worker for part in self.parts if part.worker]
        return seen[-1] if seen else ""

    @property
    def dead_part(self) -> Job | None:
        """The part that took its worker down each time it was tried, when there is one."""
        return next((part for part in self.parts if part.state == State.DEAD), None)

    @property
    def took(self) -> timedelta | None:
        """From its begin to its end, once it has ended."""
        begun = min((part.started_at for part in self.parts if part.started_at), default=None)
        return self.job.finished_at - begun if begun and self.job.finished_at else None


def job_list(*, choice: str = "") -> QuerySet[Job]:
    """Jobs that are no step of another."""
    found = Job.objects.filter(parent=None).select_related("started_by")
    if choice in CHOICES:
        found = found.filter(state__in=CHOICES[choice][1])
    return found.prefetch_related(Prefetch("steps", Job.objects.order_by("position")))


def open_job(task: str) -> Job | None:
    """The newest job of a task that waits or runs."""
    return Job.objects.filter(task=task, state__in=Job.OPEN_STATES).first()


def job_counts() -> dict[str, int]:
    """How many jobs each choice would show, in one question to the database."""
    counts = {name: Count("pk", filter=Q(state__in=states)) for name, (_, states) in CHOICES.items()}
    found: dict[str, int] = Job.objects.filter(parent=None).aggregate(**counts)
    return found


def job_standing(pk: int) -> Standing | None:
    """A job, or the whole that a step belongs to."""
    step = Job.objects.filter(pk=pk).first()
    if step is None:
        return None
    return standing(job_list().get(pk=step.parent_id or pk))


def standings(jobs: Iterable[Job]) -> list[Standing]:
    return [standing(job) for job in jobs]


def standing(job: Job) -> Standing:
    steps = list(job.steps.all())
    return Standing(job, steps, _share(job, steps), _message(job, steps))


def _share(job: Job, steps: list[Job]) -> float:
    if job.state == State.DONE or not steps:
        return job.share_done
    return sum(step.share_done for step in steps) / len(steps)


def _message(job: Job, steps: list[Job]) -> str:
    if job.is_open and job.cancel_requested:
        return "Stopping. It ends when the work under way reaches a safe place."
    if not job.is_open:
        return job.error
    at_work = next((step for step in steps if step.state == State.RUNNING), job)
    label = at_work.label if at_work is not job else ""
    return ": ".join(filter(None, [label, at_work.message])) or "Waiting for a free worker."


def job_log(job: Job, n: int = LOG_LINES) -> list[JobEntry]:
    """The newest lines of the log of a job and its steps, oldest first."""
    entries = JobEntry.objects.filter(Q(job=job) | Q(job__parent=job)).order_by("-id")[:n]
    return list(reversed(entries))
