"""What a product is bought for: its shelf where the shop names one, else the company it is bought in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans

from recommender.engine.attributes import Attributes

# The finest shelf that a shop names, and the one above it, by the names that loaders give them; best first.
SHELVES = (("category_3", "category_2"), ("product_type", "product_category"))
PRODUCTS_A_CLUSTER = 12
# One shelf for so many products names no need: it is split by the company they are bought in.
MAX_SHELF = 400


def shelves(facts: Attributes | None, n_products: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The finest shelf of every product and the one above it.

    Parameters
    ----------
    facts : Attributes, optional
    n_products : int

    Returns
    -------
    fine, coarse : ndarray of int64, shape (n_products,)
        A number a shelf, ``-1`` where unknown.
    """
    for fine, coarse in SHELVES:
        if facts is not None and fine in facts.labels:
            return _numbered(facts.labels[fine]), _numbered(facts.labels.get(coarse, facts.labels[fine]))
    unknown = np.full(n_products, -1, dtype=np.int64)
    return unknown, unknown


def needs_of(fine: NDArray[np.int64], vectors: NDArray[np.float32], *, random_state: int) -> NDArray[np.int64]:
    """A number for the need that every product serves.

    Products on one shelf serve one need. Products without a shelf, or on one that holds nearly everything, are put
    together by the company they are bought in.

    Parameters
    ----------
    fine : ndarray of int64, shape (n_products,)
        As ``shelves`` gives them.
    vectors : ndarray of float32, shape (n_products, dimensions)
        Rows of length 1, or of length 0 where unknown.
    random_state : int

    Returns
    -------
    ndarray of int64, shape (n_products,)
        ``-1`` where neither a shelf nor a vector is known.
    """
    needs = np.full(len(fine), -1, dtype=np.int64)
    found = 0
    for shelf, size in zip(*np.unique(fine, return_counts=True), strict=True):
        rows = np.flatnonzero(fine == shelf)
        if shelf < 0 or size > MAX_SHELF:
            rows = rows[np.linalg.norm(vectors[rows], axis=1) > 0]
            parts = _clusters(vectors[rows], random_state)
        else:
            parts = np.zeros(len(rows), dtype=np.int64)
        needs[rows] = found + parts
        found += int(parts.max(initial=-1)) + 1
    return needs


def _numbered(labels: NDArray[np.str_]) -> NDArray[np.int64]:
    _, numbers = np.unique(labels, return_inverse=True)
    return np.where(labels == "", -1, numbers).astype(np.int64)


def _clusters(vectors: NDArray[np.float32], random_state: int) -> NDArray[np.int64]:
    n = len(vectors) // PRODUCTS_A_CLUSTER
    if n < 2:
        return np.zeros(len(vectors), dtype=np.int64)
    model = MiniBatchKMeans(n_clusters=n, n_init=1, batch_size=4096, random_state=random_state)
    return np.asarray(model.fit_predict(vectors), dtype=np.int64)
