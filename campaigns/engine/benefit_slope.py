"""How much more readily people take a larger benefit: as far as past campaigns say, else as somebody assumes."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from campaigns.engine.frames import FloatArray

FEWEST_CAMPAIGNS = 8
# Doublings between the smaller and the larger benefits that past campaigns must have tried.
LEAST_SPREAD = 0.25
# Where nobody knows: a benefit twice as large raises the odds by this.
ASSUMED_ODDS = 1.3
BETWEEN_CAMPAIGNS_SD = 0.4


@dataclass(frozen=True)
class BenefitSlope:
    """Rise of the log-odds when a benefit doubles.

    Attributes
    ----------
    mid, low, high : float
        With its 95 % interval; all three the same where it is assumed.
    n_campaigns : int
        Past campaigns looked at.
    is_learnt : bool
        Whether past campaigns say it: enough of them, of different benefits, and surely above nothing.
    """

    mid: float
    low: float
    high: float
    n_campaigns: int
    is_learnt: bool

    @classmethod
    def assumed(cls, odds: float = ASSUMED_ODDS, n_campaigns: int = 0) -> "BenefitSlope":
        """A slope that somebody states, as the factor of the odds when the benefit doubles."""
        slope = float(np.log(odds))
        return cls(slope, slope, slope, n_campaigns, False)

    def shifts(self, benefit: float, usual: float, n_draws: int, rng: np.random.Generator) -> FloatArray:
        """Return what another benefit than the `usual` adds to the logit, shape (n_draws,): the slope is unsure."""
        sd = (self.high - self.low) / (2 * norm.ppf(0.975))
        return np.asarray((self.mid + sd * rng.standard_normal(n_draws)) * np.log2(benefit / usual))


def fit_slope(benefits: FloatArray, expected: FloatArray, actual: FloatArray) -> BenefitSlope:
    """Learn from whether campaigns of larger benefits did better than was forecast for them.

    Parameters
    ----------
    benefits : ndarray of float64, shape (n_campaigns,)
        What one use of each past campaign gave; above 0.
    expected, actual : ndarray of float64, shape (n_campaigns,)
        Redeemers as forecast before it began, and as came.

    Returns
    -------
    BenefitSlope
        The assumed one where past campaigns do not say.

    Notes
    -----
    Weighted least squares on the log ratio of both counts, with the variance of a count and that between campaigns.
    Campaigns of larger benefits differed in other things, too, so this is no experiment; a test between benefits is.
    """
    depth = np.log2(benefits)
    n = len(depth)
    if n < FEWEST_CAMPAIGNS or depth.std() < LEAST_SPREAD:
        return BenefitSlope.assumed(n_campaigns=n)
    surprise = np.log((actual + 0.5) / (expected + 0.5))
    weights = 1 / (BETWEEN_CAMPAIGNS_SD**2 + 1 / (actual + 0.5))
    middle = np.average(depth, weights=weights)
    spread = float((weights * (depth - middle) ** 2).sum())
    slope = float((weights * (depth - middle) * surprise).sum() / spread)
    left = surprise - np.average(surprise, weights=weights) - slope * (depth - middle)
    # Campaigns may stray further than assumed, never less: few of them could look surer than they are.
    scale = max(float((weights * left**2).sum() / (n - 2)), 1.0)
    half = float(student.ppf(0.975, n - 2) * np.sqrt(scale / spread))
    if slope - half <= 0:
        return BenefitSlope.assumed(n_campaigns=n)
    return BenefitSlope(slope, slope - half, slope + half, n, True)
