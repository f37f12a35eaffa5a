"""What a ranking was worth: how many of the products shown were really bought in the window, and for how much."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.ids import IdMap
from recommender.engine.metrics import FloatArray, hits

AMOUNT = "amount"


def spent(
    purchases: pa.Table, *, since: datetime, until: datetime, customers: IdMap, products: IdMap
) -> sparse.csr_matrix | None:
    """What each customer paid for each product in a window.

    Parameters
    ----------
    purchases : pyarrow.Table
        ``customer_id``, ``product_id``, ``occurred_at`` and, where known, ``amount`` (money of the line).
    since, until : datetime
        Aware and half-open.
    customers, products : IdMap
        Rows and columns; keys outside are left out.

    Returns
    -------
    csr_matrix of float64, shape (n_customers, n_products), or None
        Money; None where the purchases came without amounts.
    """
    if AMOUNT not in purchases.column_names:
        return None
    instant = purchases.schema.field("occurred_at").type
    inside = pc.and_(
        pc.greater_equal(purchases["occurred_at"], pa.scalar(since, instant)),
        pc.less(purchases["occurred_at"], pa.scalar(until, instant)),
    )
    window = purchases.filter(inside)
    rows = customers.rows_of(window["customer_id"].to_numpy())
    columns = products.rows_of(window["product_id"].to_numpy())
    paid = pc.cast(pc.fill_null(window[AMOUNT], 0), pa.float64(), safe=False).to_numpy()
    known = (rows >= 0) & (columns >= 0)
    cells = (paid[known], (rows[known], columns[known]))
    return sparse.coo_matrix(cells, shape=(len(customers), len(products)), dtype=np.float64).tocsr()


def revenue_at_k(items: NDArray[np.int64], paid: sparse.csr_matrix) -> FloatArray:
    """Money that each customer really spent in the window on the products shown, shape (n,) float64.

    Parameters
    ----------
    items : ndarray of int64, shape (n, k)
        Product rows, ``-1`` where nothing is left.
    paid : csr_matrix of float64, shape (n, n_products)
    """
    rows = np.arange(len(items))[:, None]
    money: FloatArray = np.asarray(paid[rows, np.maximum(items, 0)].toarray()) * (items >= 0)
    return np.asarray(money.sum(axis=1))


def purchases_at_k(items: NDArray[np.int64], answers: sparse.csr_matrix) -> FloatArray:
    """How many of the products shown each customer really bought in the window, shape (n,) float64."""
    return hits(items, answers).sum(axis=1).astype(np.float64)
