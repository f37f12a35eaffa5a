"""How well the buyers of a launch were told from the others, launch by launch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from recommender.engine.metrics import Estimate, bootstrap_mean, bootstrap_ratio

BEST_SHARE = 0.1


@dataclass(frozen=True)
class LaunchOutcomes:
    """One value a launch, shape (n_launches,) each.

    Attributes
    ----------
    auc : ndarray of float64
        Chance (0–1) that a buyer was ranked before somebody who did not buy; ties count half.
    reached : ndarray of int64
        Buyers among the best tenth of the customers.
    buyers : ndarray of int64
    """

    auc: NDArray[np.float64]
    reached: NDArray[np.int64]
    buyers: NDArray[np.int64]

    @classmethod
    def of(cls, scores: NDArray[np.float32], bought: NDArray[np.bool_], *, min_buyers: int) -> LaunchOutcomes:
        """Of the launches with at least ``min_buyers``.

        Parameters
        ----------
        scores : ndarray of float32, shape (n_customers, n_launches)
        bought : ndarray of bool, shape (n_customers, n_launches)
        min_buyers : int
            At least 1.
        """
        kept = bought.sum(axis=0) >= min_buyers
        scores, bought = scores[:, kept], bought[:, kept]
        buyers = bought.sum(axis=0).astype(np.int64)
        others = np.maximum(len(bought) - buyers, 1)
        ranks = (rankdata(scores, axis=0) * bought).sum(axis=0) if kept.any() else np.zeros(0)
        best = np.argsort(-scores, axis=0, kind="stable")[: int(np.ceil(BEST_SHARE * len(scores)))]
        reached = np.take_along_axis(bought, best, axis=0).sum(axis=0).astype(np.int64)
        return cls((ranks - buyers * (buyers + 1) / 2) / (buyers * others), reached, buyers)

    @classmethod
    def joined(cls, parts: Iterable[LaunchOutcomes]) -> LaunchOutcomes:
        """All launches of several days."""
        columns = zip(*((part.auc, part.reached, part.buyers) for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def mean_auc(self, rng: np.random.Generator) -> Estimate:
        """Every launch counts alike; 95 % bootstrap interval over launches."""
        return bootstrap_mean(self.auc, rng)

    def mean_auc_by_buyers(self, rng: np.random.Generator) -> Estimate:
        """Every launch counts as many times as it had buyers."""
        return bootstrap_ratio(self.auc * self.buyers, self.buyers.astype(np.float64), rng)

    def reach(self, rng: np.random.Generator) -> Estimate:
        """Share (0–1) of all buyers who were among the best tenth."""
        return bootstrap_ratio(self.reached.astype(np.float64), self.buyers.astype(np.float64), rng)

    def gain_on(self, other: LaunchOutcomes, rng: np.random.Generator) -> Estimate:
        """Mean difference of the AUC to another scorer's, launch by launch."""
        return bootstrap_mean(self.auc - other.auc, rng)
