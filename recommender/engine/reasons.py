"""What speaks for a recommendation in a customer's own history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.engine.dataset import InteractionMatrix, columns_in_span
from recommender.engine.ids import IdMap


@dataclass(frozen=True)
class Evidence:
    """For every recommended cell, shape (n_customers, k) each.

    Attributes
    ----------
    times_bought : ndarray of int64
        Purchases of this product by this customer.
    last_bought : ndarray of datetime64[D]
        Day of the latest of them, ``NaT`` where there is none.
    buyers_share : ndarray of float64
        Share (0–1) of all customers who have bought the product.
    """

    times_bought: NDArray[np.int64]
    last_bought: NDArray[np.datetime64]
    buyers_share: NDArray[np.float64]

    def cell(self, row: int, place: int) -> tuple[int, date | None, float]:
        """Times bought, day of the latest purchase if any, and share of buyers for one cell."""
        times = int(self.times_bought[row, place])
        last = self.last_bought[row, place].astype(object) if times else None
        return times, last, float(self.buyers_share[row, place])


def evidence(frame: pa.Table, history: InteractionMatrix, items: NDArray[np.int64], *, until: datetime) -> Evidence:
    """Look recommended products up in the purchases.

    Parameters
    ----------
    frame : pyarrow.Table
        As in ``dataset.FRAME_SCHEMA``, one row a purchase.
    history : InteractionMatrix
        Of all its customers, before ``until``; gives rows and columns their meaning.
    items : ndarray of int64, shape (n_customers, k)
        Product rows, ``-1`` where nothing is recommended.
    until : datetime
        Rows at or after it do not count.

    Returns
    -------
    Evidence
    """
    columns = columns_in_span(frame, None, until)
    wanted = _cells(np.arange(len(items))[:, None], items, history.products)
    bought = _cells(
        history.customers.rows_of(columns["customer_id"]),
        history.products.rows_of(columns["product_id"]),
        history.products,
    )
    cells = IdMap(bought[bought >= 0])
    rows = cells.rows_of(bought[bought >= 0])
    days = columns["occurred_at"].astype("datetime64[D]")[bought >= 0]
    times = np.bincount(rows, minlength=len(cells))
    last = np.full(len(cells), np.datetime64("0001-01-01"), dtype="datetime64[D]")
    np.maximum.at(last, rows, days)
    found = cells.rows_of(wanted)
    shares = history.buyers_share()
    # One entry more than there are cells: the row -1 of what was never bought.
    return Evidence(
        times_bought=np.append(times, 0)[found],
        last_bought=np.append(last, np.datetime64("NaT"))[found],
        buyers_share=np.append(shares, 0.0)[items],
    )


def _cells(rows: NDArray[np.int64], columns: NDArray[np.int64], products: IdMap) -> NDArray[np.int64]:
    return np.where((rows >= 0) & (columns >= 0), rows * len(products) + columns, -1)
