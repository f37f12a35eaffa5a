"""Which product of a need customers take after which: the moves that make two of them rivals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.relations.pairs import Visits


@dataclass(frozen=True)
class Moves:
    """Moves between products of the same need.

    Attributes
    ----------
    counts : csr_matrix of float32, shape (n_products, n_products)
        ``counts[a, b]``: times a customer bought a and not b, and b and not a the next time the need arose.
    left, reached : ndarray of float64, shape (n_products,)
        Moves away from a product, and to it.
    """

    counts: sparse.csr_matrix
    left: NDArray[np.float64]
    reached: NDArray[np.float64]


def occasions(visits: Visits, needs: NDArray[np.int64]) -> Visits:
    """Visits split by need: a row is what one basket holds of one need, and customers count once a need.

    Parameters
    ----------
    visits : Visits
    needs : ndarray of int64, shape (n_products,)
        The need that a product serves; ``-1`` where unknown: such products are in no occasion.
    """
    lines = visits.baskets.tocoo()
    known = needs[lines.col] >= 0
    basket, col = lines.row[known].astype(np.int64), lines.col[known].astype(np.int64)
    n_needs = int(needs.max(initial=0)) + 1
    group = visits.customer_rows[basket] * n_needs + needs[col]
    # Occasions of one customer and need stand together, oldest first, as the baskets do.
    keys, rows = np.unique(np.stack([group, basket]), axis=1, return_inverse=True)
    cells = (np.ones(len(col), dtype=np.float32), (rows.ravel(), col))
    taken = sparse.csr_matrix(cells, shape=(keys.shape[1], visits.baskets.shape[1]))
    return Visits(visits.products, taken, np.unique(keys[0], return_inverse=True)[1].astype(np.int64))


def moves_between(taken: Visits) -> Moves:
    """Moves from each occasion to the same customer's next one of the same need.

    Parameters
    ----------
    taken : Visits
        As ``occasions`` gives them.

    References
    ----------
    Colombo, Morrison: A Brand Switching Model with Implications for Marketing Strategies, Marketing Science 1989.
    Grover, Srinivasan: A Simultaneous Approach to Market Segmentation and Market Structuring, JMR 1987.
    """
    goes_on = np.flatnonzero(np.diff(taken.customer_rows) == 0)
    before, after = taken.baskets[goes_on], taken.baskets[goes_on + 1]
    kept = before.multiply(after)
    # What stayed in the basket was not exchanged for anything.
    counts = ((before - kept).T.tocsr() @ (after - kept)).tocsr()
    counts.eliminate_zeros()
    counts.sort_indices()  # so that single cells are found quickly
    return Moves(counts, np.asarray(counts.sum(axis=1)).ravel(), np.asarray(counts.sum(axis=0)).ravel())
