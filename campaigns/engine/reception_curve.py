"""When redemptions come: their cumulative share over the days of the window, learnt from past campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from campaigns.engine.frames import FloatArray

GRID = np.linspace(0.0, 1.0, 101)
FEWEST_CAMPAIGNS = 5
SAME_TYPE_WEIGHT = 2.0
# Without any past: from nearly everything on the first day to nearly everything on the last.
ANY_POWER = np.exp2(np.linspace(-6.0, 6.0, 101))


@dataclass(frozen=True)
class WindowTimes:
    """When the redemptions of one finished campaign came.

    Attributes
    ----------
    campaign_type : str
    fractions : ndarray of float64, shape (n_redemptions,)
        Share of the window gone by when each redemption came, 0 to 1.
    """

    campaign_type: str
    fractions: FloatArray


@dataclass(frozen=True)
class ReceptionCurve:
    """Cumulative share of redemptions over the window.

    Attributes
    ----------
    fractions, mid, low, high : ndarray of float64, shape (n_points,)
        Share of the window gone by; share of redemptions by then, and its pointwise 90 % band.
    n_campaigns : int
        Campaigns with a redemption that the curve was learnt from.
    replicates : ndarray of float64, shape (n_replicates, n_points)
        The curve as resampled campaigns give it; the band is where most of them lie.
    """

    fractions: FloatArray
    mid: FloatArray
    low: FloatArray
    high: FloatArray
    n_campaigns: int
    replicates: FloatArray

    @property
    def indicative(self) -> bool:
        """Whether fewer than five campaigns stand behind the curve."""
        return self.n_campaigns < FEWEST_CAMPAIGNS

    def share_at(self, fraction: float) -> float:
        """Share of redemptions expected once `fraction` of the window is gone, 0 to 1."""
        return float(np.interp(fraction, self.fractions, self.mid))


def reception_curve(
    campaigns: Sequence[WindowTimes], campaign_type: str, rng: np.random.Generator, n_replicates: int = 400
) -> ReceptionCurve:
    """Learn the curve, campaigns of the same type counting double, with a band by resampling whole campaigns.

    Without any redemption in the past the curve is a straight line with a band that excludes nothing.

    Notes
    -----
    Cluster bootstrap (Davison & Hinkley 1997, 3.8): redemptions of one campaign are not independent.
    """
    useful = [campaign for campaign in campaigns if len(campaign.fractions)]
    if not useful:
        anything = np.stack([GRID**power for power in ANY_POWER])
        return ReceptionCurve(GRID, GRID, np.zeros_like(GRID), _ends_at_one(np.ones_like(GRID)), 0, anything)
    reached = np.stack([np.searchsorted(np.sort(c.fractions), GRID) for c in useful]).astype(np.float64)
    weights = np.array([SAME_TYPE_WEIGHT if c.campaign_type == campaign_type else 1.0 for c in useful])
    weighted = reached * weights[:, None]
    picks = rng.multinomial(len(useful), np.full(len(useful), 1 / len(useful)), size=n_replicates)
    replicates = picks @ weighted
    shares = replicates / replicates[:, -1:]
    low, high = np.quantile(shares, [0.05, 0.95], axis=0)
    total = weighted.sum(axis=0)
    return ReceptionCurve(GRID, total / total[-1], low, high, len(useful), shares)


def _ends_at_one(band: FloatArray) -> FloatArray:
    band[-1] = 1.0
    return band
