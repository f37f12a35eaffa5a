"""How often people redeem who redeem at all."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from campaigns.engine.frames import FloatArray, IntArray

CAMPAIGN_JITTER_SD = 0.2


@dataclass(frozen=True)
class RedemptionCounts:
    """How often people redeem who redeem at all.

    Attributes
    ----------
    values : ndarray of int64, shape (n_values,)
        Distinct counts, each at least 1.
    shares : ndarray of float64, shape (n_values,)
        Share of redeemers with each count; sums to 1.
    """

    values: IntArray
    shares: FloatArray

    @classmethod
    def from_redeemers(cls, counts: IntArray, weights: FloatArray | None = None) -> Self:
        """Build from past redeemers, one count each, optionally weighted (recent campaigns more).

        Raises
        ------
        ValueError
            When there is no redeemer, or a count below 1.
        """
        if len(counts) == 0 or counts.min() < 1:
            raise ValueError("every redeemer redeems at least once, and there must be one")
        values, places = np.unique(counts, return_inverse=True)
        totals = np.bincount(places, weights=weights)
        return cls(values.astype(np.int64), np.asarray(totals / totals.sum(), dtype=np.float64))

    @property
    def mean(self) -> float:
        """Redemptions per redeemer."""
        return float(self.values @ self.shares)

    def total(self, n_redeemers: IntArray, rng: np.random.Generator) -> IntArray:
        """Redemptions of each simulated campaign, its mean jittered by exp(.2 z), shape of `n_redeemers`."""
        repeats = rng.multinomial(n_redeemers, self.shares) @ self.values - n_redeemers
        jitter = np.exp(CAMPAIGN_JITTER_SD * rng.standard_normal(n_redeemers.shape))
        return np.asarray(n_redeemers + np.rint(repeats * jitter), dtype=np.int64)
