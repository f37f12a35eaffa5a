"""Is there enough history to learn from? Told by a learning curve over parts of the customers, not by a magic count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from recommender.engine.base import Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.metrics import Estimate, FloatArray, bootstrap_mean, recall_at_k
from recommender.engine.splits import EvaluationSlice, SpanTooShort

SHARES = (1 / 8, 1 / 4, 1 / 2, 1.0)
# Fewer say nothing of how good a recommender would be.
FEWEST_CASES = 4
# Through fewer points there is no curve to read.
FEWEST_POINTS = 3
# Looked ahead so many doublings; what would need more is not a matter of a little more history.
DOUBLINGS_AHEAD = 6
STEPS_A_DOUBLING = 8


@dataclass(frozen=True)
class ReadinessPoint:
    """What a shop with so many of the customers would have: recommender, baseline, paired difference."""

    n_customers: int
    value: Estimate
    baseline: Estimate
    gain: Estimate


@dataclass(frozen=True)
class Readiness:
    """The learning curve and what it says.

    Attributes
    ----------
    points : tuple of ReadinessPoint
        By number of customers, growing.
    gain_a_doubling : float
        Slope of the gain over the baseline against log2 of the customers, weighted by how sure each point is.
    is_ready : bool
        With all customers the gain is surely above 0, and the fitted curve, of at least three points, agrees.
    n_customers_more : int or None
        About so many more would make it ready; 0 when it is, None when that cannot be told: where there is nothing to
        learn, curves rise towards the baseline as well, so one that is still below it promises nothing.
    """

    points: tuple[ReadinessPoint, ...]
    gain_a_doubling: float
    is_ready: bool
    n_customers_more: int | None


def measure_readiness(
    estimator: Recommender,
    baseline: Recommender,
    before: InteractionMatrix,
    cases: EvaluationSlice,
    *,
    k: int,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> Readiness | None:
    """Learn from an eighth, a quarter, half and all of the customers, and score each part on its own customers.

    Parameters
    ----------
    estimator, baseline : Recommender
        Settled; copies are fitted.
    before : InteractionMatrix
        What is learnt from.
    cases : EvaluationSlice
        A later window of the same customers and products, before the one that tests.
    k : int
    rng : numpy.random.Generator
        Which customers make up a part, and the bootstrap.
    progress : callable, optional
        Called with parts done and parts in all.

    Returns
    -------
    Readiness or None
        None when no part holds enough customers to score.

    References
    ----------
    Cortes, Jackel, Solla, Vapnik, Denker: Learning Curves: Asymptotic Values and Rate of Convergence, NIPS 1993.
    """
    order = rng.permutation(len(before.customers))
    points = []
    for number, share in enumerate(SHARES):
        if progress is not None:
            progress(number, len(SHARES))
        part = np.sort(order[: max(round(share * len(order)), 1)])
        points += _point(estimator, baseline, before.rows(part), _of(cases, part), k, rng)
    return _read(points) if points else None


def _of(cases: EvaluationSlice, part: NDArray[np.int64]) -> EvaluationSlice:
    inside = np.flatnonzero(np.isin(cases.customer_rows, part))
    rows = np.searchsorted(part, cases.customer_rows[inside])
    return EvaluationSlice(cases.history[inside], cases.answers[inside], rows)


def _point(
    estimator: Recommender,
    baseline: Recommender,
    before: InteractionMatrix,
    cases: EvaluationSlice,
    k: int,
    rng: np.random.Generator,
) -> list[ReadinessPoint]:
    if len(cases.customer_rows) < FEWEST_CASES:
        return []
    try:
        mine, theirs = (_found(clone(one).fit(before), cases, k) for one in (estimator, baseline))
    except SpanTooShort:
        return []
    estimates = [bootstrap_mean(values, rng) for values in (mine, theirs, mine - theirs)]
    return [ReadinessPoint(len(before.customers), *estimates)]


def _found(fitted: Recommender, cases: EvaluationSlice, k: int) -> FloatArray:
    """``metrics.PRIMARY_METRIC``, a value a customer."""
    items, _ = fitted.recommend(cases.history, k, exclude_seen=False)
    return recall_at_k(items, cases.answers)


def _read(points: Sequence[ReadinessPoint]) -> Readiness:
    doublings = np.log2([point.n_customers for point in points])
    gains = np.array([point.gain.mid for point in points])
    widths = np.array([max(point.gain.high - point.gain.low, 1e-6) / 2 for point in points])
    level, slope = _line(doublings - doublings[-1], gains, widths)
    n, missing = points[-1].n_customers, max(FEWEST_POINTS - len(points), 0)
    is_ready = points[-1].gain.low > 0 and level > 0 and not missing
    more = 0 if is_ready else n * (2**missing - 1) if missing else _more(n, level, slope, float(widths[-1]))
    return Readiness(tuple(points), slope, is_ready, more)


def _line(x: FloatArray, y: FloatArray, widths: FloatArray) -> tuple[float, float]:
    """Level at 0 and slope of the weighted straight line; flat through a single point."""
    if len(x) == 1:
        return float(y[0]), 0.0
    slope, level = np.polyfit(x, y, 1, w=1 / widths)
    return float(level), float(slope)


def _more(n: int, level: float, slope: float, width: float) -> int | None:
    """Customers still missing until the gain would be surely above 0: it grows along the line, its interval narrows."""
    if level <= 0:
        return None
    ahead = np.arange(1, DOUBLINGS_AHEAD * STEPS_A_DOUBLING + 1) / STEPS_A_DOUBLING
    sure = level + slope * ahead - width / np.sqrt(np.exp2(ahead)) > 0
    if not sure.any():
        return None
    return round(n * (np.exp2(ahead[sure.argmax()]) - 1))
