"""How many customers fit a rule, at once: exactly where that is cheap, else by looking at some of them.

Each count has a connection of its own. When somebody changes the rule, the count before is stopped by the database:
a connection that others use, too, could be stopped in the middle of something else.
"""

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import OperationalError

from segments.engine.rules.tree import Every, Rule, Some
from segments.queries.rules.compiling import Moment, Question, members_question

# In the planner's units: what is dearer is estimated first, and counted never where it is dearer by far.
EXACT_COST = 250_000.0
MOST_COST = 60_000_000.0
EXACT_MS, SAMPLE_MS = 600, 700
SAMPLE = 4_000
SMALLER_SAMPLE = 1_000
# The same customers every time, so that a count does not jump when nothing changed.
SOME = """
SELECT id FROM loyalty_customer
WHERE (hashint8extended(id, 20261126) & 1048575) < %(share)s * 1048576 ORDER BY id
"""
# Of two that begin at once only the older stops, and it finds the newer one there.
OTHERS = """
FROM pg_stat_activity other JOIN pg_stat_activity own ON own.pid = pg_backend_pid()
WHERE other.application_name = own.application_name AND other.datname = own.datname
    AND starts_with(own.application_name, 'count ')
"""
STOP_OLDER = f"SELECT pg_cancel_backend(other.pid) {OTHERS} AND other.backend_start < own.backend_start"
IS_NEWER_THERE = f"SELECT EXISTS (SELECT {OTHERS} AND other.backend_start > own.backend_start)"
Z_95 = 1.959964


class RuleTooCostly(Exception):
    """A rule that would keep the database from other work; the sentence says what to change."""


class CountStopped(Exception):
    """The count was stopped, because the rule was changed or because it took too long."""


@dataclass(frozen=True)
class Count:
    """How many fit. An estimate has looked at `n_looked_at` and lies between `low` and `high` with 95 %."""

    n: int
    low: int
    high: int
    n_customers: int
    n_looked_at: int

    @property
    def is_exact(self) -> bool:
        return self.n_looked_at == self.n_customers


def count_members(rule: Rule, moment: Moment, *, asker: str = "") -> Count:
    """Count who fits. A count that the same `asker` asked for before is stopped.

    Raises RuleTooCostly and CountStopped.
    """
    question = members_question(rule, moment)
    with _apart(asker) as own:
        n_customers = _number(own, Question("SELECT count(*) FROM loyalty_customer", {}))
        if _cost(own, question) <= EXACT_COST or n_customers <= SMALLER_SAMPLE:
            n = _counted(own, question, EXACT_MS)
            if n is not None:
                return Count(n, n, n, n_customers, n_customers)
        return _estimated(own, rule, moment, n_customers)


def _estimated(own: BaseDatabaseWrapper, rule: Rule, moment: Moment, n_customers: int) -> Count:
    with own.cursor() as cursor:
        # The rows of few customers are fetched one by one: the planner, thinking of disks, would read all of them.
        cursor.execute("SET enable_seqscan = off; SET random_page_cost = 1.1")
    for size in (SAMPLE, SMALLER_SAMPLE):
        some = _some(own, size / max(n_customers, 1))
        n = _counted(own, members_question(rule, moment, among=some), SAMPLE_MS)
        if n is not None:
            return estimate(n, len(some), n_customers)
    raise RuleTooCostly("This rule takes too long to count. Give its conditions a shorter time, or fewer of them.")


def _some(own: BaseDatabaseWrapper, share: float) -> list[int]:
    with own.cursor() as cursor:
        cursor.execute(SOME, {"share": share})
        return [key for (key,) in cursor.fetchall()]


def estimate(n: int, n_looked_at: int, n_customers: int) -> Count:
    """From a sample to all, with Wilson's interval for a share, narrowed by the share that was looked at."""
    if not n_looked_at:
        return Count(0, 0, n_customers, n_customers, 0)
    share, z2 = n / n_looked_at, Z_95**2 * (1 - n_looked_at / max(n_customers, n_looked_at))
    middle = (share + z2 / (2 * n_looked_at)) / (1 + z2 / n_looked_at)
    half = math.sqrt(z2 * (share * (1 - share) + z2 / (4 * n_looked_at)) / n_looked_at) / (1 + z2 / n_looked_at)
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    # Those who were seen to fit, and not to fit, are certain.
    least, most = n, n_customers - (n_looked_at - n)
    ends = (max(math.floor(low * n_customers), least), min(math.ceil(high * n_customers), most))
    return Count(min(max(round(share * n_customers), ends[0]), ends[1]), *ends, n_customers, n_looked_at)


@contextmanager
def _apart(asker: str) -> Iterator[BaseDatabaseWrapper]:
    own: BaseDatabaseWrapper = connection.copy()
    try:
        if asker:
            with own.cursor() as cursor:
                # PostgreSQL keeps 63 characters of a name.
                cursor.execute("SELECT set_config('application_name', %s, false)", [f"count {asker}"[:60]])
                cursor.execute(STOP_OLDER)
        yield own
    finally:
        own.close()


def _counted(own: BaseDatabaseWrapper, question: Question, milliseconds: int) -> int | None:
    """None when it took too long. Raises CountStopped when its asker asks something else by now."""
    with own.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [str(milliseconds)])
    try:
        return _number(own, Question(f"SELECT count(*) FROM ({question.sql}) fits", question.params))  # noqa: S608 - ours
    except OperationalError as error:
        # The database stops a statement in the same way for both reasons.
        if _number(own, Question(IS_NEWER_THERE, {})):
            raise CountStopped("This count was stopped, because the rule was changed.") from error
        return None


def _number(own: BaseDatabaseWrapper, question: Question) -> int:
    with own.cursor() as cursor:
        cursor.execute(question.sql, question.params)
        return int(cursor.fetchone()[0])


def _cost(own: BaseDatabaseWrapper, question: Question) -> float:
    with own.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {question.sql}", question.params)
        told: Any = cursor.fetchone()[0]
    plan = json.loads(told) if isinstance(told, str) else told
    return float(plan[0]["Plan"]["Total Cost"])


def check_cost(rule: Rule, moment: Moment) -> None:
    """Raises RuleTooCostly, naming the part that costs most."""
    if _cost(connection, members_question(rule, moment)) <= MOST_COST:
        return
    parts: Sequence[Rule] = rule.parts if isinstance(rule, Every | Some) else (rule,)
    costs = [_cost(connection, members_question(part, moment)) for part in parts]
    raise RuleTooCostly(
        f"This rule would read too much at once, most of it for condition {costs.index(max(costs)) + 1}. "
        "Give that condition a shorter time, or say of which product or category."
    )
