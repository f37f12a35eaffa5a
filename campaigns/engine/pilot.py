"""Pilot first: send to a few, see how many take it, and know far better what the whole campaign will do.

The campaign effect is shared by everybody, so a small random part of the audience tells of it. Its posterior is
worked out on a grid: Student's t before the pilot, a binomial of the pilot's takers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import expit
from scipy.stats import t as student

from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.simulation import LogitBins

N_GRID = 801
# How far the grid reaches, in scales of the prior: Student's t with few degrees of freedom has long tails.
GRID_SCALES = 12.0
SIZES = (25, 50, 75, 100, 150, 200, 300, 400, 600, 800, 1_000, 1_500, 2_000, 3_000, 5_000)
# A pilot of more than half of the audience is the campaign.
LARGEST_SHARE = 0.5
HALVED = 0.5
N_PILOTS = 200
N_EACH = 200
# Student's t of so many campaigns is the normal distribution.
SO_MANY = 10_000


@dataclass(frozen=True)
class PilotResult:
    """What a pilot told.

    Attributes
    ----------
    n_sent, n_took : int
        A random part of the audience, and how many of them took the offer so far.
    share_due : float
        Share of all takers that is expected to have come by now, above 0, at most 1.

    Raises
    ------
    ValueError
        When the numbers cannot be true.
    """

    n_sent: int
    n_took: int
    share_due: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.n_took <= self.n_sent or self.n_sent < 1:
            raise ValueError("a pilot goes to at least one customer, and no more can take it than got it")
        if not 0 < self.share_due <= 1:
            raise ValueError("share_due must lie above 0 and be at most 1")


@dataclass(frozen=True)
class EffectPosterior:
    """What is believed of a campaign's effect after its pilot.

    Attributes
    ----------
    grid : ndarray of float64, shape (n_points,)
        Effects on the logit, evenly spaced.
    weights : ndarray of float64, shape (n_points,)
        Sum to 1.
    """

    grid: FloatArray
    weights: FloatArray

    @property
    def mean(self) -> float:
        """Expected effect."""
        return float(self.grid @ self.weights)

    @property
    def sd(self) -> float:
        """Its standard deviation."""
        return float(np.sqrt(self.weights @ (self.grid - self.mean) ** 2))

    def as_effect(self) -> CampaignEffect:
        """Return the normal effect of the same mean and spread: what a pilot leaves is hardly skewed."""
        return CampaignEffect(self.mean, self.sd, SO_MANY)

    def draw(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        """Draw effects, shape (n_draws,), by inverting the distribution between the points of the grid."""
        # Half of a point's weight lies on either side of it.
        return np.interp(rng.random(n_draws), np.cumsum(self.weights) - self.weights / 2, self.grid)


def prior_of(effect: CampaignEffect) -> EffectPosterior:
    """Put what is known before any pilot on a grid: the distribution that `CampaignEffect.draw` draws from."""
    scale = max(effect.scale, 1e-6)
    offsets = np.linspace(-GRID_SCALES, GRID_SCALES, N_GRID)
    density = student.pdf(offsets, effect.freedom)
    return EffectPosterior(effect.mean + scale * offsets, density / density.sum())


def after_pilot(prior: EffectPosterior, bins: LogitBins, result: PilotResult) -> EffectPosterior:
    """Update what is believed of the effect by the result of a pilot among people drawn at random from `bins`.

    Notes
    -----
    Of people drawn at random from the audience each takes it with the audience's mean chance, so their number is
    binomial, whoever they were.
    """
    chances = result.share_due * _Totals.of(bins, prior.grid).chances
    weights = _updated(prior.weights, chances, result.n_sent, np.array([result.n_took]))
    return EffectPosterior(prior.grid, weights[0])


@dataclass(frozen=True)
class PilotSize:
    """What a pilot of one size is expected to do.

    Attributes
    ----------
    n : int
        Customers it goes to.
    width_share : float
        Mean width of the 90 % interval afterwards, as a share of the width before.
    """

    n: int
    width_share: float


@dataclass(frozen=True)
class PilotPlan:
    """Pilots of growing size, and the one to choose.

    Attributes
    ----------
    sizes : tuple of PilotSize
        Smallest first; empty where the audience is too small to part.
    """

    sizes: tuple[PilotSize, ...]

    @property
    def halving(self) -> PilotSize | None:
        """The smallest pilot that halves the interval, or None where none does."""
        return next((size for size in self.sizes if size.width_share <= HALVED), None)


def plan_pilot(
    effect: CampaignEffect, bins: LogitBins, rng: np.random.Generator, sizes: Sequence[int] = SIZES
) -> PilotPlan:
    """Simulate pilots of every size: an effect, its takers, and the interval of the whole campaign afterwards.

    Parameters
    ----------
    effect : CampaignEffect
    bins : LogitBins
        The audience of the whole campaign.
    rng : Generator
    sizes : sequence of int
        Those above half of the audience are left out.
    """
    prior, n_customers = prior_of(effect), int(bins.sizes.sum())
    totals = _Totals.of(bins, prior.grid)
    truths = np.interp(prior.draw(N_PILOTS, rng), prior.grid, totals.chances)
    before = _mean_width(prior.weights[None, :], totals, rng)
    planned = []
    for n in (size for size in sizes if size <= LARGEST_SHARE * n_customers):
        posteriors = _updated(prior.weights, totals.chances, n, rng.binomial(n, truths))
        planned.append(PilotSize(n, _mean_width(posteriors, totals, rng) / before))
    return PilotPlan(tuple(planned))


@dataclass(frozen=True)
class _Totals:
    """What is expected of a whole audience at every point of a grid of effects, each of shape (n_points,)."""

    means: FloatArray
    variances: FloatArray
    chances: FloatArray

    @classmethod
    def of(cls, bins: LogitBins, grid: FloatArray) -> Self:
        chances = expit(bins.centres[:, None] + grid[None, :])
        means = bins.sizes @ chances
        return cls(means, bins.sizes @ (chances * (1 - chances)), means / bins.sizes.sum())


def _updated(weights: FloatArray, chances: FloatArray, n_sent: int, n_took: IntArray) -> FloatArray:
    """Posterior weights, one row for each number of takers, shape (n_results, n_points)."""
    kept = np.clip(chances, 1e-12, 1 - 1e-12)
    took = n_took[:, None]
    likelihood = took * np.log(kept) + (n_sent - took) * np.log1p(-kept)
    posterior = weights * np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    return np.asarray(posterior / posterior.sum(axis=1, keepdims=True))


def _mean_width(weights: FloatArray, totals: _Totals, rng: np.random.Generator) -> float:
    """Mean width of the 90 % interval of redeemers, coin tosses included, over rows of posterior `weights`."""
    uniforms = (np.arange(N_EACH) + 0.5) / N_EACH
    points = np.stack([np.searchsorted(np.cumsum(row), uniforms) for row in weights])
    points = np.minimum(points, len(totals.means) - 1)
    draws = totals.means[points] + np.sqrt(totals.variances[points]) * rng.standard_normal(points.shape)
    low, high = np.quantile(draws, [0.05, 0.95], axis=1)
    return float((high - low).mean())
