"""Which group of a new division is which of the one before: by the customers they share, not by their place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score

Labels = NDArray[np.int64]
# Two groups are the same one when they share more customers than they do not.
SAME = 0.5


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
    """

    before_of: dict[int, int]
    agreement: float
    n_customers: int


def carried_over(before: Labels, now: Labels) -> CarriedOver:
    """Match the groups of two divisions of the same customers, each at most once, for the most customers in common.

    Parameters
    ----------
    before, now : ndarray of int64, shape (n,)
        Labels of the same customers, from 0.

    References
    ----------
    Kuhn: The Hungarian Method for the Assignment Problem, 1955. Hubert, Arabie: Comparing partitions, 1985.
    Jaccard: The Distribution of the Flora in the Alpine Zone, 1912, for the likeness of two groups.
    """
    if not len(now):
        return CarriedOver({}, 0.0, 0)
    shared = np.zeros((int(now.max()) + 1, int(before.max()) + 1))
    np.add.at(shared, (now, before), 1)
    either = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0, keepdims=True) - shared
    likeness = shared / np.maximum(either, 1)
    pairs = zip(*linear_sum_assignment(likeness, maximize=True), strict=True)
    same = {int(new): int(old) for new, old in pairs if likeness[new, old] > SAME}
    return CarriedOver(same, float(adjusted_rand_score(before, now)), len(now))


def numbered(carried: CarriedOver, k: int) -> list[int]:
    """A number for each of the k new groups: the one it had before, else the smallest that is free."""
    free = iter(sorted(set(range(2 * k + len(carried.before_of))) - set(carried.before_of.values())))
    return [carried.before_of[label] if label in carried.before_of else next(free) for label in range(k)]
