"""Does a product that is shown get bought as often as its score said?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

N_BINS = 10
N_RESAMPLES = 400


@dataclass(frozen=True)
class ReliabilityBin:
    """Products shown that were promised about the same.

    Attributes
    ----------
    said : float
        Mean promised share (0-1) bought.
    came : float
        Share (0-1) really bought.
    low, high : float
        95 % interval of ``came``, from resampling customers.
    n : int
        Products shown.
    """

    said: float
    came: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Reliability:
    """Bins by what was said, growing; ``error`` is their mean absolute miss (0-1), weighted by ``n``."""

    bins: tuple[ReliabilityBin, ...]
    error: float


def reliability(
    before: tuple[NDArray[np.float32], NDArray[np.bool_]],
    test: tuple[NDArray[np.float32], NDArray[np.bool_]],
    rng: np.random.Generator,
) -> Reliability | None:
    """Learn on earlier windows how often a score is bought, and hold that against a later window.

    Parameters
    ----------
    before, test : (scores, was_hit)
        Float and bool arrays of shape (n, k); ``-inf`` marks an empty place. Customers in rows.
    rng : numpy.random.Generator

    Returns
    -------
    Reliability or None
        None when either holds no product shown.

    References
    ----------
    Zadrozny, Elkan: Transforming Classifier Scores into Accurate Multiclass Probability Estimates, KDD 2002.
    """
    shown, held = np.isfinite(before[0]), np.isfinite(test[0])
    if not shown.any() or not held.any():
        return None
    promise = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    promise.fit(before[0][shown].astype(np.float64), before[1][shown])
    said = np.zeros(test[0].shape)
    said[held] = promise.predict(test[0][held].astype(np.float64))
    place = np.where(held, _place(said, held), -1)
    bins = [_bin(said, test[1], place == number, rng) for number in np.unique(place[held])]
    error = sum(one.n * abs(one.said - one.came) for one in bins) / sum(one.n for one in bins)
    return Reliability(tuple(bins), float(error))


def _place(said: NDArray[np.float64], held: NDArray[np.bool_]) -> NDArray[np.int64]:
    edges = np.unique(np.quantile(said[held], np.linspace(0, 1, N_BINS + 1)[1:-1]))
    return np.searchsorted(edges, said, side="right")


def _bin(
    said: NDArray[np.float64], was_hit: NDArray[np.bool_], inside: NDArray[np.bool_], rng: np.random.Generator
) -> ReliabilityBin:
    n_each, hits_each = inside.sum(axis=1), (was_hit & inside).sum(axis=1)
    somebody = n_each > 0
    n_each, hits_each = n_each[somebody], hits_each[somebody]
    drawn = rng.multinomial(len(n_each), np.full(len(n_each), 1 / len(n_each)), size=N_RESAMPLES)
    low, high = np.quantile((drawn @ hits_each) / (drawn @ n_each), [0.025, 0.975])
    n = int(n_each.sum())
    return ReliabilityBin(float(said[inside].mean()), float(hits_each.sum() / n), float(low), float(high), n)
