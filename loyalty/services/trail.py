"""Who acts: told to the database with every statement that writes, so that its triggers can write it down.

The triggers are made in `trail_triggers`. What is told holds until the transaction ends, and a roll-back takes it back.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from loyalty.models import AuditEntry, Job

Via = AuditEntry.Via
SETTING = "rehearsal.actor"
ITSELF = {"via": Via.SYSTEM.value}
# A statement that begins otherwise changes no row; WITH may, and costs nothing when it does not.
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE|WITH|TRUNCATE)\b", re.IGNORECASE)
Execute = Callable[[Any, Any, bool, dict[str, Any]], Any]


@dataclass(frozen=True)
class Actor:
    """Who does something, and by which way: a person, a person's key, a job for somebody."""

    via: str
    id: int | None = None
    name: str = ""
    key: str = ""
    job: int | None = None


_actor: ContextVar[Callable[[], Actor] | None] = ContextVar("actor", default=None)
_reason: ContextVar[str] = ContextVar("reason", default="")


@contextmanager
def acting(actor: Callable[[], Actor]) -> Iterator[None]:
    """Everything written within is the actor's doing. Asked for only when something is written."""
    token = _actor.set(actor)
    try:
        with connection.execute_wrapper(_announce):
            yield
    finally:
        _actor.reset(token)


@contextmanager
def because(reason: str) -> Iterator[None]:
    """Everything written within has this reason."""
    token = _reason.set(reason[:500])
    try:
        yield
    finally:
        _reason.reset(token)


def actor_of_job(job: Job) -> Actor:
    by = job.started_by
    return Actor(Via.JOB, by.pk, by.get_username(), job=job.pk) if by else Actor(Via.JOB, job=job.pk)


def introduce_connection(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """A receiver of Django's `connection_created`: what our processes do unasked is told from what others do in SQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, false)", [SETTING, json.dumps(ITSELF)])


def _announce(execute: Execute, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Put who acts in front of a statement that writes, in the same message: no further way to the server and back."""
    actor = _actor.get()
    if actor is None or not isinstance(sql, str) or not WRITES.match(sql) or " set_config(" in sql[:32]:
        return execute(sql, params, many, context)
    told = json.dumps({**asdict(actor()), "reason": _reason.get()}).replace("'", "''")
    if params is not None:
        told = told.replace("%", "%%")
    return execute(f"SELECT set_config('{SETTING}', '{told}', true); {sql}", params, many, context)
