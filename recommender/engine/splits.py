"""Cut history by time: learn on the past, choose on the window after it, score once on the last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.dataset import IdMap, InteractionMatrix


class SpanTooShort(Exception):
    """A window of the split holds no purchase that could be scored."""


@dataclass(frozen=True)
class EvaluationSlice:
    """What customers had done, and what they bought next.

    Attributes
    ----------
    history : csr_matrix of float32, shape (n, n_products)
        Weights before the window.
    answers : csr_matrix of float32, shape (n, n_products)
        1 where the customer bought the product within the window; no row is empty.
    customer_rows : ndarray of int64, shape (n,)
        Rows of these customers in the split's matrices.
    """

    history: sparse.csr_matrix
    answers: sparse.csr_matrix
    customer_rows: NDArray[np.int64]

    def first_purchases(self) -> EvaluationSlice:
        """Only the answers that the customer had never bought before; customers without one drop out."""
        fresh = self.answers - self.answers.multiply(self.history > 0)
        return _slice(self.history, fresh.tocsr(), self.customer_rows)


@dataclass(frozen=True)
class TemporalSplit:
    """``train`` ends where the validation window starts; ``before_test`` where the test window starts.

    Attributes
    ----------
    train, before_test : InteractionMatrix
        Same customers and products.
    validation, test : EvaluationSlice
    validation_since, test_since, test_until : datetime
        Half-open window borders.
    """

    train: InteractionMatrix
    validation: EvaluationSlice
    before_test: InteractionMatrix
    test: EvaluationSlice
    validation_since: datetime
    test_since: datetime
    test_until: datetime


def temporal_split(
    frame: pa.Table,
    *,
    until: datetime,
    window_days: int = 28,
    min_customers: int = 5,
    half_life_days: float | None = None,
) -> TemporalSplit:
    """Split interactions before ``until`` into train, validation window and test window.

    Parameters
    ----------
    frame : pyarrow.Table
        As in ``dataset.FRAME_SCHEMA``. Rows at or after ``until`` are ignored.
    until : datetime
        Aware end of the test window.
    window_days : int
        Length in days of the validation and of the test window.
    min_customers : int
        The catalogue: products with at least so many distinct buyers before the test window.
    half_life_days : float, optional
        Ageing of the weights in every history, counted from that history's end.

    Raises
    ------
    SpanTooShort
        When the catalogue or one of the windows is empty.
    """
    test_since = until - timedelta(days=window_days)
    validation_since = test_since - timedelta(days=window_days)
    products = _catalogue(frame, test_since, min_customers)
    before_test = InteractionMatrix.from_frame(
        frame, until=test_since, products=products, half_life_days=half_life_days
    )
    spanned = partial(InteractionMatrix.from_frame, frame, customers=before_test.customers, products=products)
    train = spanned(until=validation_since, half_life_days=half_life_days)
    chosen = spanned(since=validation_since, until=test_since)
    final = spanned(since=test_since, until=until)
    return TemporalSplit(
        test=_filled(before_test, final, "test"),
        validation=_filled(train, chosen, "validation"),
        train=train,
        before_test=before_test,
        validation_since=validation_since,
        test_since=test_since,
        test_until=until,
    )


def _catalogue(frame: pa.Table, until: datetime, min_customers: int) -> IdMap:
    everything = InteractionMatrix.from_frame(frame, until=until)
    kept = everything.customers_per_product() >= min_customers
    if not kept.any():
        raise SpanTooShort(f"no product has {min_customers} or more buyers before {until:%Y-%m-%d}")
    return IdMap(everything.products.ids[kept])


def evaluation_slice(history: InteractionMatrix, window: InteractionMatrix) -> EvaluationSlice:
    """Customers with a history who bought something in the window; both matrices have the same rows and columns."""
    rows = np.arange(len(history.customers), dtype=np.int64)
    return _slice(history.matrix, (window.matrix > 0).astype(np.float32).tocsr(), rows, needs_history=True)


def _filled(history: InteractionMatrix, window: InteractionMatrix, name: str) -> EvaluationSlice:
    filled = evaluation_slice(history, window)
    if not len(filled.customer_rows):
        raise SpanTooShort(f"the {name} window holds no purchase by a customer with a history")
    return filled


def _slice(
    history: sparse.csr_matrix,
    answers: sparse.csr_matrix,
    customer_rows: NDArray[np.int64],
    needs_history: bool = False,
) -> EvaluationSlice:
    answers.eliminate_zeros()
    kept = np.diff(answers.indptr) > 0
    if needs_history:
        kept &= np.diff(history.indptr) > 0
    return EvaluationSlice(history[kept], answers[kept], customer_rows[kept])
