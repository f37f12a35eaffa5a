"""How customers move between groups from one moment to the next."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segments.engine.intervals import share_interval

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Migration:
    """Moves between groups, those of who was in one at both moments.

    Attributes
    ----------
    moved : ndarray of int64, shape (n_moments - 1, n_groups, n_groups)
        Customers who were in the row's group and then in the column's.
    arrived : ndarray of int64, shape (n_moments - 1, n_groups)
        Customers who were in none before: new ones.
    came_again : ndarray of int64, shape (n_groups,)
        Customers who were in a group, left it and were in it again.
    """

    moved: Ints
    arrived: Ints
    came_again: Ints

    @property
    def shares(self) -> Floats:
        """Of those in the row's group, the share that went to the column's; rows sum to 1, or to 0 where none were."""
        total = self.moved.sum(axis=2, keepdims=True)
        return self.moved / np.maximum(total, 1)

    def share_intervals(self) -> tuple[Floats, Floats]:
        """Low and high of every share, in 95 of 100 cases."""
        total = np.broadcast_to(self.moved.sum(axis=2, keepdims=True), self.moved.shape)
        return share_interval(self.moved, total)


def migration(groups: Ints, n_groups: int) -> Migration:
    """Follow every customer through the moments.

    Parameters
    ----------
    groups : ndarray of int64, shape (n_moments, n_customers)
        Number of the group at each moment, earliest first; -1 for who is in none yet.
    n_groups : int

    Returns
    -------
    Migration
    """
    steps = list(pairwise(groups))
    return Migration(
        moved=np.array([_pairs(one, other, n_groups) for one, other in steps]).reshape(-1, n_groups, n_groups),
        arrived=np.array([np.bincount(other[(one < 0) & (other >= 0)], minlength=n_groups) for one, other in steps])
        .reshape(-1, n_groups)
        .astype(np.int64),
        came_again=_came_again(groups, n_groups),
    )


def _pairs(one: Ints, other: Ints, n_groups: int) -> Ints:
    in_both = (one >= 0) & (other >= 0)
    pairs = one[in_both] * n_groups + other[in_both]
    return np.bincount(pairs, minlength=n_groups**2).reshape(n_groups, n_groups).astype(np.int64)


def _came_again(groups: Ints, n_groups: int) -> Ints:
    """A group is entered when the moment before was another's; entered twice is come again."""
    before = np.vstack([np.full(groups.shape[1], -2, np.int64), groups[:-1]])
    entered = groups != before
    return np.array(
        [int(((entered & (groups == group)).sum(axis=0) > 1).sum()) for group in range(n_groups)], dtype=np.int64
    )
