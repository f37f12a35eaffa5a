"""Orders as baskets: which products were bought in one go."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.engine.dataset import FrameInvalid


def baskets_from_frame(frame: pa.Table) -> list[NDArray[np.int64]]:
    """Baskets as arrays of distinct products.

    Parameters
    ----------
    frame : pyarrow.Table
        Columns ``order_id`` and ``product_id``, int64 without empty cells.

    Returns
    -------
    list of ndarray of int64
        Baskets with at least two products, in the order of ``order_id``.

    Raises
    ------
    FrameInvalid
    """
    for name in ("order_id", "product_id"):
        if name not in frame.column_names or frame[name].type != pa.int64() or frame[name].null_count:
            raise FrameInvalid(f"column {name} has to be there, int64 and without empty cells")
    pairs = frame.select(["order_id", "product_id"]).group_by(["order_id", "product_id"]).aggregate([])
    orders, products = pairs["order_id"].to_numpy(), pairs["product_id"].to_numpy()
    order = np.lexsort((products, orders))
    orders, products = orders[order], products[order]
    borders = np.flatnonzero(np.diff(orders)) + 1
    return [basket for basket in np.split(products, borders) if len(basket) > 1]


def baskets_fingerprint(baskets: list[NDArray[np.int64]]) -> str:
    """SHA-256 (64 hexadecimal digits) of the baskets in their order."""
    digest = hashlib.sha256()
    for array in (np.array([len(basket) for basket in baskets], dtype=np.int64), *baskets):
        digest.update(np.ascontiguousarray(array, dtype=np.int64).tobytes())
    return digest.hexdigest()
