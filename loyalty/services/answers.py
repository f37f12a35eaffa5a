"""One key, one effect: the answer to a call is kept in the transaction of what it did, and told again when asked again.

Only what was done is kept. A refusal did nothing, so the same call may be tried again under the same key.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from loyalty.models import AnsweredCall

KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 255
# Not waited for: whoever comes second is told to ask again, instead of holding a connection meanwhile.
LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 7))"


class StillAtWork(Exception):
    """Another call with this key is under way."""


class KeyUsedOtherwise(Exception):
    """The key came before, with another address or body."""


@dataclass(frozen=True)
class Call:
    """A call by its key; the fingerprint tells whether it is the same call again."""

    caller: str
    key: str
    fingerprint: str


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def earlier_answer(call: Call, *, at: datetime) -> Answer | None:
    """What this call was answered before; None when it is new, which then is ours to do until the transaction ends.

    Raises StillAtWork, or KeyUsedOtherwise.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [f"{call.caller} {call.key}"])
        if not cursor.fetchone()[0]:
            raise StillAtWork
    found = AnsweredCall.objects.filter(caller=call.caller, key=call.key, answered_at__gt=at - KEPT_FOR).first()
    if found is None:
        return None
    if found.fingerprint != call.fingerprint:
        raise KeyUsedOtherwise
    return Answer(found.status, bytes(found.body), found.headers)


def keep_answer(call: Call, answer: Answer, *, at: datetime) -> None:
    """In the transaction of the effect, under the lock that `earlier_answer` took."""
    row = AnsweredCall(
        caller=call.caller,
        key=call.key,
        fingerprint=call.fingerprint,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        answered_at=at,
    )
    # One that is too old to be told again may still lie there.
    AnsweredCall.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["caller", "key"],
        update_fields=["fingerprint", "status", "headers", "body", "answered_at"],
    )


def forget_answers(*, at: datetime) -> int:
    n_gone, _ = AnsweredCall.objects.filter(answered_at__lte=at - KEPT_FOR).delete()
    return n_gone
