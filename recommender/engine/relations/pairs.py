"""How often two products are bought together, and by the same customers, beside what chance would give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.ids import IdMap

# Customers with fewer visits tell nothing about what they would have bought on another day: they count as one crowd.
MIN_VISITS = 3
PAIRS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Visits:
    """Who bought what in which basket, of a choice of products.

    Attributes
    ----------
    products : IdMap
        Columns.
    baskets : csr_matrix of float32, shape (n_baskets, n_products)
        1 where the basket holds the product.
    customer_rows : ndarray of int64, shape (n_baskets,)
        Baskets of one customer stand together, oldest first.
    """

    products: IdMap
    baskets: sparse.csr_matrix
    customer_rows: NDArray[np.int64]

    @classmethod
    def from_lines(
        cls,
        product_ids: NDArray[np.int64],
        customer_ids: NDArray[np.int64],
        order_ids: NDArray[np.int64],
        days: NDArray[np.float64],
        products: IdMap,
    ) -> Visits:
        """Purchase lines as visits.

        Parameters
        ----------
        product_ids, customer_ids, order_ids : ndarray of int64, shape (n_lines,)
        days : ndarray of float64, shape (n_lines,)
            When, in days of any calendar.
        products : IdMap
            Lines with another product are left out.
        """
        cols = products.rows_of(product_ids)
        known = cols >= 0
        cols, customer_ids, order_ids, days = cols[known], customer_ids[known], order_ids[known], days[known]
        _, first, basket = np.unique(order_ids, return_index=True, return_inverse=True)
        _, customers = np.unique(customer_ids[first], return_inverse=True)
        order = np.lexsort((days[first], customers))
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        cells = (np.ones(len(cols), dtype=np.float32), (place[basket], cols))
        baskets = sparse.csr_matrix(cells, shape=(len(first), len(products)))
        baskets.data[:] = 1.0  # a product twice in a basket is there once
        return cls(products, baskets, customers[order].astype(np.int64))

    def __len__(self) -> int:
        return int(self.baskets.shape[0])


class PairCounter:
    """Counts pairs, and how many chance would make; a block of products at a time, so that memory stays flat.

    Chance is that of a random bipartite graph which keeps how often a customer buys a product and how much a basket
    holds: that a customer likes both products, or stocks up, is then no relation between the two.

    Parameters
    ----------
    visits : Visits

    References
    ----------
    Zweig, Kaufmann: A systematic approach to the one-mode projection of bipartite graphs, SNAM 2011.
    Tian, Lautz, Wallis, Lambiotte: Extracting Complements and Substitutes from Sales Data, EPJ Data Science 2021.
    """

    def __init__(self, visits: Visits) -> None:
        self._baskets = visits.baskets.tocsr()
        crowd = _crowds(visits.customer_rows)
        times = _grouped(visits.baskets, crowd)
        sizes = np.asarray(visits.baskets.sum(axis=1)).ravel().astype(np.float64)
        # The chance that two purchases of one customer, of different products, fall into the same visit.
        meeting = np.bincount(crowd, weights=sizes * (sizes - 1)) / np.maximum(_mixed_pairs(times), 1.0)
        self._turned = self._baskets.T.tocsr()
        self._times = times.T.tocsr()
        self._meetings = (sparse.diags(meeting.astype(np.float32)) @ times).T.tocsr()
        self.n_baskets = np.asarray(visits.baskets.sum(axis=0)).ravel().astype(np.int64)

    def met(self, rows: NDArray[np.int64]) -> sparse.coo_matrix:
        """Baskets that hold both, where any does.

        Parameters
        ----------
        rows : ndarray of int64, shape (n,)
            Products whose meetings with all are counted.

        Returns
        -------
        coo_matrix of float32, shape (n, n_products)
        """
        return (self._turned[rows] @ self._baskets).tocoo()

    def together(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float32]:
        """Baskets that hold both, of shape (n_pairs,), for pairs of product rows."""
        return _dots(self._turned, self._turned, rows, others)

    def expected(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float32]:
        """As many as chance would make, of shape (n_pairs,)."""
        return _dots(self._times, self._meetings, rows, others)


class CustomerCounter:
    """Counts customers who bought both of two products, on whatever day, and how many would by chance.

    Chance gives customers with many products a larger part in every pair.

    Parameters
    ----------
    visits : Visits
    """

    def __init__(self, visits: Visits) -> None:
        bought = _grouped(visits.baskets, visits.customer_rows)
        bought.data[:] = 1.0
        self._turned = bought.T.tocsr()
        self.n_customers = np.asarray(bought.sum(axis=0)).ravel().astype(np.int64)
        widths = np.asarray(bought.sum(axis=1)).ravel().astype(np.float64)
        everyone = sparse.csr_matrix(self.n_customers.astype(np.float64))
        self._meeting = float((widths * (widths - 1)).sum() / max(_mixed_pairs(everyone)[0], 1.0))

    def together(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float32]:
        """Customers of both, of shape (n_pairs,), for pairs of product rows."""
        return _dots(self._turned, self._turned, rows, others)

    def expected(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float32]:
        """As many as chance would make, of shape (n_pairs,)."""
        pairs = self.n_customers[rows].astype(np.float64) * self.n_customers[others]
        return np.asarray(self._meeting * pairs, dtype=np.float32)


def shrunk_lift(
    observed: NDArray[np.float32], expected: NDArray[np.float32], *, strength: float = 2.0, sd: float = 0.0
) -> NDArray[np.float32]:
    """How many times as often as by chance, drawn to 1 where little was seen.

    Counts are Poisson and the lift has a gamma prior with mean 1, so its posterior is gamma; Wilson's and Hilferty's
    cube gives the quantile ``sd`` standard deviations above (or below) the middle.

    Parameters
    ----------
    observed, expected : ndarray of float32, same shape
    strength : float
        As how many expected pairs the prior counts.
    sd : float
        0: the middle. -2.33: surely more than, 99 times in 100. 2.33: surely less than.

    References
    ----------
    DuMouchel: Bayesian Data Mining in Large Frequency Tables, The American Statistician 1999.
    Wilson, Hilferty: The Distribution of Chi-Square, PNAS 1931.
    """
    shape = observed + np.float32(strength)
    cube = 1.0 - 1.0 / (9.0 * shape) + np.float32(sd) / (3.0 * np.sqrt(shape))
    lift: NDArray[np.float32] = (shape * np.maximum(cube, 0.0) ** 3 / (expected + np.float32(strength))).astype(
        np.float32
    )
    return lift


def _crowds(customer_rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number a customer, all with too few visits sharing the last."""
    visits = np.bincount(customer_rows)
    return np.where(visits[customer_rows] >= MIN_VISITS, customer_rows, len(visits)).astype(np.int64)


def _grouped(baskets: sparse.csr_matrix, groups: NDArray[np.int64]) -> sparse.csr_matrix:
    n = int(groups.max()) + 1 if len(groups) else 0
    sums = sparse.csr_matrix(
        (np.ones(len(groups), dtype=np.float32), (groups, np.arange(len(groups)))), shape=(n, len(groups))
    )
    return (sums @ baskets).tocsr()


def _mixed_pairs(times: sparse.csr_matrix) -> NDArray[np.float64]:
    """Ordered pairs of purchases of different products, a row each; of one product a basket holds but one."""
    total = np.asarray(times.sum(axis=1), dtype=np.float64).ravel()
    return np.asarray(total**2 - np.asarray(times.multiply(times).sum(axis=1), dtype=np.float64).ravel())


def _dots(
    left: sparse.csr_matrix, right: sparse.csr_matrix, rows: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.float32]:
    """The product of row ``rows[i]`` with row ``others[i]``, for every pair."""
    sums = np.zeros(len(rows), dtype=np.float32)
    for start in range(0, len(rows), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        sums[part] = np.asarray(left[rows[part]].multiply(right[others[part]]).sum(axis=1)).ravel()
    return sums
