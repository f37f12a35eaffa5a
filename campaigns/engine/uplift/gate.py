"""The gate before targeting: do people differ in what a campaign does to them, and does choosing among them pay?

Scores that were cross-fitted cannot be tested by shuffling with the scores held fixed: every fold's scores have seen
the outcomes of all the others, the folds agree with each other by construction, and the test opens too often. Here
each fold is scored by what was learnt from the folds *before* it. Given those, shuffling the fold is an exact test,
whatever was learnt and however it was chosen; and the folds' results are independent, so that they may be added up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from campaigns.engine.frames import FloatArray
from campaigns.engine.uplift.estimates import numbered
from campaigns.engine.uplift.frames import RandomisedFrame, folds_by_group
from campaigns.engine.uplift.learners import RESPONSE, learn
from campaigns.engine.uplift.surfaces import BASES, RIDGE, Base

N_FOLDS = 5
N_PERMUTATIONS = 999
OPENS_BELOW = 0.01
# Shuffles held in memory at once.
CHUNK = 100


@dataclass(frozen=True)
class HeterogeneityTest:
    """Whether people differ in their effect in the way that was learnt.

    Attributes
    ----------
    z : float
        Qini areas of the later folds, standardised under shuffling and added up; about N(0, 1) if nobody differs.
    p_value : float
        Share of shuffled trials with as large a sum, the real one counted among them.
    """

    z: float
    p_value: float


def heterogeneity_test(
    pair: RandomisedFrame,
    rng: np.random.Generator,
    *,
    bases: Sequence[Base] = BASES,
    n_folds: int = N_FOLDS,
    n_permutations: int = N_PERMUTATIONS,
) -> HeterogeneityTest:
    """Test by permutation whether the Qini area of what was learnt is more than chance.

    Parameters
    ----------
    pair : RandomisedFrame
        One arm against the control.
    rng : numpy.random.Generator
    bases : sequence of Base
        What the learners are made of; people are put into the order of their mean rank over all learners.

    Notes
    -----
    Under the null the effect is the same for everybody, but not zero: a constant effect is taken out before shuffling
    (Ding, Feller & Miratrix 2016). Later folds know more and weigh more, by the root of the folds they learnt from.
    """
    folds = folds_by_group(pair.groups, n_folds, rng)
    observed, shuffled, weights = [], [], []
    for fold in range(1, n_folds):
        past, now = pair.take(folds < fold), pair.take(folds == fold)
        leverage = _leverage(past, now, bases)
        observed.append(_standardised(now, leverage))
        shuffled.append(_shuffled_areas(now, leverage, n_permutations, rng))
        weights.append(np.sqrt(fold))
    scale = np.array(weights) / np.linalg.norm(weights)
    z, under_chance = float(scale @ observed), scale @ np.array(shuffled)
    p_value = (1 + int((under_chance >= z).sum())) / (1 + n_permutations)
    return HeterogeneityTest(z, p_value)


def _leverage(past: RandomisedFrame, now: RandomisedFrame, bases: Sequence[Base]) -> FloatArray:
    """What a person adds to the Qini area if treated: linear, so that a shuffle costs a sum.

    By mean rank: picking one learner by how it did on a few folds picks noise, and found less in planted worlds.
    """
    chance = now.treated_chance
    surfaces = [surface for label, surface in learn(past, bases).items() if label != RESPONSE]
    order = rankdata(np.mean([rankdata(-surface(now.values)) for surface in surfaces], axis=0))
    return np.asarray((0.5 - (order - 0.5) / len(now)) * _residuals(past, now) / (chance * (1 - chance)))


def _residuals(past: RandomisedFrame, now: RandomisedFrame) -> FloatArray:
    """Outcomes less what was expected of the person, and less the mean effect."""
    left = now.outcome - RIDGE.fit_outcome(past.values, past.outcome)(now.values)
    for arm in (0, 1):
        rows = now.arm_rows == arm
        left[rows] -= left[rows].mean()
    return left


def _standardised(now: RandomisedFrame, leverage: FloatArray) -> float:
    sums, chances, arms = _by_group(now, leverage)
    return float(sums @ (arms - chances)) / _spread(sums, chances)


def _shuffled_areas(
    now: RandomisedFrame, leverage: FloatArray, n_permutations: int, rng: np.random.Generator
) -> FloatArray:
    sums, chances, arms = _by_group(now, leverage)
    is_even = np.ptp(chances) < 1e-9
    areas = []
    for start in range(0, n_permutations, CHUNK):
        n = min(CHUNK, n_permutations - start)
        # Where chances differ, arms cannot change places; they are drawn again as they were drawn.
        drawn = rng.permuted(np.tile(arms, (n, 1)), axis=1) if is_even else rng.random((n, len(sums))) < chances
        areas.append((drawn - chances) @ sums)
    return np.concatenate(areas) / _spread(sums, chances)


def _spread(sums: FloatArray, chances: FloatArray) -> float:
    return float(np.sqrt((chances * (1 - chances) * (sums - sums.mean()) ** 2).sum())) or 1.0


def _by_group(now: RandomisedFrame, leverage: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Leverage, chance and arm of what was put into an arm together."""
    first, number = numbered(now.units)
    sums = np.asarray(np.bincount(number, weights=leverage), dtype=np.float64)
    return sums, now.treated_chance[first], now.arm_rows[first].astype(np.float64)


def passes(p_value: float, n_arms: int) -> bool:
    """Whether chance is ruled out for one of several arms: p < .01 for the trial as a whole (Bonferroni)."""
    return p_value < OPENS_BELOW / n_arms
