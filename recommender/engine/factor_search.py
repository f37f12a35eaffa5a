"""The k products with the largest inner product for each customer, at about the price of the products themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

# A block of scores of this shape stays in a core's cache: it is looked through before it ever reaches the memory.
ROWS = 128
COLUMNS = 4096
# Products that are looked through as one: only the best groups are looked at again.
GROUP = 16
GROUPS = COLUMNS // GROUP


@dataclass(frozen=True)
class FactorIndex:
    """Product factors laid out for the search.

    Attributes
    ----------
    factors : ndarray of float32, shape (n_chunks * COLUMNS, n_factors)
        Padded with zeros.
    chunks : ndarray of float32, shape (n_chunks, n_factors, COLUMNS)
        The same, turned for the matrix product.
    n_products : int
    """

    factors: NDArray[np.float32]
    chunks: NDArray[np.float32]
    n_products: int

    @classmethod
    def of(cls, factors: NDArray[np.float32]) -> FactorIndex:
        """Lay out product factors, shape (n_products, n_factors)."""
        n, width = factors.shape
        n_chunks = -(-n // COLUMNS)
        padded = np.zeros((n_chunks * COLUMNS, width), dtype=np.float32)
        padded[:n] = factors
        chunks = np.ascontiguousarray(padded.reshape(n_chunks, COLUMNS, width).transpose(0, 2, 1))
        return cls(padded, chunks, n)

    def best(
        self,
        customers: NDArray[np.float32],
        k: int,
        *,
        excluded: sparse.csr_matrix | None = None,
        n_threads: int | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Search every product for every customer; exact, not approximate.

        The scores are computed chunk by chunk and only the maximum of every group of products is kept. The k best
        products lie in the k best groups, so that is where they are looked for.

        Parameters
        ----------
        customers : ndarray of float32, shape (n_customers, n_factors)
        k : int
            At least 1.
        excluded : csr_matrix, shape (n_customers, n_products), optional
            What may not be offered to whom.
        n_threads : int, optional
            By default one a processor.

        Returns
        -------
        items : ndarray of int64, shape (n_customers, k)
            Best first, ties by column, ``-1`` where nothing is left.
        scores : ndarray of float32, shape (n_customers, k)
            ``-inf`` where ``items`` is ``-1``.
        """
        items = np.full((len(customers), k), -1, dtype=np.int64)
        scores = np.full((len(customers), k), -np.inf, dtype=np.float32)
        blocks = [slice(at, min(at + ROWS, len(customers))) for at in range(0, len(customers), ROWS)]
        n_threads = n_threads or os.cpu_count() or 1

        def search(mine: list[slice]) -> None:
            for block in mine:
                barred = None if excluded is None else excluded[block].tocoo()
                items[block], scores[block] = self._search(customers[block], k, barred)

        # Each thread multiplies on its own: a shared product would wait for the search of the other.
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(n_threads) as pool:
            list(pool.map(search, (blocks[start::n_threads] for start in range(n_threads))))
        return items, scores

    def _search(
        self, customers: NDArray[np.float32], k: int, barred: sparse.coo_matrix | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        maxima = np.empty((len(customers), len(self.chunks) * GROUPS), dtype=np.float32)
        for number, scores in enumerate(self._scored(customers, barred)):
            scores.reshape(len(customers), GROUP, GROUPS).max(
                axis=1, out=maxima[:, number * GROUPS : (number + 1) * GROUPS]
            )
        products = _members(_largest(maxima, k))
        # Each customer against their own few candidates: one small product a row.
        found = np.matmul(self.factors[products], customers[:, :, None])[:, :, 0]
        found[products >= self.n_products] = -np.inf
        if barred is not None:
            found[self._is_barred(products, barred)] = -np.inf
        return _sorted(products, found, k)

    def _scored(
        self, customers: NDArray[np.float32], barred: sparse.coo_matrix | None
    ) -> Iterator[NDArray[np.float32]]:
        scores = np.empty((len(customers), COLUMNS), dtype=np.float32)
        for number, chunk in enumerate(self.chunks):
            first = number * COLUMNS
            np.matmul(customers, chunk, out=scores)
            scores[:, self.n_products - first :] = -np.inf
            if barred is not None:
                here = (barred.col >= first) & (barred.col < first + COLUMNS)
                scores[barred.row[here], barred.col[here] - first] = -np.inf
            yield scores

    def _is_barred(self, products: NDArray[np.int64], barred: sparse.coo_matrix) -> NDArray[np.bool_]:
        cells = np.arange(len(products))[:, None] * np.int64(len(self.factors)) + products
        return np.isin(cells, barred.row * np.int64(len(self.factors)) + barred.col)


def _largest(values: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Columns of the k largest of every row, in no order."""
    width = min(k, values.shape[1])
    return np.argpartition(values, values.shape[1] - width, axis=1)[:, values.shape[1] - width :]


def _members(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Product rows of groups, shape (n, n_groups * GROUP): a group's members lie GROUPS apart within their chunk."""
    first = (groups // GROUPS) * COLUMNS + groups % GROUPS
    members = first[:, :, None] + np.arange(GROUP) * GROUPS
    return np.asarray(members.reshape(len(groups), -1))


def _sorted(
    products: NDArray[np.int64], scores: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    kept = _largest(scores, k)
    items, best = np.take_along_axis(products, kept, axis=1), np.take_along_axis(scores, kept, axis=1)
    order = np.lexsort((items, -best), axis=1)
    items, best = np.take_along_axis(items, order, axis=1), np.take_along_axis(best, order, axis=1)
    items[np.isneginf(best)] = -1
    missing = ((0, 0), (0, k - items.shape[1]))
    return np.pad(items, missing, constant_values=-1), np.pad(best, missing, constant_values=-np.inf)
