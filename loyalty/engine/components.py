"""How many different things the features tell: principal components of the scaled features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Components:
    """Principal components, the one that explains most first.

    Attributes
    ----------
    explained_shares : ndarray of float64, shape (n_components,)
        Share (0–1) of the variance of all columns.
    loadings : ndarray of float64, shape (n_components, n_columns)
        Each of length 1; the largest weight is positive.
    centers : ndarray of float64, shape (n_columns,)
    """

    explained_shares: Matrix
    loadings: Matrix
    centers: Matrix

    def transform(self, values: Matrix) -> Matrix:
        """Coordinates of rows on the components, shape (n, n_components)."""
        coordinates: Matrix = (values - self.centers) @ self.loadings.T
        return coordinates

    def n_for(self, share: float) -> int:
        """How many components explain at least this share together; all, when they do not."""
        reached = np.flatnonzero(np.cumsum(self.explained_shares) >= share - 1e-12)
        return int(reached[0]) + 1 if len(reached) else len(self.explained_shares)


def principal_components(values: Matrix, n_components: int | None = None) -> Components:
    """Find the components of training rows.

    By the covariance of the columns, so that the cost grows with the rows but once.

    Parameters
    ----------
    values : ndarray of float64, shape (n, n_columns)
        Scaled, nothing missing.
    n_components : int, optional
        All by default.

    Returns
    -------
    Components

    References
    ----------
    Jolliffe: Principal Component Analysis, 2002.
    """
    centers = values.mean(axis=0)
    centred = values - centers
    variances, axes = np.linalg.eigh(centred.T @ centred / max(len(values) - 1, 1))
    order = np.argsort(-variances)[:n_components]
    total = float(np.maximum(variances, 0).sum())
    loadings = axes[:, order].T
    signs = np.sign(loadings[np.arange(len(order)), np.abs(loadings).argmax(axis=1)])
    shares = np.maximum(variances[order], 0) / total if total else np.zeros(len(order))
    return Components(shares, loadings * signs[:, None], centers)
