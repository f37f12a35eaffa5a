"""The contract of everything that divides customers into groups."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]
UNASSIGNED = -1
# So many distances are held at a time, 32 MB of them.
CELLS_AT_ONCE = 4_000_000


class Divider(BaseEstimator):
    """Divides rows into groups and says in which group others belong.

    Attributes
    ----------
    labels_ : ndarray of int64, shape (n,)
        After `fit`: the group of every row, 0 the largest; -1 where a row belongs to none.
    """

    # More rows than this are drawn from, and the others are assigned: time and memory would grow with their square.
    fits_at_most: ClassVar[int | None] = None
    # So many are enough to judge a division, and to see whether another sample would be divided alike.
    judged_at_most: ClassVar[int] = 20_000
    replicated_at_most: ClassVar[int] = 20_000
    # Whether rows may belong to no group. Such a divider finds by itself how many groups there are.
    finds_unassigned: ClassVar[bool] = False
    labels_: Labels
    random_state: int

    def fit(self, values: Matrix) -> Self:
        """Learn groups from prepared rows, shape (n, n_features). Forgets an earlier fit."""
        if self.fits_at_most is None or len(values) <= self.fits_at_most:
            self.labels_ = self._learn(values)
            return self
        rows = np.random.default_rng(self.random_state).choice(len(values), self.fits_at_most, replace=False)
        self._learn(values[rows])
        self.labels_ = self.assign(values)
        return self

    @abstractmethod
    def _learn(self, values: Matrix) -> Labels:
        """Learn into attributes; the group of every row, 0 the largest."""

    @abstractmethod
    def assign(self, values: Matrix) -> Labels:
        """The group of other rows, shape (m,) int64."""

    @abstractmethod
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What `assign` needs, by name, for a file."""

    @abstractmethod
    def restore(self, arrays: dict[str, NDArray[np.generic]]) -> Self:
        """Take what `arrays` told; `assign` answers as before, `labels_` are not kept."""


class ByCentres(Divider):
    """Rows belong to the nearest centre.

    Attributes
    ----------
    centres_ : ndarray of float64, shape (k, n_features)
    """

    centres_: Matrix

    def assign(self, values: Matrix) -> Labels:
        """The group with the nearest centre."""
        return nearest(values, self.centres_)[0]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The centres."""
        return {"centres": self.centres_}

    def restore(self, arrays: dict[str, NDArray[np.generic]]) -> Self:
        """Take centres back."""
        self.centres_ = arrays["centres"].astype(np.float64)
        return self


def nearest(values: Matrix, points: Matrix) -> tuple[Labels, Matrix]:
    """Number of the nearest point and the distance to it, both of shape (n,), in bounded memory."""
    n_at_once = max(CELLS_AT_ONCE // max(len(points), 1), 1)
    lengths = (points**2).sum(axis=1)
    found, distances = np.empty(len(values), dtype=np.int64), np.empty(len(values))
    for first in range(0, len(values), n_at_once):
        part = values[first : first + n_at_once]
        squared = lengths - 2 * part @ points.T
        best = squared.argmin(axis=1)
        found[first : first + n_at_once] = best
        own = squared[np.arange(len(part)), best] + (part**2).sum(axis=1)
        distances[first : first + n_at_once] = np.sqrt(np.maximum(own, 0))
    return found, distances


def largest_first(labels: Labels) -> NDArray[np.int64]:
    """The labels there are, -1 left out, those of most rows first."""
    sizes = np.bincount(labels[labels >= 0])
    return np.argsort(-sizes, kind="stable")[: int((sizes > 0).sum())].astype(np.int64)


def relabelled(labels: Labels, order: NDArray[np.int64]) -> Labels:
    """Label `order[0]` becomes 0, and so on; -1 stays."""
    new = np.full(max(int(labels.max(initial=-1)), int(order.max(initial=-1))) + 2, UNASSIGNED, dtype=np.int64)
    new[order] = np.arange(len(order))
    return new[labels]


def means_of(values: Matrix, labels: Labels) -> Matrix:
    """The middle of every group, shape (k, n_features)."""
    return np.stack([values[labels == label].mean(axis=0) for label in range(int(labels.max()) + 1)])
