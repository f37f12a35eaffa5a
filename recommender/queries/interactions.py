"""Purchases as the engine wants them."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from loyalty.queries.orders import purchases_frame
from recommender.engine.dataset import FRAME_SCHEMA

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def purchases_until(until: datetime, *, customers: tuple[int, int] | None = None) -> pa.Table:
    """Every line of an order before `until` that a recognised customer really bought; returns are left out.

    Of all, or of the customers with keys from the first to the last of `customers`.
    """
    frame = purchases_frame(BEGINNING, until, customers=customers)
    return frame.filter(pc.greater(frame["quantity"], 0))


def interactions_frame(purchases: pa.Table) -> pa.Table:
    """One interaction a purchase line. How many pieces it had does not count: fuel comes by the thousand."""
    weights = pa.repeat(pa.scalar(1.0, pa.float32()), purchases.num_rows)
    columns = ["customer_id", "product_id", "occurred_at"]
    return purchases.select(columns).append_column("weight", weights).select(FRAME_SCHEMA.names).cast(FRAME_SCHEMA)


def shop_purchases(until: datetime) -> pa.Table:
    """The same interactions with the order, the quantity and the money of every line."""
    purchases = purchases_until(until)
    table = interactions_frame(purchases)
    for name, kind in (("order_id", pa.int64()), ("quantity", pa.float64()), ("amount", pa.float64())):
        table = table.append_column(name, purchases[name].cast(kind))
    return table
