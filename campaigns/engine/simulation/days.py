"""How many redemptions come on each day of the window: how many there will be, times when they come."""

from dataclasses import dataclass

import numpy as np

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.reception_curve import ReceptionCurve

LEVEL = 0.9


@dataclass(frozen=True)
class DailyCounts:
    """Redemptions by the end of each day, and on it.

    Attributes
    ----------
    mid, low, high : ndarray of float64, shape (n_days,)
        Redemptions on each day and their 90 % interval.
    total_mid, total_low, total_high : ndarray of float64, shape (n_days,)
        The same by the end of each day.
    """

    mid: FloatArray
    low: FloatArray
    high: FloatArray
    total_mid: FloatArray
    total_low: FloatArray
    total_high: FloatArray


def daily_counts(
    curve: ReceptionCurve, redemptions: IntArray | FloatArray, n_days: int, rng: np.random.Generator
) -> DailyCounts:
    """Spread simulated redemptions over the days, unsure both of how many there are and of when they come.

    Parameters
    ----------
    curve : ReceptionCurve
    redemptions : ndarray, shape (n_draws,)
        Of each simulated campaign, from `Forecast.draws`.
    n_days : int
        At least 1.
    rng : Generator

    Notes
    -----
    Every simulated campaign is given the curve of one resampling of the past campaigns; the last day of each adds up
    to its redemptions.
    """
    ends = np.arange(n_days + 1) / n_days
    shares = np.stack([np.interp(ends, curve.fractions, one) for one in curve.replicates])
    shares[:, 0], shares[:, -1] = 0.0, 1.0
    drawn = shares[rng.integers(0, len(shares), len(redemptions))] * redemptions[:, None]
    tails = [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2]
    low, mid, high = np.quantile(np.diff(drawn, axis=1), tails, axis=0)
    total_low, total_mid, total_high = np.quantile(drawn[:, 1:], tails, axis=0)
    return DailyCounts(mid, low, high, total_mid, total_low, total_high)
