"""Shrink observed over expected counts towards what is usual, so that small counts do not shout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, gammainc, gammaln

Floats = NDArray[np.float64]
# Where the five numbers begin: nearly all ratios lie around 1, about one in 150 far above.
START = np.array([np.log(10.0), np.log(10.0), np.log(2.0), np.log(0.2), -5.0])
# How far data must pull (standard deviations of a weak prior): without it a component without members runs away.
LOOSENESS = np.array([3.0, 3.0, 1.0, 1.0, 3.0])
BOUNDS = [(-3.0, 7.0)] * 4 + [(-12.0, 0.0)]
LARGEST_RATIO = 1e6
BISECTIONS = 60


@dataclass(frozen=True)
class RatioPrior:
    """How true ratios are spread: a share of `high_share` is Gamma(high), the others Gamma(usual).

    Attributes
    ----------
    usual, high : tuple of (shape, rate)
    high_share : float
    """

    usual: tuple[float, float]
    high: tuple[float, float]
    high_share: float


@dataclass(frozen=True)
class Ratios:
    """What is believed of each true ratio after the counts, shape (n,) each.

    Attributes
    ----------
    mean, low, high : ndarray of float64
        Posterior mean and the ends of the 90 % interval.
    """

    mean: Floats
    low: Floats
    high: Floats


def fit_prior(observed: Floats, expected: Floats) -> RatioPrior:
    """Learn the spread of ratios from all counts at once, by penalised maximum likelihood.

    Parameters
    ----------
    observed, expected : ndarray of float64, shape (n,)
        Counts, and what was expected of them (> 0).

    Notes
    -----
    Counts are Poisson around ratio × expected, so negative binomial once the ratio is integrated out.
    DuMouchel 1999, "Bayesian data mining in large frequency tables", with weak priors on its five numbers.
    """

    def loss(theta: Floats) -> float:
        usual, high = _log_chances(observed, expected, _prior(theta))
        penalty = 0.5 * np.sum(((theta - START) / LOOSENESS) ** 2)
        return float(penalty - np.logaddexp(usual, high).sum())

    return _prior(minimize(loss, START, method="L-BFGS-B", bounds=BOUNDS).x)


def _prior(theta: Floats) -> RatioPrior:
    a, b, c, d = (float(value) for value in np.exp(theta[:4]))
    return RatioPrior((a, b), (c, d), float(expit(theta[4])))


def shrink(observed: Floats, expected: Floats, prior: RatioPrior) -> Ratios:
    """Return the posterior of every ratio, given its counts."""
    usual, high = _log_chances(observed, expected, prior)
    is_high = expit(high - usual)
    (a, b), (c, d) = prior.usual, prior.high
    mean = (1 - is_high) * (a + observed) / (b + expected) + is_high * (c + observed) / (d + expected)
    ends = [_quantile(level, observed, expected, prior, is_high) for level in (0.05, 0.95)]
    return Ratios(mean, *ends)


def _log_chances(observed: Floats, expected: Floats, prior: RatioPrior) -> tuple[Floats, Floats]:
    usual = np.log1p(-prior.high_share) + _negative_binomial(observed, expected, *prior.usual)
    high = np.log(prior.high_share) + _negative_binomial(observed, expected, *prior.high)
    return usual, high


def _negative_binomial(observed: Floats, expected: Floats, shape: float, rate: float) -> Floats:
    """Log chance of a Poisson count whose ratio is Gamma(shape, rate)."""
    of_count = gammaln(shape + observed) - gammaln(shape) - gammaln(observed + 1)
    return of_count + shape * np.log(rate / (rate + expected)) + observed * np.log(expected / (rate + expected))


def _quantile(level: float, observed: Floats, expected: Floats, prior: RatioPrior, is_high: Floats) -> Floats:
    """Halve the distance on the log scale until it no longer matters: a mixture has no formula for its quantiles."""
    (a, b), (c, d) = prior.usual, prior.high
    low, high = np.full(len(observed), -np.log(LARGEST_RATIO)), np.full(len(observed), np.log(LARGEST_RATIO))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        ratio = np.exp(middle)
        usual = gammainc(a + observed, (b + expected) * ratio)
        below = (1 - is_high) * usual + is_high * gammainc(c + observed, (d + expected) * ratio)
        low, high = np.where(below < level, middle, low), np.where(below < level, high, middle)
    return np.exp((low + high) / 2)
