"""What a deeper benefit does to response: learnt where past offers varied, and nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from campaigns.engine.campaign_effect import EffectObservation
from campaigns.engine.frames import FloatArray

# Fewer campaigns, or depths closer together than this, tell a benefit's effect from nothing else.
FEWEST_CAMPAIGNS = 8
FEWEST_DEPTHS = 3
NARROWEST_RANGE = 1.5
# A doubling of the benefit that more than doubles the odds is not expected before it is seen.
PRIOR_SLOPE_SD = 1.0


@dataclass(frozen=True)
class BenefitResponse:
    """How response follows the benefit.

    Attributes
    ----------
    slope, sd : float
        Change on the logit for each unit of the natural logarithm of the benefit, and its standard error.
    n_campaigns : int
    lowest, highest : float
        Benefits that were seen; beyond them the slope is a guess.
    """

    slope: float
    sd: float
    n_campaigns: int
    lowest: float
    highest: float

    def covers(self, benefit: float) -> bool:
        """Whether such a benefit lies within what was seen."""
        return self.lowest <= benefit <= self.highest

    def shifts(self, benefit: float, usual: float, n_draws: int, rng: np.random.Generator) -> FloatArray:
        """Return what another benefit than the `usual` adds to the logit, shape (n_draws,): the slope is unsure."""
        slopes = self.slope + self.sd * rng.standard_normal(n_draws)
        return np.asarray(slopes * np.log(benefit / usual))


def learn_benefit_response(
    benefits: Sequence[float], observations: Sequence[EffectObservation], effect_sd: float
) -> BenefitResponse | None:
    """Learn from how far campaigns of different benefit were from a forecast that did not know the benefit.

    Weighted least squares of the campaign effects on the logarithm of the benefit, with a weak prior N(0, 1) on the
    slope. Depth was not drawn at random, so what it stands for in the past (season, product) is in the slope, too.

    Parameters
    ----------
    benefits : sequence of float
        One for each past campaign, all in one unit, above 0.
    observations : sequence of EffectObservation
        In the same order.
    effect_sd : float
        How far campaigns stray that do not differ in benefit.

    Returns
    -------
    BenefitResponse or None
        None where past offers hardly varied: nothing can be learnt then.
    """
    depths = np.asarray(benefits, dtype=np.float64)
    if not _varied(depths):
        return None
    weights = np.array([1 / (effect_sd**2 + observation.sd**2) for observation in observations])
    effects = np.array([observation.effect for observation in observations])
    depth = np.log(depths)
    centred = depth - np.average(depth, weights=weights)
    precision = float(weights @ centred**2) + PRIOR_SLOPE_SD**-2
    slope = float(weights @ (centred * effects)) / precision
    return BenefitResponse(slope, precision**-0.5, len(depths), float(depths.min()), float(depths.max()))


def _varied(depths: FloatArray) -> bool:
    if len(depths) < FEWEST_CAMPAIGNS or len(np.unique(depths)) < FEWEST_DEPTHS:
        return False
    return bool(depths.min() > 0 and depths.max() >= NARROWEST_RANGE * depths.min())
