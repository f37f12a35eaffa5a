"""How many calls a caller may make: a bucket of a minute's calls that fills up again steadily.

It is kept in PostgreSQL and by its clock, so that it holds across all processes and needs no further server.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from loyalty.models import CallBudget

SPAN_SECONDS = 60
# One guarded statement: a caller whose bucket is empty is not counted further into debt.
# Nobody waits for the disk, nor for those who do: a machine that loses its power forgets the last calls, no more.
SPEND = """
SET LOCAL synchronous_commit = off;
INSERT INTO loyalty_callbudget AS b (caller, spent_until) VALUES (%(caller)s, clock_timestamp() + %(step)s)
ON CONFLICT (caller) DO UPDATE SET spent_until = GREATEST(b.spent_until, clock_timestamp()) + %(step)s
WHERE GREATEST(b.spent_until, clock_timestamp()) + %(step)s <= clock_timestamp() + %(span)s
RETURNING EXTRACT(epoch FROM b.spent_until - clock_timestamp())
"""
DEBT = "SELECT EXTRACT(epoch FROM spent_until - clock_timestamp()) FROM loyalty_callbudget WHERE caller = %s"


@dataclass(frozen=True)
class Budget:
    """What is left after one call. `limit` is calls a minute, `ahead` seconds until the bucket is full again."""

    name: str
    limit: int
    ahead: float
    is_granted: bool

    @property
    def remaining(self) -> int:
        return max(0, math.floor((SPAN_SECONDS - self.ahead) / self._step + 1e-6)) if self.is_granted else 0

    @property
    def wait_seconds(self) -> int:
        """How long until the next call is granted."""
        return 0 if self.remaining else max(1, math.ceil(self.ahead + self._step - SPAN_SECONDS))

    @property
    def headers(self) -> dict[str, str]:
        """As in the IETF's draft of RateLimit header fields: the quota and its window, what is left and until when."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.limit};w={SPAN_SECONDS}',
            "RateLimit": f'"{self.name}";r={self.remaining};t={max(1, round(self.ahead))}',
        }

    @property
    def _step(self) -> float:
        return SPAN_SECONDS / self.limit


def narrowest(*budgets: Budget) -> Budget:
    """The one that refuses, else the one with least left."""
    return min(budgets, key=lambda one: (one.is_granted, one.remaining))


def spend(*, caller: str, name: str, limit: int) -> Budget:
    """Count one call. `name` says of what, reading or writing, and each has a bucket of its own."""
    row = f"{caller} {name}"
    values: dict[str, Any] = {
        "caller": row,
        "step": timedelta(seconds=SPAN_SECONDS / limit),
        "span": timedelta(seconds=SPAN_SECONDS),
    }
    with connection.cursor() as cursor:
        cursor.execute(SPEND, values)
        spent = cursor.fetchone()
        if spent is not None:
            return Budget(name, limit, float(spent[0]), is_granted=True)
        cursor.execute(DEBT, [row])
        debt = cursor.fetchone()
    return Budget(name, limit, float(debt[0]) if debt else 0.0, is_granted=False)


def forget_full_buckets() -> int:
    """A bucket that is full again says nothing."""
    n_gone, _ = CallBudget.objects.filter(spent_until__lt=Now()).delete()
    return n_gone
