"""How good a ranking is: every product competes, none is sampled away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

FloatArray = NDArray[np.float64]
# What a contest is decided by: the share found of all that a customer bought.
PRIMARY_METRIC = "all.recall"


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


def average_precision_at_k(items: NDArray[np.int64], answers: sparse.csr_matrix) -> FloatArray:
    """Mean of the precisions at every hit, over the at most k hits that could be; shape (n,) float64, 0 to 1."""
    found = hits(items, answers)
    k = items.shape[1]
    precision = np.cumsum(found, axis=1) / np.arange(1, k + 1)
    possible = np.minimum(np.diff(answers.indptr), k)
    return (precision * found).sum(axis=1) / np.maximum(possible, 1)


def novelty(items: NDArray[np.int64], buyers_share: NDArray[np.floating]) -> FloatArray:
    """How little known the offered products are: mean surprise in bits, shape (n,).

    Parameters
    ----------
    items : ndarray of int64, shape (n, k)
    buyers_share : ndarray of float, shape (n_products,)
        Share (0–1) of customers who had bought the product. One bought by half of them has 1 bit.

    References
    ----------
    Zhou et al.: Solving the apparent diversity-accuracy dilemma of recommender systems, PNAS 2010.
    """
    known = items >= 0
    bits = -np.log2(np.maximum(buyers_share, 1e-9))[items]
    return np.where(known, bits, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def diversity(items: NDArray[np.int64], groups: NDArray[np.generic]) -> FloatArray:
    """Share (0–1) of pairs in a list that are of different groups, shape (n,); 1 for lists of one.

    Parameters
    ----------
    items : ndarray of int64, shape (n, k)
    groups : ndarray, shape (n_products,)
        The category of every product.
    """
    k = items.shape[1]
    _, codes = np.unique(groups, return_inverse=True)
    of_item = np.where(items >= 0, codes[items], -1 - np.arange(k))
    same = (of_item[:, :, None] == of_item[:, None, :]).sum(axis=(1, 2)) - k
    length = (items >= 0).sum(axis=1)
    pairs = length * (length - 1)
    return 1.0 - same / np.maximum(pairs, 1)


def coverage(items: NDArray[np.int64], n_products: int) -> float:
    """Share (0–1) of the catalogue that is offered to at least one customer."""
    return len(np.unique(items[items >= 0])) / n_products


def bootstrap_ratio(
    values: FloatArray,
    others: FloatArray,
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    n_resamples: int = 1000,
) -> Estimate:
    """Mean of ``values`` over mean of ``others``, of the same customers, with a percentile interval.

    Parameters
    ----------
    values, others : ndarray of float64, shape (n,)
        One value a customer, in the same order; n >= 1.
    """
    if len(values) != len(others):
        raise ValueError(f"{len(values)} values cannot be compared with {len(others)}")
    counts = _resampled(len(values), rng, n_resamples)
    low, high = np.quantile((counts @ values) / (counts @ others), [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(low), float(np.mean(values) / np.mean(others)), float(high))


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
    means = _resampled(len(values), rng, n_resamples) @ values / len(values)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(low), float(np.mean(values)), float(high))


def _resampled(n: int, rng: np.random.Generator, n_resamples: int) -> NDArray[np.int64]:
    if not n:
        raise ValueError("no values to average")
    # How often each customer is drawn is multinomial: one matrix product instead of n_resamples gathers.
    return rng.multinomial(n, np.full(n, 1 / n), size=n_resamples)
