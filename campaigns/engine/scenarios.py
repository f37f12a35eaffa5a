"""Plans side by side: each simulated in the same simulated campaigns, so that what parts them is the plan.

Common random numbers (Glasserman & Yao 1992): the campaign effect of draw i is the same for every plan. Two plans that
differ in money alone have the very same counts, and the interval of a difference does not hold the campaign's
surprise twice.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.simulation import N_DRAWS, Assumptions, LogitBins, MetricForecast, RedemptionCounts, money

# Beyond this nobody's odds change any more; the solver needs ends.
FARTHEST_SHIFT = 30.0
TOLD_APART_AT = 0.9


class Effect(Protocol):
    """What is believed of the effect of a campaign on the logit."""

    def draw(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        """Draw effects of new campaigns, shape (n_draws,)."""
        ...


@dataclass(frozen=True)
class CountDraws:
    """How often each simulated campaign was taken.

    Attributes
    ----------
    n_contacts : int
    redeemers, redemptions : ndarray of int64, shape (n_draws,)
        Draw i of every plan belongs to the same simulated campaign.
    """

    n_contacts: int
    redeemers: IntArray
    redemptions: IntArray

    def metrics(self, assumptions: Assumptions) -> dict[str, FloatArray | IntArray]:
        """Return the draws of every metric, money by `assumptions`, each of shape (n_draws,)."""
        counted = {
            "reach": np.full(len(self.redeemers), self.n_contacts),
            "redeemers": self.redeemers,
            "redemptions": self.redemptions,
        }
        return {**counted, **money(self.n_contacts, self.redemptions, assumptions)}


def count_draws(
    bins: LogitBins,
    effect: Effect,
    counts: RedemptionCounts,
    rng: np.random.Generator,
    n_draws: int = N_DRAWS,
    shifts: FloatArray | None = None,
) -> CountDraws:
    """Simulate one plan; the same seed in `rng` gives every plan the same campaigns.

    Parameters
    ----------
    bins : LogitBins
        Everybody the plan reaches.
    effect : Effect
    counts : RedemptionCounts
    rng : Generator
        As `simulate` takes it: effects, responses and redemptions have a stream of their own each.
    n_draws : int
    shifts : ndarray of float64, shape (n_draws,), optional
        Added to the campaign effects, on the logit: what another benefit does.
    """
    for_effects, for_responses, for_counts, _ = rng.spawn(4)
    effects = effect.draw(n_draws, for_effects)
    redeemers = bins.responses(effects if shifts is None else effects + shifts, for_responses).sum(axis=0)
    return CountDraws(int(bins.sizes.sum()), redeemers, counts.total(redeemers, for_counts))


def shift_for(bins: LogitBins, factor: float) -> float:
    """Return the shift on the logit that multiplies how many are expected to respond by `factor`.

    Never more than everybody: a factor that asks for more gives the farthest shift there is.

    Raises
    ------
    ValueError
        When `factor` is not above 0.
    """
    if factor <= 0:
        raise ValueError("the number of people who respond must be multiplied by more than 0")
    expected = float(expit(bins.centres) @ bins.sizes)

    def missing(shift: float) -> float:
        return float(expit(bins.centres + shift) @ bins.sizes) - factor * expected

    if missing(FARTHEST_SHIFT) <= 0:
        return FARTHEST_SHIFT
    return float(brentq(missing, -FARTHEST_SHIFT, FARTHEST_SHIFT))


@dataclass(frozen=True)
class Difference:
    """What one plan brings more than another.

    Attributes
    ----------
    forecast : MetricForecast
        Of the difference, campaign by simulated campaign.
    better_share : float
        Share of the simulated campaigns in which it brings more, half of the ties included; 0 to 1.
    """

    forecast: MetricForecast
    better_share: float

    @property
    def is_told_apart(self) -> bool:
        """Whether the 90 % interval of the difference leaves out zero."""
        interval = self.forecast.interval(TOLD_APART_AT)
        return interval.low > 0 or interval.high < 0


def difference(metric: str, draws: FloatArray | IntArray, other: FloatArray | IntArray) -> Difference:
    """Compare two plans in one metric, draw by draw.

    Raises
    ------
    ValueError
        When the plans were not drawn equally often.
    """
    if draws.shape != other.shape:
        raise ValueError("both plans must be drawn equally often")
    more = draws - other
    better = float((more > 0).mean() + (more == 0).mean() / 2)
    return Difference(MetricForecast.from_draws(metric, more), better)


def best_of(profits: FloatArray) -> FloatArray:
    """Return how often each plan brings the most, ties shared, shape (n_plans,).

    Parameters
    ----------
    profits : ndarray of float64, shape (n_plans, n_draws)
    """
    is_best = profits == profits.max(axis=0)
    shares: FloatArray = (is_best / is_best.sum(axis=0)).mean(axis=1)
    return shares
