"""How long customers usually wait between orders, and how likely they are to come back after a longer silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segments.engine.histories import Histories

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FEWEST_REPEATERS = 30
BIN_WIDTH, N_BINS = 0.05, 200
NEWTON_STEPS = 30
PRIOR_WEIGHT = 1.0
# With a flatter curve a longer silence says nothing.
FLATTEST_SLOPE = 0.05


class TooLittleHistory(Exception):
    """The shop's history says too little about anybody's rhythm; the message says why."""


@dataclass(frozen=True)
class Rhythm:
    """What is usual in the shop, learnt from gaps that had ended before a day.

    Attributes
    ----------
    mean_log : float
        Mean over customers of the logarithm of their days between orders.
    within, between : float
        Variance of that logarithm from gap to gap of one customer, and from customer to customer.
    """

    mean_log: float
    within: float
    between: float

    @property
    def worth(self) -> float:
        """How many gaps of their own the shop's habit counts for, when a customer's is judged."""
        return self.within / self.between


@dataclass(frozen=True)
class ReturnCurve:
    """The chance to order within the horizon after the usual gap has passed: logit = level - slope · silence.

    Silence is in standard deviations of the customer's own gaps.
    """

    level: float
    slope: float

    def silence_of(self, chance: float) -> float:
        """After how long a silence the chance has fallen so far; infinite where silence says nothing."""
        if self.slope < FLATTEST_SLOPE:
            return float("inf")
        return (self.level - float(np.log(chance / (1 - chance)))) / self.slope


def return_curve(silence: Floats, back: Floats) -> ReturnCurve:
    """The likeliest curve, by Newton's method on customers gathered in bins.

    Parameters
    ----------
    silence : ndarray of float64, shape (n_looks,)
        Those up to 0, before the usual gap has passed, do not count.
    back : ndarray of float64, shape (n_looks,)
        1 for who ordered within the horizon, else 0.
    """
    late = silence > 0
    bins = np.minimum(silence[late] / BIN_WIDTH, N_BINS - 1).astype(np.int64)
    n, hits = np.bincount(bins, minlength=N_BINS), np.bincount(bins, back[late], minlength=N_BINS)
    places = (np.arange(N_BINS) + 0.5) * BIN_WIDTH
    design = np.column_stack([np.ones(N_BINS), -places])
    beta = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-design @ beta))
        # One customer's worth of doubt on both, so that a curve of a handful stays finite.
        slope = design.T @ (hits - n * chance) - PRIOR_WEIGHT * beta
        weights = n * chance * (1 - chance)
        beta = beta + np.linalg.solve(design.T @ (design * weights[:, None]) + PRIOR_WEIGHT * np.eye(2), slope)
    return ReturnCurve(float(beta[0]), float(beta[1]))


def learnt_rhythm(visits: Histories) -> Rhythm:
    """The shop's habit, each customer counting once.

    Notes
    -----
    Logarithms of gaps are a customer's own mean plus noise, the means are spread around the shop's: the variances are
    found by moments, as in a one-way analysis of variance.

    References
    ----------
    Searle, Casella, McCulloch: Variance Components, 1992.
    """
    customer, logs = _gaps(visits)
    n = np.bincount(customer, minlength=visits.n_customers)
    some = n > 0
    if some.sum() < FEWEST_REPEATERS:
        raise TooLittleHistory(
            f"Only {int(some.sum())} customers came again; at least {FEWEST_REPEATERS} are needed to learn a rhythm."
        )
    sums = np.bincount(customer, logs, minlength=visits.n_customers)
    squares = np.bincount(customer, logs**2, minlength=visits.n_customers)
    means = sums[some] / n[some]
    inner = float((squares[some] - n[some] * means**2).sum())
    within = max(inner / max(int((n[some] - 1).sum()), 1), 0.01)
    between = max(float(means.var(ddof=1)) - within * float((1 / n[some]).mean()), 0.01)
    return Rhythm(float(means.mean()), within, between)


def _gaps(visits: Histories) -> tuple[Ints, Floats]:
    """Customer and logarithm of every gap that has ended."""
    follows = visits.customer[1:] == visits.customer[:-1]
    days = np.diff(visits.day)[follows]
    return visits.customer[1:][follows], np.log(np.maximum(days, 1).astype(np.float64))


def expected_gaps(visits: Histories, rhythm: Rhythm) -> tuple[Floats, Floats, Ints]:
    """Mean and standard deviation of the logarithm of the gap after every visit, and the visits so far.

    Only gaps before the visit count; the shop's habit counts for ``rhythm.worth`` of them.
    """
    logs = np.zeros(len(visits))
    follows = np.zeros(len(visits), bool)
    follows[1:] = visits.customer[1:] == visits.customer[:-1]
    logs[1:] = np.log(np.maximum(np.diff(visits.day), 1))
    running = np.cumsum(np.where(follows, logs, 0.0))
    n = np.arange(len(visits)) - visits.opening
    own = running - running[visits.opening]
    worth = rhythm.worth
    mean = (own + worth * rhythm.mean_log) / (n + worth)
    sd = np.sqrt(rhythm.within * (1 + 1 / (n + worth)))
    return mean, sd, n + 1
