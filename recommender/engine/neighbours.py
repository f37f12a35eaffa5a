"""What goes with a product, and how often it is bought again: small tables that a web process maps into memory.

Written once by a worker as plain ``.npy`` files and opened with ``mmap_mode="r"``: all processes share one copy of the
pages, and opening takes no time however many products there are.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.artefacts import ArtefactDamaged
from recommender.engine.history import PurchaseLog

N_NEIGHBOURS = 100
# A customer with more products than this says little about which of them go together, and costs their square.
PRODUCTS_PER_CUSTOMER = 200
PRODUCTS_PER_BLOCK = 2000
# Pairs that few customers have in common look closer than they are.
SHRINKAGE = 20.0
# A purchase younger than this cannot tell yet whether it comes again.
RETURN_DAYS = 60.0
# What few buyers say is mixed with what is usual in the shop, as if so many more had done the usual.
PRIOR_BUYERS = 10.0
MANIFEST = "neighbours.json"
TABLES = ("product_ids", "neighbours", "similarity", "buyers_share", "repeat_rate")


@dataclass(frozen=True)
class ItemNeighbours:
    """For every product of a catalogue the others nearest to it.

    Attributes
    ----------
    product_ids : ndarray of int64, shape (n,)
        Ascending.
    neighbours : ndarray of int32, shape (n, k)
        Rows of this table, nearest first, ``-1`` where there are no more.
    similarity : ndarray of float16, shape (n, k)
        Shrunk cosine over customers, 0–1; 0 where there is no neighbour.
    buyers_share : ndarray of float32, shape (n,)
        Share (0–1) of all customers who bought it.
    repeat_rate : ndarray of float32, shape (n,)
        Share (0–1) of its buyers who bought it again on a later day.
    """

    product_ids: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    similarity: NDArray[np.float16]
    buyers_share: NDArray[np.float32]
    repeat_rate: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.product_ids)

    def rows_of(self, product_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of these products, ``-1`` where unknown."""
        if not len(self):
            return np.full(product_ids.shape, -1, dtype=np.int64)
        rows = np.minimum(np.searchsorted(self.product_ids, product_ids), len(self) - 1)
        return np.where(self.product_ids[rows] == product_ids, rows, -1)

    def most_bought(self, n: int) -> NDArray[np.int64]:
        """Keys of the products with the most buyers."""
        return np.asarray(self.product_ids[self._by_buyers[:n]])

    @cached_property
    def _by_buyers(self) -> NDArray[np.int64]:
        """Rows, most buyers first; sorted once and not for every customer of whom nothing is known."""
        return np.argsort(-self.buyers_share, kind="stable")


def learn_neighbours(log: PurchaseLog, product_ids: NDArray[np.int64], *, k: int = N_NEIGHBOURS) -> ItemNeighbours:
    """Read from all purchases which products have customers in common.

    Parameters
    ----------
    log : PurchaseLog
        Of all customers.
    product_ids : ndarray of int64, shape (n,)
        Keys of the log's product rows.
    k : int

    References
    ----------
    Deshpande, Karypis: Item-based top-N recommendation algorithms, TOIS 2004.
    """
    n = len(product_ids)
    bought = log.matrix(n)
    bought.data[:] = 1.0
    buyers = np.asarray(bought.sum(axis=0)).ravel()
    head = _heads(log.matrix(n))
    counts = np.asarray(head.sum(axis=0)).ravel()
    lengths = np.sqrt(np.maximum(counts, 1.0))
    neighbours = np.full((n, k), -1, dtype=np.int32)
    similarity = np.zeros((n, k), dtype=np.float16)
    by_product = head.T.tocsr()
    for start in range(0, n, PRODUCTS_PER_BLOCK):
        together = (by_product[start : start + PRODUCTS_PER_BLOCK] @ head).tocsr()
        _fill(together, start, lengths, neighbours, similarity)
    share = (buyers / max(len(log), 1)).astype(np.float32)
    return ItemNeighbours(np.asarray(product_ids), neighbours, similarity, share, repeat_rate(log, n))


def _heads(weights: sparse.csr_matrix) -> sparse.csr_matrix:
    """Ones where a customer has a product, of each customer only those bought most."""
    lengths = np.diff(weights.indptr)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((-weights.data, rows))
    rank = np.arange(len(order)) - np.repeat(weights.indptr[:-1], lengths)
    kept = order[rank < PRODUCTS_PER_CUSTOMER]
    ones = np.ones(len(kept), dtype=np.float32)
    return sparse.csr_matrix((ones, (rows[kept], weights.indices[kept])), shape=weights.shape)


def _fill(
    together: sparse.csr_matrix,
    start: int,
    lengths: NDArray[np.float32],
    neighbours: NDArray[np.int32],
    similarity: NDArray[np.float16],
) -> None:
    k = neighbours.shape[1]
    for row in range(together.shape[0]):
        span = slice(together.indptr[row], together.indptr[row + 1])
        others, n = together.indices[span], together.data[span]
        cosine = n / (lengths[start + row] * lengths[others]) * (n / (n + SHRINKAGE))
        cosine[others == start + row] = 0.0
        top = np.argpartition(-cosine, k - 1)[:k] if len(others) > k else np.arange(len(others))
        top = top[np.argsort(-cosine[top], kind="stable")]
        top = top[cosine[top] > 0]
        neighbours[start + row, : len(top)] = others[top]
        similarity[start + row, : len(top)] = cosine[top]


def repeat_rate(log: PurchaseLog, n_products: int) -> NDArray[np.float32]:
    """How often a product's buyers come back for it.

    Only first purchases that are old enough to tell count, and what few buyers say is drawn towards what is usual.
    Where nobody's can tell yet, everything is taken for something that is bought again.

    Parameters
    ----------
    log : PurchaseLog
    n_products : int

    Returns
    -------
    ndarray of float32, shape (n_products,)
        0–1.
    """
    cells = log.customer_rows * n_products + log.product_rows
    order = np.lexsort((-log.age_days, cells))
    cells, ages = cells[order], log.age_days[order]
    first = np.flatnonzero(np.r_[True, cells[1:] != cells[:-1]]) if len(cells) else np.arange(0)
    last = np.r_[first[1:], len(cells)] - 1 if len(first) else first
    came_back = ages[first] - ages[last] >= 1.0
    can_tell = ages[first] >= RETURN_DAYS
    products = (cells[first] % max(n_products, 1)).astype(np.int64)[can_tell]
    n = np.bincount(products, minlength=n_products)
    again = np.bincount(products, weights=came_back[can_tell], minlength=n_products)
    usual = again.sum() / n.sum() if n.sum() else 1.0
    rate: NDArray[np.float32] = ((again + PRIOR_BUYERS * usual) / (n + PRIOR_BUYERS)).astype(np.float32)
    return rate


def save_neighbours(found: ItemNeighbours, folder: Path) -> str:
    """Write the tables into a folder, made where absent.

    Returns
    -------
    str
        SHA-256 over all files, 64 hexadecimal digits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        np.save(_file(folder, name), np.ascontiguousarray(getattr(found, name)), allow_pickle=False)
    (folder / MANIFEST).write_text(json.dumps({"n_products": len(found), "tables": list(TABLES)}) + "\n")
    return neighbours_checksum(folder)


def open_neighbours(folder: Path, *, sha256: str) -> ItemNeighbours:
    """Map the tables into memory after checking that they are those that were written.

    Raises
    ------
    ArtefactDamaged
    """
    if neighbours_checksum(folder) != sha256:
        raise ArtefactDamaged(f"the files in {folder.name} are not the ones that were registered")
    try:
        tables = {name: np.load(_file(folder, name), mmap_mode="r", allow_pickle=False) for name in TABLES}
    except (OSError, ValueError) as error:
        raise ArtefactDamaged(f"the files in {folder.name} cannot be read: {error}") from error
    return ItemNeighbours(**tables)


def neighbours_checksum(folder: Path) -> str:
    """SHA-256 over the tables in their order. Raises ArtefactDamaged when one is missing."""
    digest = hashlib.sha256()
    for path in (*(_file(folder, name) for name in TABLES), folder / MANIFEST):
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise ArtefactDamaged(f"{folder.name}/{path.name} cannot be opened") from error
    return digest.hexdigest()


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.npy"
