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
        repeats = self._repeats(n_redeemers, rng)
        return np.asarray(n_redeemers + np.rint(repeats * _jitter(n_redeemers.shape[-1], rng)), dtype=np.int64)

    def totals_by_depth(self, n_redeemers: IntArray, rng: np.random.Generator) -> IntArray:
        """Redemptions of the best bins together, shape of `n_redeemers`: (n_bins, n_draws), redeemers of each bin.

        All depths of a simulated campaign share its redeemers and its jitter.
        """
        # Of few redeemers in a bin a draw is quick, and those of deeper cuts are not drawn again.
        repeats = np.cumsum([self._repeats(row, rng) for row in n_redeemers], axis=0)
        jitter = _jitter(n_redeemers.shape[-1], rng)
        return np.asarray(np.cumsum(n_redeemers, axis=0) + np.rint(repeats * jitter), dtype=np.int64)

    def _repeats(self, n_redeemers: IntArray, rng: np.random.Generator) -> IntArray:
        return np.asarray(rng.multinomial(n_redeemers, self.shares) @ self.values - n_redeemers, dtype=np.int64)


def _jitter(n_draws: int, rng: np.random.Generator) -> FloatArray:
    return np.asarray(np.exp(CAMPAIGN_JITTER_SD * rng.standard_normal(n_draws)))
