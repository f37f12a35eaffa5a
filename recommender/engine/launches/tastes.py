"""Kinds of product as places: those that the same customers buy lie close together, and customers among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import svds

from recommender.engine.encoding import unit_rows
from recommender.engine.history import PurchaseLog

N_FACTORS = 48


@dataclass(frozen=True)
class Tastes:
    """Values of one kind of fact in a space of tastes.

    Attributes
    ----------
    kind : str
        Such as ``"category_3"``.
    rarity : ndarray of float32, shape (n_values,)
        Inverse document frequency: what everybody buys says little of anybody.
    directions : ndarray of float32, shape (n_values, n_factors)
        Right singular vectors: they lead from purchases to a customer's place.
    places : ndarray of float32, shape (n_values, n_factors)
        Of the values themselves, of length 1.

    References
    ----------
    Deerwester et al. 1990 (latent semantic analysis).
    """

    kind: str
    rarity: NDArray[np.float32]
    directions: NDArray[np.float32]
    places: NDArray[np.float32]

    @classmethod
    def of(cls, kind: str, log: PurchaseLog, values: NDArray[np.int64], n_values: int) -> Tastes | None:
        """Learn them from purchases; None where there are too few customers or values for a space.

        Parameters
        ----------
        kind : str
        log : PurchaseLog
        values : ndarray of int64, shape (n_products,)
            Value of every product, ``-1`` where unknown.
        n_values : int
        """
        bought = _bought(log, values, n_values)
        n_factors = min(N_FACTORS, *(size - 1 for size in bought.shape))
        if n_factors < 1 or not bought.nnz:
            return None
        customers = np.bincount(bought.indices, minlength=n_values)
        rarity = (1.0 + np.log((1 + len(log)) / (1 + customers))).astype(np.float32)
        weighed = unit_rows(sparse.csr_matrix(bought @ sparse.diags_array(rarity))).astype(np.float64)
        # A fixed start, so that the same purchases give the same space.
        _, lengths, directions = svds(weighed, k=n_factors, v0=np.ones(min(weighed.shape)))
        places = directions.T * lengths
        places /= np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-12)
        return cls(kind, rarity, directions.T.astype(np.float32), places.astype(np.float32))

    def likeness(self, log: PurchaseLog, values: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.float32]:
        """How near each customer is to each wanted value.

        Parameters
        ----------
        log : PurchaseLog
        values : ndarray of int64, shape (n_products,)
        wanted : ndarray of int64, shape (n_wanted,)

        Returns
        -------
        ndarray of float32, shape (n_customers, n_wanted)
            Cosine, -1 to 1; 0 where nothing is known.
        """
        bought = _bought(log, values, len(self.rarity))
        where = np.asarray((bought @ sparse.diags_array(self.rarity)) @ self.directions)
        where /= np.maximum(np.linalg.norm(where, axis=1, keepdims=True), 1e-12)
        near = where @ self.places[np.maximum(wanted, 0)].T
        return np.where(wanted >= 0, near, 0.0).astype(np.float32)


def _bought(log: PurchaseLog, values: NDArray[np.int64], n_values: int) -> sparse.csr_matrix:
    """log1p of the purchases of each value, shape (n_customers, n_values)."""
    of_line = values[log.product_rows]
    known = of_line >= 0
    cells = (np.ones(int(known.sum()), dtype=np.float32), (log.customer_rows[known], of_line[known]))
    return sparse.coo_matrix(cells, shape=(len(log), n_values)).tocsr().log1p()
