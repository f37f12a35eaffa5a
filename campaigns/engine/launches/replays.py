"""Past launches forecast in turn, each by those whose weeks were over before it came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from campaigns.engine.frames import FloatArray
from campaigns.engine.launches.totals import LaunchEffect, LaunchTotals, PastLaunches, fit_launch_effect

# It is learnt anew so often. Blocks are counted from the first launch, so that a later day replays the same.
EVERY_DAYS = 28
FEWEST_LAUNCHES = 30
FEWEST_BUYERS = 100


@dataclass(frozen=True)
class Replays:
    """Forecasts as they would have been made, in order of the launches.

    Attributes
    ----------
    past : PastLaunches
        The launches that were forecast, with what came of them.
    expected, usual : ndarray of float64, shape (n_launches,)
        Mean number of buyers before the launch effect; mean of all launches that were over by then.
    effects : tuple of LaunchEffect
        What was believed of whole launches, one for each.
    """

    past: PastLaunches
    expected: FloatArray
    usual: FloatArray
    effects: tuple[LaunchEffect, ...]

    def __len__(self) -> int:
        return len(self.past)


def replayed_in_turn(past: PastLaunches, *, outcome_days: int) -> Replays:
    """Forecast every launch before which enough others were over.

    Parameters
    ----------
    past : PastLaunches
    outcome_days : int
        Buyers are counted for so many days; before they are over nobody knows how many they are.
    """
    found = Replays(past.where(np.zeros(len(past), dtype=bool)), np.empty(0), np.empty(0), ())
    if not len(past):
        return found
    for start in range(int(past.days[0]), int(past.days[-1]) + 1, EVERY_DAYS):
        over = past.where(past.days + outcome_days <= start)
        coming = past.where((past.days >= start) & (past.days < start + EVERY_DAYS))
        if len(over) >= FEWEST_LAUNCHES and over.buyers.sum() >= FEWEST_BUYERS and len(coming):
            found = _joined(found, _block(over, coming, _effect(found, start - outcome_days)))
    return found


def _block(over: PastLaunches, coming: PastLaunches, effect: LaunchEffect) -> Replays:
    expected = LaunchTotals().fit(over.features, over.buyers).expected(coming.features)
    usual = np.full(len(coming), over.buyers.mean())
    return Replays(coming, expected, usual, (effect,) * len(coming))


def _effect(found: Replays, until: int) -> LaunchEffect:
    """What earlier forecasts had taught by then; of none, what is believed beforehand."""
    known = found.past.days <= until
    return fit_launch_effect(found.expected[known], found.past.buyers[known])


def _joined(one: Replays, other: Replays) -> Replays:
    return Replays(
        one.past.followed_by(other.past),
        np.concatenate([one.expected, other.expected]),
        np.concatenate([one.usual, other.usual]),
        one.effects + other.effects,
    )
