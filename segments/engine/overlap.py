"""How groups of customers lie over each other, from how many customers are in which of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Overlap:
    """Exact counts, no sample: nothing here has an interval.

    Attributes
    ----------
    both : ndarray of int64, shape (n_groups, n_groups)
        Customers in the row's and in the column's group; the diagonal is how large a group is.
    combinations : tuple of (tuple of int, int)
        Groups that customers are in, all of these and none other, and how many are; most first.
    """

    both: Ints
    combinations: tuple[tuple[tuple[int, ...], int], ...]

    @property
    def sizes(self) -> Ints:
        """Customers of every group, shape (n_groups,)."""
        return self.both.diagonal()

    @property
    def shares(self) -> Floats:
        """Of the row's customers, the share (0–1) that is in the column's group, too; 0 where the row has none."""
        return self.both / np.maximum(self.sizes, 1)[:, None]

    @property
    def alike(self) -> Floats:
        """Of the customers in either, the share in both: 1 for the same customers.

        References
        ----------
        Jaccard: Étude comparative de la distribution florale, 1901.
        """
        either = self.sizes[:, None] + self.sizes[None, :] - self.both
        return self.both / np.maximum(either, 1)


def overlap(combinations: Sequence[tuple[Sequence[int], int]], n_groups: int) -> Overlap:
    """Add up pairs from exact combinations.

    Parameters
    ----------
    combinations : sequence of (groups, n_customers)
        Every customer in one of them: the numbers of all groups they are in, from 0.
    n_groups : int
    """
    both = np.zeros((n_groups, n_groups), np.int64)
    for groups, n in combinations:
        both[np.ix_(list(groups), list(groups))] += n
    ordered = sorted(((tuple(groups), int(n)) for groups, n in combinations), key=lambda one: (-one[1], one[0]))
    return Overlap(both, tuple(ordered))
