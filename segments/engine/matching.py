"""Which group of a new division is which of the one before: by the customers they share, not by their place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Labels = NDArray[np.int64]
Counts = NDArray[np.float64]
# Two groups are the same one when they share more customers than they do not.
SAME = 0.5
# Samples of the customers that the interval of the agreement is read from.
N_DRAWS = 500


@dataclass(frozen=True)
class CarriedOver:
    """How a division continues another one.

    Attributes
    ----------
    before_of : dict of int to int
        New label to the label it had before; a group that nothing came before is missing.
    agreement : float
        Adjusted Rand index of both divisions over the customers in both; 1 is identical, 0 what chance gives.
    n_customers : int
        Customers in both.
    low, high : float
        95 % interval of the agreement: what other customers of the same shop would give.
    """

    before_of: dict[int, int]
    agreement: float
    n_customers: int
    low: float = 0.0
    high: float = 0.0


def carried_over(before: Labels, now: Labels, rng: np.random.Generator) -> CarriedOver:
    """Match the groups of two divisions of the same customers, each at most once, for the most customers in common.

    Parameters
    ----------
    before, now : ndarray of int64, shape (n,)
        Labels of the same customers, from 0; -1 for who is in no group, and then counts for nothing.
    rng : numpy.random.Generator
        Draws the samples that the interval is read from.

    References
    ----------
    Kuhn: The Hungarian Method for the Assignment Problem, 1955. Hubert, Arabie: Comparing partitions, 1985.
    Jaccard: The Distribution of the Flora in the Alpine Zone, 1912, for the likeness of two groups.
    Efron: Bootstrap Methods: Another Look at the Jackknife, 1979.
    """
    in_both = (before >= 0) & (now >= 0)
    before, now = before[in_both], now[in_both]
    if not len(now):
        return CarriedOver({}, 0.0, 0)
    shared = np.zeros((int(now.max()) + 1, int(before.max()) + 1))
    np.add.at(shared, (now, before), 1)
    # Sampling customers is sampling the cells of this table: a million are drawn as quickly as a hundred.
    drawn = rng.multinomial(len(now), shared.ravel() / len(now), N_DRAWS).reshape(-1, *shared.shape)
    low, high = np.quantile(_adjusted_rand(drawn.astype(np.float64)), (0.025, 0.975))
    agreement = float(_adjusted_rand(shared[None])[0])
    return CarriedOver(_matched(shared), agreement, len(now), float(low), float(high))


def _matched(shared: Counts) -> dict[int, int]:
    either = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0, keepdims=True) - shared
    likeness = shared / np.maximum(either, 1)
    pairs = zip(*linear_sum_assignment(likeness, maximize=True), strict=True)
    return {int(new): int(old) for new, old in pairs if likeness[new, old] > SAME}


def _adjusted_rand(tables: Counts) -> Counts:
    """Of tables of counts, shape (n_tables, n_now, n_before); 1 where both put everybody into one group."""
    same = _pairs(tables).sum(axis=(1, 2))
    rows, columns = _pairs(tables.sum(axis=2)).sum(axis=1), _pairs(tables.sum(axis=1)).sum(axis=1)
    by_chance = rows * columns / np.maximum(_pairs(tables.sum(axis=(1, 2))), 1)
    most = (rows + columns) / 2
    room = most - by_chance
    adjusted: Counts = np.where(room > 0, (same - by_chance) / np.where(room > 0, room, 1), 1.0)
    return adjusted


def _pairs(counts: Counts) -> Counts:
    return counts * (counts - 1) / 2


def numbered(carried: CarriedOver, k: int) -> list[int]:
    """A number for each of the k new groups: the one it had before, else the smallest that is free."""
    free = iter(sorted(set(range(2 * k + len(carried.before_of))) - set(carried.before_of.values())))
    return [carried.before_of[label] if label in carried.before_of else next(free) for label in range(k)]
