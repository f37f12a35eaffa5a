"""What was sold, line by line and in order of time: for counting around the day a product came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow.compute as pc

from campaigns.engine.frames import FloatArray, IntArray
from recommender.engine.launches.past import Launches
from recommender.engine.shop import Shop

# A line of more is weight or volume, fuel by the litre, and no number of pieces.
MOST_PIECES = 100.0
MICROSECONDS_A_DAY = 86_400_000_000


@dataclass(frozen=True)
class Lines:
    """Lines of orders by rising day.

    Attributes
    ----------
    days : ndarray of float64, shape (n_lines,)
        Since midnight before the shop's first purchase.
    customer_rows, product_rows : ndarray of int64, shape (n_lines,)
    pieces, amounts : ndarray of float64, shape (n_lines,)
        At least one piece; the money of the line.
    """

    days: FloatArray
    customer_rows: IntArray
    product_rows: IntArray
    pieces: FloatArray
    amounts: FloatArray

    @classmethod
    def of(cls, shop: Shop, found: Launches) -> Lines:
        """Every purchase of the shop."""
        table = shop.purchases.sort_by("occurred_at")
        first = pc.min(table["occurred_at"]).as_py().replace(hour=0, minute=0, second=0, microsecond=0)
        since = table["occurred_at"].to_numpy().astype("datetime64[us]").astype(np.int64)
        start = int(first.timestamp()) * int(timedelta(seconds=1) / timedelta(microseconds=1))
        pieces = table["quantity"].to_numpy().astype(np.float64)
        return cls(
            (since - start) / MICROSECONDS_A_DAY,
            found.data.customers.rows_of(table["customer_id"].to_numpy()),
            found.data.products.rows_of(table["product_id"].to_numpy()),
            np.where(pieces > MOST_PIECES, 1.0, np.maximum(np.rint(pieces), 1.0)),
            table["amount"].to_numpy().astype(np.float64),
        )

    def between(self, since: float, until: float) -> Lines:
        """Those with ``since <= day < until``."""
        low, high = np.searchsorted(self.days, [since, until])
        return self._at(slice(low, high))

    def of_products(self, product_rows: IntArray) -> Lines:
        """Those of some products."""
        return self._at(np.isin(self.product_rows, product_rows))

    def _at(self, kept: slice | np.ndarray) -> Lines:
        return Lines(
            self.days[kept], self.customer_rows[kept], self.product_rows[kept], self.pieces[kept], self.amounts[kept]
        )
