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
