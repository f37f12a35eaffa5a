"""The campaign effect: the shared surprise of a whole campaign, learnt from how wrong earlier forecasts were.

A forecast that only tosses a coin per customer is too sure of itself: campaigns as a whole do better or
worse than any model expects. One random shift on the logit, drawn once per campaign, makes it honest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import t

from campaigns.engine.frames import FloatArray

PRIOR_MEAN_SD = 0.3
PRIOR_SD_MEDIAN = 0.4
PRIOR_SD_LOG_SD = 0.6
RIDGE_SD = 1.5
NEWTON_STEPS = 50
# What the prior of the spread is worth: the log of a spread from so many degrees of freedom is known as well.
PRIOR_CAMPAIGNS = 1 / (2 * PRIOR_SD_LOG_SD**2)
# Fewer leave a Student's t without a variance, and one without a mean.
FEWEST_DEGREES_OF_FREEDOM = 2
N_NODES = 64


@dataclass(frozen=True)
class EffectObservation:
    """How far one finished campaign was from its forecast.

    Attributes
    ----------
    effect : float
        Shift on the logit that makes the forecast total the real one.
    sd : float
        Its standard error from coin tosses alone.
    """

    effect: float
    sd: float


@dataclass(frozen=True)
class CampaignEffect:
    """Distribution of the effect of a campaign that has not been seen.

    Attributes
    ----------
    mean, sd : float
        On the logit scale.
    n_campaigns : int
        Finished campaigns it was learnt from.
    """

    mean: float
    sd: float
    n_campaigns: int

    def draw(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        """Draw effects of new campaigns, shape (n_draws,).

        mean + sd · sqrt(1 + 1/C) · t with C - 1 degrees of freedom, C the number of campaigns and what the prior
        is worth in campaigns: without the latter intervals are too wide while campaigns are few.
        """
        return self.mean + self.scale * rng.standard_t(self.freedom, n_draws)

    def marginal_chances(self, logits: FloatArray) -> FloatArray:
        """Chance of response averaged over the effect, shape of `logits`: what a forecast tells of one customer."""
        levels = (np.arange(N_NODES) + 0.5) / N_NODES
        effects = self.mean + self.scale * t.ppf(levels, self.freedom)
        return np.asarray(expit(logits[:, None] + effects).mean(axis=1))

    @property
    def scale(self) -> float:
        """What Student's t is multiplied with, on the logit."""
        return float(self.sd * np.sqrt(1 + 1 / (self.n_campaigns + PRIOR_CAMPAIGNS)))

    @property
    def freedom(self) -> float:
        """Degrees of freedom of Student's t."""
        return max(self.n_campaigns + PRIOR_CAMPAIGNS - 1, FEWEST_DEGREES_OF_FREEDOM)


NO_EFFECT = CampaignEffect(mean=0.0, sd=0.0, n_campaigns=0)


def observed_effect(logits: FloatArray, n_redeemers: int) -> EffectObservation:
    """Solve for the shift that explains how many redeemed, by Newton's method in one dimension.

    Parameters
    ----------
    logits : ndarray of float64, shape (n_customers,)
        The forecast as made, before the campaign.
    n_redeemers : int

    Notes
    -----
    A ridge N(0, 1.5²) keeps campaigns without any response finite. The target is concave, so steps of at
    most 1 converge from 0.

    Raises
    ------
    ValueError
        When `logits` is empty or `n_redeemers` is not between 0 and its length.
    """
    if not 0 <= n_redeemers <= len(logits) or len(logits) == 0:
        raise ValueError("n_redeemers must lie between 0 and the number of customers, who must be at least one")
    effect = 0.0
    for _ in range(NEWTON_STEPS):
        chances = expit(logits + effect)
        slope = n_redeemers - chances.sum() - effect / RIDGE_SD**2
        curvature = (chances * (1 - chances)).sum() + 1 / RIDGE_SD**2
        step = float(np.clip(slope / curvature, -1.0, 1.0))
        effect += step
        if abs(step) < 1e-9:
            break
    chances = expit(logits + effect)
    return EffectObservation(effect, float((chances * (1 - chances)).sum() ** -0.5))


def fit_campaign_effect(observations: Sequence[EffectObservation]) -> CampaignEffect:
    """Learn mean and spread of the campaign effect by two-stage random-effects maximum likelihood.

    Maximises the product of N(effect; mean, sd² + observation sd²) with weak priors sd ~ LogNormal(ln .4, .6)
    and mean ~ N(0, .3²): without them the spread collapses to zero when campaigns are few.

    Notes
    -----
    DerSimonian & Laird 1986 (two-stage random effects). No observation at all returns the priors.
    """
    effects = np.array([observation.effect for observation in observations])
    variances = np.array([observation.sd**2 for observation in observations])

    def loss(theta: FloatArray) -> float:
        mean, log_sd = theta
        total = variances + np.exp(2 * log_sd)
        fit = 0.5 * np.sum((effects - mean) ** 2 / total + np.log(total))
        prior_mean = 0.5 * (mean / PRIOR_MEAN_SD) ** 2
        prior_sd = 0.5 * ((log_sd - np.log(PRIOR_SD_MEDIAN)) / PRIOR_SD_LOG_SD) ** 2
        return float(fit + prior_mean + prior_sd)

    best = minimize(loss, np.array([0.0, np.log(PRIOR_SD_MEDIAN)]), method="Nelder-Mead")
    return CampaignEffect(float(best.x[0]), float(np.exp(best.x[1])), len(observations))
