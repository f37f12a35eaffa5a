"""Two-way map between the tables' keys and matrix positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


class IdMap:
    """Two-way map between keys and matrix positions.

    Parameters
    ----------
    ids : array_like of int64, shape (n,)
        Keys; duplicates are dropped. Position ``i`` is the ``i``-th smallest key.
    """

    def __init__(self, ids: ArrayLike) -> None:
        self.ids: NDArray[np.int64] = np.unique(np.asarray(ids, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdMap) and np.array_equal(self.ids, other.ids)

    def __hash__(self) -> int:
        return hash(self.ids.tobytes())

    def rows_of(self, ids: ArrayLike) -> NDArray[np.int64]:
        """Positions of the given keys, shape (len(ids),) int64, ``-1`` where a key is unknown."""
        wanted = np.asarray(ids, dtype=np.int64)
        if not len(self.ids):
            return np.full(wanted.shape, -1, dtype=np.int64)
        rows = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        return np.where(self.ids[rows] == wanted, rows, -1)

    def ids_of(self, rows: ArrayLike) -> NDArray[np.int64]:
        """Keys at the given positions, same shape, int64; position ``-1`` stays ``-1``."""
        wanted = np.asarray(rows, dtype=np.int64)
        if not len(self.ids):
            return np.full(wanted.shape, -1, dtype=np.int64)
        return np.where(wanted >= 0, self.ids[wanted], -1)


def extended(known: NDArray[np.int64], new: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add keys to sorted ones.

    Parameters
    ----------
    known : ndarray of int64, shape (n,)
        Ascending.
    new : array_like of int64, shape (m,)

    Returns
    -------
    ids : ndarray of int64, shape (n + m,)
        Ascending.
    order : ndarray of int64, shape (n + m,)
        Where each of them stood in ``known`` followed by ``new``.

    Raises
    ------
    ValueError
        When a key is known already or given twice.
    """
    both = np.concatenate([known, np.asarray(new, dtype=np.int64)])
    order = np.argsort(both, kind="stable")
    if (np.diff(both[order]) == 0).any():
        raise ValueError("a product to be added is in the catalogue already, or named twice")
    return both[order], order
