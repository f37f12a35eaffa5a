"""How long work tells where it is, and learns that it should stop. Services take a `Progress`; jobs supply one."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from django.db import transaction


class JobCancelled(Exception):
    """Somebody asked for this job to stop. Nothing of the step under way is kept."""


class LeaseLost(Exception):
    """Another worker has taken this job over; whatever this one still holds must not be written."""


class Progress(Protocol):
    """What a long service may say and ask."""

    @property
    def job_id(self) -> int | None:
        """The job's number; None when nobody keeps one."""

    def __call__(self, done: int, total: int, message: str = "") -> None:
        """Say how far the work is. Raises JobCancelled or LeaseLost when it should stop."""

    def note(self, text: str) -> None:
        """Leave a line in the job's log, for people."""

    def writing(self) -> AbstractContextManager[None]:
        """One transaction for the final rows, refused when the job is no longer ours."""


class QuietProgress:
    """For commands and tests: nobody watches, nobody cancels."""

    job_id: int | None = None

    def __call__(self, done: int, total: int, message: str = "") -> None:
        return None

    def note(self, text: str) -> None:
        return None

    @contextmanager
    def writing(self) -> Iterator[None]:
        with transaction.atomic():
            yield
