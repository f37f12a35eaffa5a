"""How many customers would buy a new product: a mean from how its kinds sell, and how far launches stray from it.

Products do better or worse than anything known about them tells. A count that only tosses a coin for every customer
is far too sure of itself; one shared factor a launch, Gamma distributed, makes it honest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import nbinom, poisson
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import PoissonRegressor

from campaigns.engine.frames import FloatArray, IntArray

# Where the forward replay of the launches to learn from begins, and where it learns anew: shares of them, by day.
REPLAYED_FROM = (0.4, 0.6, 0.8)
# Of the logarithms of factor and size, and of the slope.
PRIOR_SDS = np.array([0.5, 1.0, 0.5])
MOST_STEPS = 2_000
# The size is told of launches of which so many buyers are expected.
REFERENCE = 5.0
LEAST_SIZE, MOST_SIZE = 1e-3, 1e6


class LaunchTotals(BaseEstimator):
    """Poisson regression of the number of buyers, with a ridge.

    Parameters
    ----------
    penalty : float, default=1.0
        Of the squared weights of standardised features; chosen on launches of weeks 28-35 of The Complete Journey.
    max_iter : int, default=2000

    Attributes
    ----------
    mean_, scale_, coef_ : ndarray of float64, shape (n_features,)
    intercept_ : float

    References
    ----------
    Nelder & Wedderburn 1972 (generalised linear models).
    """

    def __init__(self, *, penalty: float = 1.0, max_iter: int = 2000) -> None:
        self.penalty = penalty
        self.max_iter = max_iter

    def fit(self, features: FloatArray, buyers: IntArray) -> Self:
        """Learn from launches whose weeks were over.

        Raises
        ------
        ValueError
            When nobody bought any of them.
        """
        if not buyers.any():
            raise ValueError("nobody bought any of the launches")
        self.mean_ = features.mean(axis=0)
        spread = features.std(axis=0)
        self.scale_ = np.where(spread > 1e-6, spread, np.inf)
        inner = PoissonRegressor(alpha=self.penalty, max_iter=self.max_iter)
        inner.fit((features - self.mean_) / self.scale_, buyers)
        self.coef_, self.intercept_ = np.asarray(inner.coef_, dtype=np.float64), float(inner.intercept_)
        return self

    def expected(self, features: FloatArray) -> FloatArray:
        """Mean number of buyers, shape (n_launches,).

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        if not hasattr(self, "coef_"):
            raise NotFittedError("LaunchTotals has not been fitted")
        return np.asarray(np.exp((features - self.mean_) / self.scale_ @ self.coef_ + self.intercept_))


@dataclass(frozen=True)
class LaunchEffect:
    """How far launches as a whole stray from what was expected of them: buyers ~ NegBin(factor · expected, size).

    Attributes
    ----------
    factor : float
        Real buyers over expected ones.
    size : float
        Of the Gamma factor where five buyers are expected; its variance is one over it. Infinite: customers alone
        decide (Poisson).
    n_launches : int
        Launches it was learnt from.
    slope : float
        Power of the expected number with which the size changes: below 0 the great ones stray further.
    extra : float
        Variance of the factor that comes on top.
    """

    factor: float
    size: float
    n_launches: int
    slope: float = 0.0
    extra: float = 0.0

    def size_at(self, expected: FloatArray) -> FloatArray:
        """Size where so many buyers are expected, the shape of `expected`."""
        if not np.isfinite(self.size):
            return np.full(np.shape(expected), np.inf)
        size = self.size * (np.maximum(expected, 1e-9) / REFERENCE) ** self.slope
        return np.asarray(1.0 / (1.0 / np.clip(size, LEAST_SIZE, MOST_SIZE) + self.extra))

    def mean(self, expected: FloatArray) -> FloatArray:
        """Mean number of buyers, the shape of `expected`."""
        return np.asarray(self.factor * expected)

    def draw(self, expected: float, n_draws: int, rng: np.random.Generator) -> IntArray:
        """Numbers of buyers of as many launches like this one, shape (n_draws,)."""
        rates = np.full(n_draws, self.factor * expected)
        if np.isfinite(self.size):
            size = float(self.size_at(np.asarray(expected)))
            rates = rates * rng.gamma(size, 1.0 / size, n_draws)
        return np.asarray(rng.poisson(rates), dtype=np.int64)

    def places(self, expected: FloatArray, buyers: IntArray, rng: np.random.Generator) -> FloatArray:
        """Where what happened lies in the forecast, 0 to 1: uniform if the forecasts are honest.

        Counts are few, so the place within the step of a count is drawn (randomised probability integral transform).

        References
        ----------
        Smith 1985; Czado, Gneiting & Held 2009 (predictive model assessment for count data).
        """
        below, upto = self._share_upto(expected, buyers - 1), self._share_upto(expected, buyers)
        return below + rng.random(len(buyers)) * (upto - below)

    def quantiles(self, expected: FloatArray, share: float) -> FloatArray:
        """Number of buyers that is not exceeded in `share` of such launches, shape of `expected`."""
        mean = self.mean(expected)
        if not np.isfinite(self.size):
            return np.asarray(poisson.ppf(share, mean))
        size = self.size_at(expected)
        return np.asarray(nbinom.ppf(share, size, size / (size + mean)))

    def widened(self, variance: float) -> LaunchEffect:
        """The same with a variance added to that of the factor."""
        return replace(self, extra=self.extra + variance)

    @property
    def coin_toss(self) -> LaunchEffect:
        """The same mean as if customers alone decided: too narrow, kept only for comparison."""
        return replace(self, size=np.inf, extra=0.0)

    def _share_upto(self, expected: FloatArray, buyers: IntArray) -> FloatArray:
        mean = self.mean(expected)
        if not np.isfinite(self.size):
            return np.asarray(poisson.cdf(buyers, mean))
        size = self.size_at(expected)
        return np.asarray(nbinom.cdf(buyers, size, size / (size + mean)))


def fit_launch_effect(expected: FloatArray, buyers: IntArray) -> LaunchEffect:
    """Learn the effect from forecasts as they would have been made, by maximum likelihood with weak priors.

    Parameters
    ----------
    expected : ndarray of float64, shape (n_launches,)
        Never of the launches a model was fitted on.
    buyers : ndarray of int64, shape (n_launches,)

    Notes
    -----
    log factor ~ N(0, .5²), log size ~ N(0, 1), slope ~ N(0, .5²): no launch at all returns a factor and a size of 1.
    With one size for all, launches of which much was expected strayed further than told, the others less.
    """

    def loss(theta: FloatArray) -> float:
        effect = believed(theta)
        size, mean = effect.size_at(expected), effect.mean(expected)
        fit = nbinom.logpmf(buyers, size, size / (size + mean)).sum()
        return float(0.5 * ((theta / PRIOR_SDS) ** 2).sum() - fit)

    def believed(theta: FloatArray) -> LaunchEffect:
        log_factor, log_size, slope = theta.tolist()
        return LaunchEffect(math.exp(log_factor), math.exp(log_size), len(buyers), slope)

    return believed(minimize(loss, np.zeros(3), method="Nelder-Mead", options={"maxiter": MOST_STEPS}).x)


@dataclass(frozen=True)
class PastLaunches:
    """What was known of each launch when it began, and what came of it, in order of their days.

    Attributes
    ----------
    days, product_rows, buyers : ndarray of int64, shape (n_launches,)
    features : ndarray of float64, shape (n_launches, n_kinds)
        As ``Shelf.standings`` gives them.
    """

    days: IntArray
    product_rows: IntArray
    features: FloatArray
    buyers: IntArray

    def __len__(self) -> int:
        return len(self.days)

    def where(self, kept: NDArray[np.bool_]) -> PastLaunches:
        """Some of them."""
        return PastLaunches(self.days[kept], self.product_rows[kept], self.features[kept], self.buyers[kept])

    def followed_by(self, later: PastLaunches) -> PastLaunches:
        """These, then others."""
        return PastLaunches(
            np.concatenate([self.days, later.days]),
            np.concatenate([self.product_rows, later.product_rows]),
            np.concatenate([self.features, later.features]),
            np.concatenate([self.buyers, later.buyers]),
        )


def replayed(past: PastLaunches) -> tuple[FloatArray, PastLaunches]:
    """Forecast the later launches from those that began earlier.

    Returns
    -------
    expected : ndarray of float64, shape (n_replayed,)
    replayed : PastLaunches
    """
    edges = [*np.quantile(past.days, REPLAYED_FROM), np.inf]
    parts = [_forecast_between(past, since, until) for since, until in pairwise(edges)]
    return np.concatenate(parts), past.where(past.days >= edges[0])


def _forecast_between(past: PastLaunches, since: float, until: float) -> FloatArray:
    later = past.where((past.days >= since) & (past.days < until))
    earlier = past.where(past.days < since)
    if not earlier.buyers.any():
        return np.ones(len(later))
    return LaunchTotals().fit(earlier.features, earlier.buyers).expected(later.features)
