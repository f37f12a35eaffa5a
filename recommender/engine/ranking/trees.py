"""Boosted trees as plain arrays: kept without pickle and walked by NumPy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

# So many (row, tree) pairs are walked at once: the nodes they stand on stay in the cache.
WALKERS = 50_000


@dataclass(frozen=True)
class Trees:
    """A sum of regression trees.

    Attributes
    ----------
    roots : ndarray of int32, shape (n_trees,)
        First node of every tree.
    features : ndarray of int32, shape (n_nodes,)
        Column that a node asks about.
    thresholds : ndarray of float32, shape (n_nodes,)
        Up to and with it a row goes left; infinity at a leaf.
    children : ndarray of int32, shape (n_nodes, 2)
        Nodes to the left and to the right; a leaf leads to itself.
    values : ndarray of float64, shape (n_nodes,)
        What a leaf adds.
    baseline : float
        What every row starts from.
    depth : int
        Longest way from a root to a leaf.
    """

    roots: NDArray[np.int32]
    features: NDArray[np.int32]
    thresholds: NDArray[np.float32]
    children: NDArray[np.int32]
    values: NDArray[np.float64]
    baseline: float
    depth: int

    def predict(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log-odds of every row.

        Parameters
        ----------
        x : ndarray of float32, shape (n, n_features)
            Finite.

        Returns
        -------
        ndarray of float64, shape (n,)
        """
        step = max(WALKERS // len(self.roots), 1)
        blocks = [self._walked(x[at : at + step]) for at in range(0, len(x), step)]
        return np.concatenate([np.empty(0), *blocks])

    def _walked(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        node = np.broadcast_to(self.roots, (len(x), len(self.roots)))
        flat, cells = self.children.ravel(), x.ravel()
        offsets = np.arange(len(x))[:, None] * x.shape[1]
        for _ in range(self.depth):
            right = cells[offsets + self.features[node]] > self.thresholds[node]
            node = flat[2 * node + right]
        added: NDArray[np.float64] = self.baseline + self.values[node].sum(axis=1)
        return added

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """The trees as named numeric arrays, for an artefact."""
        arrays = ("roots", "features", "thresholds", "children", "values")
        numbers = {f"{prefix}_shape": np.array([self.baseline, self.depth])}
        return {**{f"{prefix}_{name}": getattr(self, name) for name in arrays}, **numbers}

    @classmethod
    def from_arrays(cls, prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The trees again."""
        baseline, depth = arrays[f"{prefix}_shape"]
        return cls(
            roots=arrays[f"{prefix}_roots"],
            features=arrays[f"{prefix}_features"],
            thresholds=arrays[f"{prefix}_thresholds"],
            children=arrays[f"{prefix}_children"],
            values=arrays[f"{prefix}_values"],
            baseline=float(baseline),
            depth=int(depth),
        )
