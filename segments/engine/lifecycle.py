"""The rule that says where customers are in their life with the shop: chosen on earlier weeks, tried on later ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segments.engine.histories import Histories
from segments.engine.intervals import clustered_share
from segments.engine.rhythm import (
    FEWEST_REPEATERS,
    Rhythm,
    TooLittleHistory,
    expected_gaps,
    learnt_rhythm,
    return_curve,
)
from segments.engine.states import STATES, LifecycleRule, Limits, states_over_time

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

HORIZON_DAYS = 28
SHORTEST_HISTORY_DAYS = 120
DAYS_BETWEEN_LOOKS = 7
# Each is looked at every week: so many say the same as a million, in a tenth of the memory.
LEARNT_FROM_AT_MOST = 100_000


@dataclass(frozen=True)
class LifecycleSpec:
    """What at risk and inactive mean: how much less likely to come back than customers in their rhythm.

    Attributes
    ----------
    at_risk_share, inactive_share : float
        Of the chance (0–1) of those who are not silent for longer than usual.
    """

    at_risk_share: float = 0.5
    inactive_share: float = 0.25


@dataclass(frozen=True)
class _Looks:
    """Customers at moments: how silent they were, whether they ordered soon after, whether they had come again."""

    silence: Floats
    back: Floats
    is_repeater: Flags


@dataclass(frozen=True)
class CameBack:
    """Of the customers in a state, seen at several moments after the rule was chosen: how many ordered again.

    Attributes
    ----------
    state : int
    n_looks : int
        Customers times moments.
    n_customers : int
    share, low, high : float
        Ordered within the horizon, with the interval that holds in 95 of 100 cases.
    """

    state: int
    n_looks: int
    n_customers: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Lifecycle:
    """A rule, and how it did on the time after it was chosen."""

    rule: LifecycleRule
    came_back: tuple[CameBack, ...]
    n_moments: int


def find_lifecycle(visits: Histories, *, as_of_day: int, spec: LifecycleSpec) -> Lifecycle:
    """Choose the rule on the earlier part of the history and try it on the later part.

    Parameters
    ----------
    visits : Histories
        Days with an order only.
    as_of_day : int
        Nothing of it or later is used.
    spec : LifecycleSpec

    Returns
    -------
    Lifecycle

    Raises
    ------
    TooLittleHistory
    """
    known = visits.before(as_of_day)
    length = as_of_day - int(known.day.min()) if len(known) else 0
    if length < SHORTEST_HISTORY_DAYS:
        raise TooLittleHistory(
            f"There are orders of {length} days; at least {SHORTEST_HISTORY_DAYS} are needed to see who comes back."
        )
    horizon = HORIZON_DAYS
    chosen_on = as_of_day - horizon - length // 8
    rule = choose_rule(known, chosen_on_day=chosen_on, horizon_days=horizon, spec=spec)
    moments = range(as_of_day - horizon, chosen_on - 1, -DAYS_BETWEEN_LOOKS)
    return Lifecycle(rule, _tried(known, rule, list(moments)), len(moments))


def choose_rule(visits: Histories, *, chosen_on_day: int, horizon_days: int, spec: LifecycleSpec) -> LifecycleRule:
    """Learn rhythm and limits from what was known on a day; see `find_lifecycle`."""
    known = visits.before(chosen_on_day).of_some(LEARNT_FROM_AT_MOST)
    rhythm = learnt_rhythm(known)
    looks = _looks(known, rhythm, chosen_on_day, horizon_days)
    in_rhythm = (looks.silence <= 0) & looks.is_repeater
    if in_rhythm.sum() < FEWEST_REPEATERS:
        raise TooLittleHistory(f"Only {int(in_rhythm.sum())} customers were seen while they kept to their rhythm.")
    usual = float(looks.back[in_rhythm].mean())
    shares = (spec.at_risk_share, spec.inactive_share)
    once = _limits(looks, ~looks.is_repeater, [share * usual for share in shares])
    again = _limits(looks, looks.is_repeater, [share * usual for share in shares])
    return LifecycleRule(rhythm, once, again, horizon_days, usual, chosen_on_day)


def _limits(looks: _Looks, picked: Flags, chances: list[float]) -> Limits:
    curve = return_curve(looks.silence[picked], looks.back[picked])
    # Who is silent for less than usual is never called at risk, however few come back to this shop.
    at_risk, inactive = (max(curve.silence_of(chance), 0.0) for chance in chances)
    return Limits(at_risk, inactive)


def _looks(visits: Histories, rhythm: Rhythm, until_day: int, horizon: int) -> _Looks:
    """Every customer at every moment whose horizon had ended."""
    mean, sd, count = expected_gaps(visits, rhythm)
    first = int(visits.day.min())
    begin = first + (until_day - first) // 4
    seen: list[tuple[Ints, int]] = []
    for moment in range(until_day - horizon, begin, -DAYS_BETWEEN_LOOKS):
        rows = visits.last_rows(moment)
        seen.append((rows[rows >= 0], moment))
    rows = np.concatenate([np.zeros(0, np.int64), *(rows for rows, _ in seen)])
    moments = np.repeat([moment for _, moment in seen], [len(rows) for rows, _ in seen])
    silence = (np.log(np.maximum(moments - visits.day[rows], 1)) - mean[rows]) / sd[rows]
    return _Looks(silence, _ordered_again(visits, rows, moments + horizon), count[rows] > 1)


def _ordered_again(visits: Histories, rows: Ints, before_day: Ints | int) -> Floats:
    """1 where the visit after these is of the same customer and before the day."""
    following = np.minimum(rows + 1, len(visits) - 1)
    same = (visits.customer[following] == visits.customer[rows]) & (following > rows)
    return (same & (visits.day[following] < before_day)).astype(np.float64)


def _tried(visits: Histories, rule: LifecycleRule, moments: list[int]) -> tuple[CameBack, ...]:
    nobody = np.full(visits.n_customers, np.iinfo(np.int64).max)
    hits = np.zeros((len(STATES), visits.n_customers))
    looks = np.zeros((len(STATES), visits.n_customers))
    for moment, found in zip(moments, states_over_time(visits, rule, moments, nobody), strict=True):
        rows = visits.last_rows(moment)
        customers = np.flatnonzero(rows >= 0)
        back = _ordered_again(visits, rows[customers], moment + rule.horizon_days)
        looks[found[customers], customers] += 1
        hits[found[customers], customers] += back
    return tuple(_came_back(state, hits[state], looks[state]) for state in range(1, len(STATES)))


def _came_back(state: int, hits: Floats, looks: Floats) -> CameBack:
    share, low, high = clustered_share(hits, looks)
    return CameBack(state, int(looks.sum()), int((looks > 0).sum()), share, low, high)
