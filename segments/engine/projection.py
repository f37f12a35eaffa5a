"""A map of customers: the two directions in which they differ most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """Customers on a plane.

    Attributes
    ----------
    coordinates : ndarray of float64, shape (n, 2)
    explained_shares : ndarray of float64, shape (2,)
        Share (0–1) of all differences that each axis shows.
    loadings : ndarray of float64, shape (2, n_features)
        How much every feature counts on each axis, unit length a row.
    """

    coordinates: Matrix
    explained_shares: Matrix
    loadings: Matrix

    def axis_features(self, names: tuple[str, ...], n: int = 2) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The n features that count most on the horizontal and on the vertical axis."""
        horizontal, vertical = np.argsort(-np.abs(self.loadings), axis=1)[:, :n]
        return tuple(names[i] for i in horizontal), tuple(names[i] for i in vertical)


def project(scaled: Matrix) -> Projection:
    """Principal components of scaled features.

    Parameters
    ----------
    scaled : ndarray of float64, shape (n, n_features)
        n and n_features at least 2.

    Returns
    -------
    Projection
        Each axis points where its heaviest feature grows, so that a second run is not mirrored.

    References
    ----------
    Pearson: On lines and planes of closest fit to systems of points in space, 1901.
    """
    pca = PCA(n_components=2, svd_solver="full").fit(scaled)
    heaviest = np.abs(pca.components_).argmax(axis=1)
    signs = np.sign(pca.components_[np.arange(2), heaviest])
    return Projection(
        coordinates=pca.transform(scaled) * signs,
        explained_shares=pca.explained_variance_ratio_,
        loadings=pca.components_ * signs[:, None],
    )
