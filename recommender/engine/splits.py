"""Cut history by time: learn on the past, choose on the window after it, score once on the last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.attributes import Attributes
from recommender.engine.dataset import InteractionMatrix, purchase_log
from recommender.engine.history import CustomerHistory
from recommender.engine.ids import IdMap


class SpanTooShort(Exception):
    """A window of the split holds no purchase that could be scored."""


@dataclass(frozen=True)
class EvaluationSlice:
    """What customers had done, and what they bought next.

    Attributes
    ----------
    history : CustomerHistory, shape (n, n_products)
        What was known before the window.
    answers : csr_matrix of float32, shape (n, n_products)
        1 where the customer bought the product within the window; no row is empty.
    customer_rows : ndarray of int64, shape (n,)
        Rows of these customers in the split's matrices.
    """

    history: CustomerHistory
    answers: sparse.csr_matrix
    customer_rows: NDArray[np.int64]

    def first_purchases(self) -> EvaluationSlice:
        """Only the answers that the customer had never bought before; customers without one drop out."""
        fresh = self.answers - self.answers.multiply(self.history.weights > 0)
        return _slice(self.history, fresh.tocsr(), self.customer_rows)

    def repeat_purchases(self) -> EvaluationSlice:
        """Only the answers that the customer had bought before; customers without one drop out."""
        again = self.answers.multiply(self.history.weights > 0)
        return _slice(self.history, again.tocsr(), self.customer_rows)

    def of_products(self, kept: NDArray[np.bool_]) -> EvaluationSlice:
        """Only the answers among some products, ``kept`` of shape (n_products,); customers without one drop out."""
        return _slice(
            self.history, (self.answers @ sparse.diags_array(kept.astype(np.float32))).tocsr(), self.customer_rows
        )


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

    def heard(self, ratings: pa.Table) -> TemporalSplit:
        """The same windows, with what customers had said of products before each of them (``FRAME_SCHEMA``)."""
        train = _heard(self.train, ratings, self.validation_since)
        before_test = _heard(self.before_test, ratings, self.test_since)
        return replace(
            self,
            train=train,
            before_test=before_test,
            validation=replace(self.validation, history=train.history[self.validation.customer_rows]),
            test=replace(self.test, history=before_test.history[self.test.customer_rows]),
        )


def _heard(data: InteractionMatrix, ratings: pa.Table, until: datetime) -> InteractionMatrix:
    said = purchase_log(ratings, until=until, customers=data.customers, products=data.products)
    return replace(data, ratings=said).heard()


@dataclass(frozen=True)
class UnseenSplit:
    """Customers apart instead of times: who is judged was never learnt from (strong generalisation).

    Attributes
    ----------
    train, before_test : InteractionMatrix
        Same products; ``before_test`` is of the customers of ``train`` and of those of ``validation``.
    validation, test : EvaluationSlice
        A part of each one's purchases shown, the rest to be found. ``customer_rows`` are rows of the whole matrix.
    """

    train: InteractionMatrix
    before_test: InteractionMatrix
    validation: EvaluationSlice
    test: EvaluationSlice


def strong_generalisation(
    data: InteractionMatrix, rng: np.random.Generator, *, unseen_share: float = 0.1, hidden_share: float = 0.2
) -> UnseenSplit:
    """Keep customers wholly unseen, and show a part of what each of them bought.

    Parameters
    ----------
    data : InteractionMatrix
    rng : numpy.random.Generator
        The same state gives the same customers and the same hidden purchases.
    unseen_share : float
        Share (0–1) of customers for the test, and again for validation.
    hidden_share : float
        Share (0–1) of each one's products to be found, as ``part_hidden`` hides them.

    Raises
    ------
    SpanTooShort
        When nobody is left to be judged.

    References
    ----------
    Liang, Krishnan, Hoffman, Jebara: Variational Autoencoders for Collaborative Filtering, WWW 2018.
    """
    order = rng.permutation(len(data.customers)).astype(np.int64)
    n = round(unseen_share * len(order))
    test, validation = np.sort(order[:n]), np.sort(order[n : 2 * n])
    return UnseenSplit(
        train=data.rows(np.sort(order[2 * n :])),
        before_test=data.rows(np.sort(order[n:])),
        validation=_part_shown(data, validation, hidden_share, rng),
        test=_part_shown(data, test, hidden_share, rng),
    )


def _part_shown(
    data: InteractionMatrix, rows: NDArray[np.int64], hidden_share: float, rng: np.random.Generator
) -> EvaluationSlice:
    whole = data.history[rows]
    shown, hidden = part_hidden(whole.weights, hidden_share, rng)
    log = whole.log
    if log is not None:
        kept = np.asarray(shown[log.customer_rows, log.product_rows]).ravel() > 0
        log = log.lines(kept)
    found = _slice(CustomerHistory(shown, log, whole.traits), (hidden > 0).astype(np.float32).tocsr(), rows)
    if not len(found.customer_rows):
        raise SpanTooShort("no customer bought enough products to hide a part of them")
    return found


def part_hidden(
    bought: sparse.csr_matrix, share: float, rng: np.random.Generator
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """What stays of every row and what is hidden of it: a share (0–1) rounded down, but one of two or more products."""
    bought = bought.tocsr().sorted_indices()
    sizes = np.diff(bought.indptr)
    rows = np.repeat(np.arange(bought.shape[0]), sizes)
    shuffled = np.lexsort((rng.random(bought.nnz), rows))
    place = np.empty(bought.nnz, dtype=np.int64)
    place[shuffled] = np.arange(bought.nnz) - bought.indptr[rows]
    n_hidden = np.maximum((share * sizes + 1e-9).astype(np.int64), (sizes > 1).astype(np.int64))
    hide = place < n_hidden[rows]
    parts = []
    for kept in (~hide, hide):
        part = sparse.csr_matrix((bought.data * kept, bought.indices.copy(), bought.indptr.copy()), bought.shape)
        part.eliminate_zeros()
        parts.append(part)
    return parts[0], parts[1]


def temporal_split(
    frame: pa.Table,
    *,
    until: datetime,
    window_days: int = 28,
    min_customers: int = 5,
    half_life_days: float | None = None,
    facts: pa.Table | None = None,
    traits: pa.Table | None = None,
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
    facts, traits : pyarrow.Table, optional
        Products by ``product_id``, customers by ``customer_id``, as ``Attributes.from_frame`` wants them.

    Raises
    ------
    SpanTooShort
        When the catalogue or one of the windows is empty.
    """
    test_since = until - timedelta(days=window_days)
    validation_since = test_since - timedelta(days=window_days)
    products = _catalogue(frame, test_since, min_customers)
    customers = InteractionMatrix.from_frame(frame, until=test_since, products=products).customers
    known = partial(
        _known, frame, customers=customers, products=products, half_life_days=half_life_days, facts=facts, traits=traits
    )
    spanned = partial(InteractionMatrix.from_frame, frame, customers=customers, products=products)
    before_test, train = known(until=test_since), known(until=validation_since)
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


def _known(
    frame: pa.Table,
    *,
    until: datetime,
    customers: IdMap,
    products: IdMap,
    half_life_days: float | None,
    facts: pa.Table | None,
    traits: pa.Table | None,
) -> InteractionMatrix:
    """Everything of these customers and products that was known at one moment."""
    bare = InteractionMatrix.from_frame(
        frame, until=until, customers=customers, products=products, half_life_days=half_life_days
    )
    return bare.described(
        log=purchase_log(frame, until=until, customers=customers, products=products),
        traits=None if traits is None else Attributes.from_frame(traits, "customer_id", customers),
        facts=None if facts is None else Attributes.from_frame(facts, "product_id", products),
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
    return _slice(history.history, (window.matrix > 0).astype(np.float32).tocsr(), rows, needs_history=True)


def _filled(history: InteractionMatrix, window: InteractionMatrix, name: str) -> EvaluationSlice:
    filled = evaluation_slice(history, window)
    if not len(filled.customer_rows):
        raise SpanTooShort(f"the {name} window holds no purchase by a customer with a history")
    return filled


def _slice(
    history: CustomerHistory,
    answers: sparse.csr_matrix,
    customer_rows: NDArray[np.int64],
    needs_history: bool = False,
) -> EvaluationSlice:
    answers.eliminate_zeros()
    kept = np.diff(answers.indptr) > 0
    if needs_history:
        kept &= np.diff(history.weights.indptr) > 0
    return EvaluationSlice(history[np.flatnonzero(kept)], answers[kept], customer_rows[kept])
