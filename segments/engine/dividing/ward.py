"""Groups that are merged two by two, the most alike first: a tree that can be cut anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import dendrogram, fcluster, linkage

from segments.engine.dividing.base import ByCentres, Labels, Matrix, largest_first, means_of, relabelled

BRANCHES_SHOWN = 24


@dataclass(frozen=True)
class Tree:
    """The top of the tree of merges.

    Attributes
    ----------
    branches : tuple of (tuple of float, tuple of float)
        For every merge shown the four corners of its bracket: places from left to right, heights.
    leaves : tuple of int
        How many rows stand below each lowest branch, from left to right.
    cut : float
        Height at which it was cut.
    """

    branches: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]
    leaves: tuple[int, ...]
    cut: float


class WardDivider(ByCentres):
    """Hierarchical merging by Ward's criterion, cut into k groups.

    Parameters
    ----------
    k : int
    random_state : int
        Draws the sample where there are more rows than a tree is grown of; the others go to the nearest centre.

    Attributes
    ----------
    merges_ : ndarray of float64, shape (n - 1, 4)
        As scipy's linkage.

    References
    ----------
    Ward: Hierarchical grouping to optimize an objective function, 1963.
    """

    fits_at_most = 10_000
    judged_at_most = 3_000
    replicated_at_most = 2_000
    merges_: NDArray[np.float64]

    def __init__(self, k: int = 3, random_state: int = 0) -> None:
        self.k = k
        self.random_state = random_state

    def _learn(self, values: Matrix) -> Labels:
        self.merges_ = linkage(values, method="ward")
        found = fcluster(self.merges_, self.k, criterion="maxclust").astype(np.int64) - 1
        labels = relabelled(found, largest_first(found))
        self.centres_ = means_of(values, labels)
        return labels

    def tree(self) -> Tree:
        """The dendrogram above the lowest branches that can be told apart on a page."""
        drawn = dendrogram(self.merges_, truncate_mode="lastp", p=BRANCHES_SHOWN, no_plot=True)
        corners = zip(drawn["icoord"], drawn["dcoord"], strict=True)
        branches = tuple((tuple(map(float, x)), tuple(map(float, y))) for x, y in corners)
        leaves = tuple(int(told.strip("()")) if told.startswith("(") else 1 for told in drawn["ivl"])
        heights = self.merges_[:, 2]
        return Tree(branches, leaves, float(heights[-self.k : len(heights) - self.k + 2].mean()))
