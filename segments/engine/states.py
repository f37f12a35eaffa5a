"""Where every customer is by a rule: which silence, by their own rhythm, means that they may be gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segments.engine.histories import Histories
from segments.engine.rhythm import Rhythm, expected_gaps

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

STATES = ("lead", "first_time", "active", "at_risk", "inactive", "won_back")
LEAD, FIRST_TIME, ACTIVE, AT_RISK, INACTIVE, WON_BACK = range(6)
NOT_YET = -1
# Who came back counts as won back until they have ordered on so many days since.
WON_BACK_VISITS = 3


@dataclass(frozen=True)
class Limits:
    """From which silence on somebody is at risk, and inactive.

    In standard deviations from the customer's own usual gap, on the scale of logarithms; infinite where no silence
    tells who comes back.
    """

    at_risk: float
    inactive: float


@dataclass(frozen=True)
class LifecycleRule:
    """Everything that is needed to say where a customer is.

    Attributes
    ----------
    rhythm : Rhythm
    once, again : Limits
        Of who has ordered on one day, and of who came again: both mean the same chance to come back.
    horizon_days : int
        Within which coming back was looked for.
    usual_chance : float
        Chance (0–1) to order within the horizon, of who came again and is not silent for longer than usual.
    chosen_on_day : int
        The rule knows nothing of this day or later.
    """

    rhythm: Rhythm
    once: Limits
    again: Limits
    horizon_days: int
    usual_chance: float
    chosen_on_day: int

    def limits(self, count: Ints) -> tuple[Floats, Floats]:
        """At risk and inactive for customers with so many visits, each of the shape of ``count``."""
        once = count <= 1
        return (
            np.where(once, self.once.at_risk, self.again.at_risk),
            np.where(once, self.once.inactive, self.again.inactive),
        )


def rule_of_facts(facts: dict[str, Any]) -> LifecycleRule:
    """A rule that was written down as plain values, None for what is infinite."""
    limits = {
        name: Limits(**{key: float("inf") if value is None else value for key, value in facts[name].items()})
        for name in ("once", "again")
    }
    return LifecycleRule(**{**facts, **limits, "rhythm": Rhythm(**facts["rhythm"])})


@dataclass(frozen=True)
class Paces:
    """How every visit left the customer's rhythm, the visit included; all of shape (n_visits,).

    Attributes
    ----------
    mean, sd : ndarray of float64
        Of the logarithm of the next gap in days, as far as was known then.
    count : ndarray of int64
        Visits so far.
    came_back : ndarray of bool
        The visit ended a silence that counted as inactive.
    since_back : ndarray of int64
        Visits since then, that one included; a large number where there was none.
    """

    mean: Floats
    sd: Floats
    count: Ints
    came_back: Flags
    since_back: Ints


def paces(visits: Histories, rule: LifecycleRule) -> Paces:
    """The rhythm that every visit left, and who came back after having been inactive."""
    mean, sd, count = expected_gaps(visits, rule.rhythm)
    came_back = np.zeros(len(visits), bool)
    _, inactive = rule.limits(count)
    with np.errstate(over="ignore"):
        allowed = np.exp(mean + inactive * sd)
    came_back[1:] = (count[1:] > 1) & (np.diff(visits.day) > allowed[:-1])
    rows = np.arange(len(visits))
    last_back = np.maximum.accumulate(np.where(came_back, rows, -1)) if len(visits) else rows
    known = last_back >= visits.opening
    since_back = np.where(known, rows - last_back + 1, np.iinfo(np.int32).max)
    return Paces(mean, sd, count, came_back, since_back.astype(np.int64))


def states(visits: Histories, rule: LifecycleRule, day: int, known_from: Ints) -> Ints:
    """Where every customer is at the beginning of a day, shape (n_customers,): place in ``STATES``, or ``NOT_YET``.

    Parameters
    ----------
    known_from : ndarray of int64, shape (n_customers,)
        The day from which somebody without an order counts as a lead.
    """
    return _states(visits, paces(visits, rule), rule, day, known_from)


def states_over_time(visits: Histories, rule: LifecycleRule, days: list[int], known_from: Ints) -> Ints:
    """The same for several days, shape (n_days, n_customers)."""
    pace = paces(visits, rule)
    return np.array([_states(visits, pace, rule, day, known_from) for day in days])


def _states(visits: Histories, pace: Paces, rule: LifecycleRule, day: int, known_from: Ints) -> Ints:
    rows = visits.last_rows(day)
    found = np.where(known_from < day, LEAD, NOT_YET)
    some = rows >= 0
    row = rows[some]
    silence = (np.log(np.maximum(day - visits.day[row], 1)) - pace.mean[row]) / pace.sd[row]
    at_risk, inactive = rule.limits(pace.count[row])
    found[some] = np.select(
        [
            silence > inactive,
            silence > at_risk,
            pace.since_back[row] <= WON_BACK_VISITS,
            pace.count[row] == 1,
        ],
        [INACTIVE, AT_RISK, WON_BACK, FIRST_TIME],
        ACTIVE,
    )
    return found.astype(np.int64)
