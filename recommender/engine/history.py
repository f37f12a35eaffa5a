"""What was known of some customers at one moment: what they bought, when, and who they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.attributes import Attributes


@dataclass(frozen=True)
class PurchaseLog:
    """Purchase lines of some customers, by customer and, for each, oldest first.

    Lines of one customer with the same age are one basket.

    Attributes
    ----------
    starts : ndarray of int64, shape (n_customers + 1,)
        The lines of customer row ``i`` are ``starts[i]`` to ``starts[i + 1]``, the latter not included.
    product_rows : ndarray of int32, shape (n_lines,)
    age_days : ndarray of float32, shape (n_lines,)
        Days before the moment the log was read; above 0.
    weights : ndarray of float32, shape (n_lines,)
        Not aged.
    """

    starts: NDArray[np.int64]
    product_rows: NDArray[np.int32]
    age_days: NDArray[np.float32]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def customer_rows(self) -> NDArray[np.int64]:
        """Customer row of every line, shape (n_lines,)."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.starts))

    def rows(self, picked: NDArray[np.int64]) -> PurchaseLog:
        """The log of a choice of customers, in the order of ``picked``."""
        lengths = np.diff(self.starts)[picked]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        lines = np.arange(starts[-1]) + np.repeat(self.starts[picked] - starts[:-1], lengths)
        return PurchaseLog(starts, self.product_rows[lines], self.age_days[lines], self.weights[lines])

    def lines(self, kept: NDArray[np.bool_]) -> PurchaseLog:
        """The same customers with a part of the lines, ``kept`` of shape (n_lines,)."""
        before = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
        return PurchaseLog(before[self.starts], self.product_rows[kept], self.age_days[kept], self.weights[kept])

    def earlier(self, days: float) -> PurchaseLog:
        """The log as it read ``days`` before: later lines are gone, ages count from then."""
        then = self.lines(self.age_days > days)
        return replace(then, age_days=(then.age_days - np.float32(days)).astype(np.float32))

    def latest(self, days: float) -> PurchaseLog:
        """Only the lines of the last ``days``, with their ages."""
        return self.lines(self.age_days <= days)

    def matrix(self, n_products: int, *, half_life_days: float | None = None) -> sparse.csr_matrix:
        """Summed weights, aged by ``half_life_days``; csr_matrix of float32, shape (n_customers, n_products)."""
        weights = self.weights
        if half_life_days is not None:
            weights = (weights * np.exp2(-self.age_days / half_life_days)).astype(np.float32)
        cells = (weights, (self.customer_rows, self.product_rows))
        return sparse.coo_matrix(cells, shape=(len(self), n_products), dtype=np.float32).tocsr()


@dataclass(frozen=True)
class CustomerHistory:
    """What a recommender scores from. Only ``weights`` is always known.

    Attributes
    ----------
    weights : csr_matrix of float32, shape (n_customers, n_products)
        Purchases, aged where the data were.
    log : PurchaseLog, optional
        The same purchases with their times.
    traits : Attributes, optional
        Who the customers are, a row each.
    ratings : PurchaseLog, optional
        What they think of products: lines whose weight is above 0 for an opinion in favour, below for one against.
    """

    weights: sparse.csr_matrix
    log: PurchaseLog | None = None
    traits: Attributes | None = None
    ratings: PurchaseLog | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(n_customers, n_products)."""
        return self.weights.shape

    def __len__(self) -> int:
        return int(self.weights.shape[0])

    def __getitem__(self, picked: slice | int | NDArray[np.int64]) -> CustomerHistory:
        rows = np.atleast_1d(np.arange(len(self), dtype=np.int64)[picked])
        return CustomerHistory(
            self.weights[rows],
            None if self.log is None else self.log.rows(rows),
            None if self.traits is None else self.traits.rows(rows),
            None if self.ratings is None else self.ratings.rows(rows),
        )

    def dated(self) -> PurchaseLog:
        """The log; where no times are known, one purchase a product, all on the day before."""
        if self.log is not None:
            return self.log
        weights = self.weights.tocsr()
        ages = np.ones(weights.nnz, dtype=np.float32)
        return PurchaseLog(weights.indptr.astype(np.int64), weights.indices.astype(np.int32), ages, weights.data)

    def without(self, product_rows: NDArray[np.int64]) -> CustomerHistory:
        """The history had each customer never bought one product; ``-1`` leaves a customer as is.

        Parameters
        ----------
        product_rows : ndarray of int64, shape (n_customers,)
        """
        weights = self.weights.tocsr(copy=True)
        rows = np.repeat(np.arange(len(self)), np.diff(weights.indptr))
        weights.data[weights.indices == product_rows[rows]] = 0.0
        weights.eliminate_zeros()
        log, ratings = (
            None if one is None else one.lines(one.product_rows != product_rows[one.customer_rows])
            for one in (self.log, self.ratings)
        )
        return replace(self, weights=weights, log=log, ratings=ratings)


History: TypeAlias = "CustomerHistory | sparse.csr_matrix"


def as_history(history: History) -> CustomerHistory:
    """A bare matrix of weights is a history without times and traits."""
    return history if isinstance(history, CustomerHistory) else CustomerHistory(sparse.csr_matrix(history))


def saturated(weights: sparse.csr_matrix, saturation: float) -> sparse.csr_matrix:
    """A weight w counts as log(1 + saturation * w): the tenth purchase says less than the first."""
    damped = sparse.csr_matrix(weights, dtype=np.float32, copy=True)
    damped.data = np.log1p(np.float32(saturation) * damped.data)
    return damped
