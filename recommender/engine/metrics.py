"""How good a ranking is: every product competes, none is sampled away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A mean with its bootstrap interval; all three in the metric's own unit."""

    low: float
    mid: float
    high: float


def hits(items: NDArray[np.int64], answers: sparse.csr_matrix) -> NDArray[np.bool_]:
    """Which ranked products were answers.

    Parameters
    ----------
    items : ndarray of int64, shape (n, k)
        Product rows, best first, ``-1`` where nothing is left.
    answers : csr_matrix, shape (n, n_products)

    Returns
    -------
    ndarray of bool, shape (n, k)
    """
    n_products = answers.shape[1]
    coo = answers.tocoo()
    true_cells = coo.row.astype(np.int64) * n_products + coo.col
    cells = np.arange(len(items), dtype=np.int64)[:, None] * n_products + items
    return np.isin(cells, true_cells) & (items >= 0)


def recall_at_k(items: NDArray[np.int64], answers: sparse.csr_matrix) -> FloatArray:
    """Share of a customer's answers found, out of the at most k that could be.

    Returns
    -------
    ndarray of float64, shape (n,)
        hits / min(k, answers), between 0 and 1.

    References
    ----------
    Liang, Krishnan, Hoffman, Jebara: Variational Autoencoders for Collaborative Filtering, WWW 2018.
    """
    possible = np.minimum(np.diff(answers.indptr), items.shape[1])
    return hits(items, answers).sum(axis=1) / np.maximum(possible, 1)


def ndcg_at_k(items: NDArray[np.int64], answers: sparse.csr_matrix) -> FloatArray:
    """Normalised discounted cumulative gain of binary answers, shape (n,) float64, 0 to 1.

    References
    ----------
    Järvelin, Kekäläinen: Cumulated gain-based evaluation of IR techniques, TOIS 2002.
    """
    k = items.shape[1]
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    best = np.concatenate([[0.0], np.cumsum(discounts)])
    possible = np.minimum(np.diff(answers.indptr), k)
    return (hits(items, answers) @ discounts) / np.maximum(best[possible], discounts[0])


def coverage(items: NDArray[np.int64], n_products: int) -> float:
    """Share (0–1) of the catalogue that is offered to at least one customer."""
    return len(np.unique(items[items >= 0])) / n_products


def bootstrap_mean(
    values: FloatArray, rng: np.random.Generator, *, level: float = 0.95, n_resamples: int = 1000
) -> Estimate:
    """Mean over customers with a percentile interval from resampling customers.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        One value a customer; n >= 1.
    rng : numpy.random.Generator
    level : float
        Share (0–1) of the interval.
    n_resamples : int

    Raises
    ------
    ValueError
        When there are no values.

    References
    ----------
    Efron, Tibshirani: An Introduction to the Bootstrap, 1993.
    """
    if not len(values):
        raise ValueError("no values to average")
    # How often each customer is drawn is multinomial: one matrix product instead of n_resamples gathers.
    counts = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), size=n_resamples)
    means = counts @ values / len(values)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(low), float(np.mean(values)), float(high))
