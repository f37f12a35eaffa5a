"""What customers say of products, beside what they buy: who speaks against a product is not offered it again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.history import CustomerHistory, PurchaseLog

# Two stars of five; a product of which so little or less is thought is not offered.
AGAINST = -0.5
# What rounding leaves of a weight that was taken away.
SMALLEST = np.float32(1e-6)


def standing(ratings: PurchaseLog, log: PurchaseLog | None, n_products: int) -> sparse.csr_matrix:
    """The last word on every product, unless it was bought again since.

    Parameters
    ----------
    ratings : PurchaseLog
        Weights from -1 (against) to 1 (in favour); what lies beyond counts as that.
    log : PurchaseLog, optional
        Purchases of the same customers.
    n_products : int

    Returns
    -------
    csr_matrix of float32, shape (n_customers, n_products)
    """
    cells, last = _last(ratings, n_products)
    if log is not None and len(log.product_rows):
        bought, newest = _last(log, n_products)
        places = np.minimum(np.searchsorted(bought, cells), len(bought) - 1)
        since = (bought[places] == cells) & (log.age_days[newest[places]] < ratings.age_days[last])
        cells, last = cells[~since], last[~since]
    values = (np.clip(ratings.weights[last], -1.0, 1.0), (cells // n_products, cells % n_products))
    return sparse.coo_matrix(values, shape=(len(ratings), n_products), dtype=np.float32).tocsr()


def _last(log: PurchaseLog, n_products: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every cell once, ascending, and its newest line."""
    cells = log.customer_rows * n_products + log.product_rows
    order = np.lexsort((-log.age_days, cells))
    ends = np.flatnonzero(np.r_[cells[order][1:] != cells[order][:-1], True]) if len(cells) else np.arange(0)
    return cells[order][ends], order[ends]


def heard_weights(
    bought: sparse.csr_matrix, opinions: sparse.csr_matrix, praise: sparse.csr_matrix
) -> sparse.csr_matrix:
    """Weights once opinions are heard; csr_matrix of float32, shape (n_customers, n_products).

    A purchase counts 1 + r times, r being the last word on the product: what is rated worst is as if it had never been
    bought. What was praised and never bought counts as ``praise`` says.

    Parameters
    ----------
    bought, opinions : csr_matrix of float32, shape (n_customers, n_products)
        Aged purchases; what ``standing`` gives.
    praise : csr_matrix of float32, shape (n_customers, n_products)
        Opinions aged as purchases are.
    """
    in_favour = opinions.maximum(0) - opinions.maximum(0).multiply(bought > 0)
    heard = sparse.csr_matrix(
        bought + bought.multiply(opinions) + in_favour.minimum(praise.maximum(0)), dtype=np.float32
    )
    heard.data[heard.data < SMALLEST] = 0.0
    heard.eliminate_zeros()
    return heard


def heard_log(log: PurchaseLog, opinions: sparse.csr_matrix) -> PurchaseLog:
    """The purchases that still speak, by as much as they do."""
    said = np.asarray(opinions[log.customer_rows, log.product_rows]).ravel()
    kept = said > -1.0
    left = log.lines(kept)
    return replace(left, weights=(left.weights * (1 + said[kept])).astype(np.float32))


def spoken_against(history: CustomerHistory) -> sparse.csr_matrix:
    """Above 0 where a customer thinks little of a product; csr_matrix of float32, shape (n_customers, n_products)."""
    assert history.ratings is not None
    opinions = standing(history.ratings, history.log, history.shape[1])
    return (opinions <= AGAINST).astype(np.float32) if opinions.nnz else opinions
