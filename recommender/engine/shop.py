"""A shop's data for the engine: purchases, products and customers, wherever they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Shop:
    """One data set.

    Attributes
    ----------
    name : str
    purchases : pyarrow.Table
        One row a line that a known customer really bought: the columns of ``dataset.FRAME_SCHEMA`` (weight 1) and,
        where known, ``order_id`` (int64), ``quantity`` (float64) and ``amount`` (float64, money of the line).
    products, customers : pyarrow.Table, optional
        By ``product_id`` and ``customer_id``, other columns as ``Attributes.from_frame`` wants them.
    keys : mapping of int to int, optional
        By ``product_id``: the shop's own number of the product, where such numbers grow with time; else the
        ``product_id`` itself is looked at.
    min_customers : int
        Products with fewer buyers stay out of the catalogue that recommendations are measured on.
    """

    name: str
    purchases: pa.Table
    products: pa.Table | None = None
    customers: pa.Table | None = None
    min_customers: int = 5
    keys: Mapping[int, int] | None = None

    @property
    def until(self) -> datetime:
        """Just after the last purchase."""
        last: datetime = pc.max(self.purchases["occurred_at"]).as_py()
        return last + timedelta(microseconds=1)
