"""Groups that are crowds with gaps between them, of any shape; who stands alone belongs to none."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN, HDBSCAN
from sklearn.neighbors import NearestNeighbors

from segments.engine.dividing.base import UNASSIGNED, Divider, Labels, Matrix, largest_first, relabelled

# At the bend itself the rims of a crowd fray into groups of their own.
BEYOND_THE_BEND = 1.15


class ByNeighbours(Divider):
    """A row belongs with the nearest row that was learnt from, if that is near enough.

    Attributes
    ----------
    points_ : ndarray of float64, shape (n_points, n_features)
    groups_ : ndarray of int64, shape (n_points,)
        Group of each point.
    reach_ : ndarray of float64, shape (n_groups,)
        How far from its points a group reaches.
    """

    fits_at_most = 10_000
    judged_at_most = 10_000
    replicated_at_most = 4_000
    finds_unassigned = True
    points_: Matrix
    groups_: Labels
    reach_: Matrix

    def assign(self, values: Matrix) -> Labels:
        """The group of the nearest point, -1 where that is too far away."""
        if not len(self.points_) or not len(values):
            return np.full(len(values), UNASSIGNED, dtype=np.int64)
        distances, rows = NearestNeighbors(n_neighbors=1).fit(self.points_).kneighbors(values)
        groups = self.groups_[rows[:, 0]]
        # The reach of "none" is nothing: -1 looks at the last place.
        near = distances[:, 0] <= np.append(self.reach_, -1.0)[groups]
        return np.where(near, groups, UNASSIGNED).astype(np.int64)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The points, their groups and how far these reach."""
        return {"points": self.points_, "groups": self.groups_, "reach": self.reach_}

    def restore(self, arrays: dict[str, NDArray[np.generic]]) -> Self:
        """Take the points back."""
        self.points_ = arrays["points"].astype(np.float64)
        self.groups_ = arrays["groups"].astype(np.int64)
        self.reach_ = arrays["reach"].astype(np.float64)
        return self


class DbscanDivider(ByNeighbours):
    """DBSCAN: points with enough others within a distance, and whatever these reach.

    Parameters
    ----------
    eps : float, optional
        The distance. By default a little beyond where the distances to the `n_near`-th neighbour, in order, bend.
    n_near : int
        How many others, oneself included, make a crowd.
    random_state : int
        Draws the sample where there are more rows than are compared with each other.

    References
    ----------
    Ester et al.: A density-based algorithm for discovering clusters, KDD 1996. Satopaa et al.: Finding a "kneedle" in
    a haystack, 2011, for the bend.
    """

    def __init__(self, eps: float | None = None, n_near: int = 10, random_state: int = 0) -> None:
        self.eps = eps
        self.n_near = n_near
        self.random_state = random_state

    def _learn(self, values: Matrix) -> Labels:
        self.eps_ = self.eps if self.eps is not None else BEYOND_THE_BEND * bend(values, self.n_near)
        fit = DBSCAN(eps=self.eps_, min_samples=self.n_near).fit(values)
        order = largest_first(fit.labels_)
        labels = relabelled(fit.labels_, order)
        self.points_, self.groups_ = values[fit.core_sample_indices_], labels[fit.core_sample_indices_]
        self.reach_ = np.full(len(order), self.eps_)
        return labels


class HdbscanDivider(ByNeighbours):
    """HDBSCAN: crowds of any density, each cut where it is most persistent.

    Parameters
    ----------
    min_size_share : float
        Share (0–1) of the rows that a group must have, 5 rows at least.
    n_near : int
        How many neighbours measure how dense it is around a row.
    random_state : int
        Draws the sample where there are more rows than are compared with each other.

    References
    ----------
    Campello, Moulavi, Sander: Density-based clustering based on hierarchical density estimates, 2013.
    """

    def __init__(self, min_size_share: float = 0.05, n_near: int = 10, random_state: int = 0) -> None:
        self.min_size_share = min_size_share
        self.n_near = n_near
        self.random_state = random_state

    def _learn(self, values: Matrix) -> Labels:
        size = max(round(self.min_size_share * len(values)), 5)
        fit = HDBSCAN(min_cluster_size=size, min_samples=self.n_near, copy=True).fit(values)
        found = np.maximum(fit.labels_, UNASSIGNED)
        order = largest_first(found)
        labels = relabelled(found, order)
        # Rows that belong to none stay among the points: who is nearest to them belongs to none either.
        self.points_, self.groups_ = values, labels
        self.reach_ = _reaches(values, labels, len(order), self.n_near)
        return labels


def bend(values: Matrix, n_near: int) -> float:
    """Where the sorted distances to the `n_near`-th neighbour lie farthest below the line from first to last."""
    neighbours = NearestNeighbors(n_neighbors=min(n_near, len(values))).fit(values)
    distances = np.sort(neighbours.kneighbors()[0][:, -1]) if len(values) > n_near else np.ones(2)
    line = np.linspace(distances[0], distances[-1], len(distances))
    return float(max(distances[(line - distances).argmax()], 1e-9))


def _reaches(values: Matrix, labels: Labels, k: int, n_near: int) -> Matrix:
    """For every group the largest distance of one of its rows to the `n_near`-th nearest of them."""
    reaches = np.zeros(k)
    for label in range(k):
        own = values[labels == label]
        n = min(n_near, len(own) - 1)
        reaches[label] = NearestNeighbors(n_neighbors=n).fit(own).kneighbors()[0][:, -1].max()
    return reaches
