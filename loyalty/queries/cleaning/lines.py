"""Order lines as the checks read them, a share of the products at a time, and what they add up to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from django.db import connection

from loyalty.engine.groups import Floats, Integers
from loyalty.models import OrderLine
from loyalty.queries.frames import copy_frame
from loyalty.queries.sizes import estimated_count

# A product's lines must be seen together; so many at once take about 60 MB.
LINES_AT_ONCE = 500_000
LINES = """
SELECT l.id AS line_id, l.product_id, l.quantity::float8 AS quantity, l.amount::float8 AS amount
FROM loyalty_orderline l JOIN loyalty_order o ON o.id = l.order_id
WHERE o.ordered_at < %(as_of)s AND l.product_id %% %(n_parts)s = %(part)s
"""
PRODUCTS = """
SELECT p.id, p.sku, p.name, p.category_id, p.price::float8 AS price, p.cost::float8 AS cost FROM loyalty_product p
ORDER BY p.id
"""
# What a line is, told by the signs of its quantity and its amount; the first that fits.
LINE_KINDS = """
SELECT CASE WHEN l.quantity > 0 AND l.amount > 0 THEN 'sale'
            WHEN l.quantity < 0 AND l.amount < 0 THEN 'return'
            WHEN l.quantity > 0 AND l.amount = 0 THEN 'gift'
            WHEN l.quantity < 0 AND l.amount = 0 THEN 'correction'
            WHEN l.quantity = 0 AND l.amount = 0 THEN 'nothing'
            ELSE 'adjustment' END AS kind,
       o.customer_id IS NULL AS is_nobody, NOT p.is_catalogued AS is_unknown_product,
       count(*) AS n_lines, sum(l.quantity)::float8 AS quantity, sum(l.amount)::float8 AS amount
FROM loyalty_orderline l JOIN loyalty_order o ON o.id = l.order_id JOIN loyalty_product p ON p.id = l.product_id
WHERE o.ordered_at < %(as_of)s
GROUP BY 1, 2, 3
"""


@dataclass(frozen=True)
class LineShare:
    """The lines of some products: `product_row` counts into `product_ids`; all `(n,)`."""

    line_id: Integers
    product_row: Integers
    quantity: Floats
    amount: Floats


@dataclass(frozen=True)
class ProductColumns:
    """Every product, in the order of its key; `category_row` is -1 without one, `price` and `cost` NaN."""

    ids: Integers
    skus: list[str]
    names: list[str]
    category_row: Integers
    price: Floats
    cost: Floats


def product_columns() -> ProductColumns:
    frame = copy_frame(PRODUCTS, column_types={"sku": pa.string(), "name": pa.string()})
    category = frame["category_id"].fill_null(-1).to_numpy()
    return ProductColumns(
        ids=frame["id"].to_numpy(),
        skus=frame["sku"].to_pylist(),
        names=[name or "" for name in frame["name"].to_pylist()],
        category_row=np.where(category < 0, -1, np.searchsorted(np.unique(category[category >= 0]), category)),
        price=_floats(frame["price"]),
        cost=_floats(frame["cost"]),
    )


def _floats(column: pa.ChunkedArray) -> Floats:
    values: Floats = np.asarray(column.fill_null(float("nan")).to_numpy(), dtype=np.float64)
    return values


def line_shares(product_ids: Integers, *, as_of: datetime, at_once: int = LINES_AT_ONCE) -> Iterator[LineShare]:
    """All lines before `as_of`, so many products at a time that memory stays bounded; a product is never split."""
    n_parts = max(-(-estimated_count(OrderLine) // at_once), 1)
    for part in range(n_parts):
        frame = copy_frame(LINES, {"as_of": as_of, "n_parts": n_parts, "part": part})
        yield LineShare(
            line_id=frame["line_id"].to_numpy(),
            product_row=np.searchsorted(product_ids, frame["product_id"].to_numpy()),
            quantity=frame["quantity"].to_numpy(),
            amount=frame["amount"].to_numpy(),
        )


@dataclass(frozen=True)
class LineSum:
    """Lines of one kind, alike in whether somebody was recognised and whether the catalogue knows the product."""

    kind: str
    is_nobody: bool
    is_unknown_product: bool
    n_lines: int
    quantity: float
    amount: float


def line_sums(*, as_of: datetime) -> list[LineSum]:
    with connection.cursor() as cursor:
        cursor.execute(LINE_KINDS, {"as_of": as_of})
        return [LineSum(*row) for row in cursor.fetchall()]


def told_sums(sums: list[LineSum]) -> Mapping[str, dict[str, float]]:
    """Lines, pieces and money of every kind of line, and of the kinds that cut across."""
    groups = {
        **{kind: [one for one in sums if one.kind == kind] for kind in ("return", "gift", "correction", "adjustment")},
        "nothing": [one for one in sums if one.kind == "nothing"],
        "nobody": [one for one in sums if one.is_nobody],
        "unknown-product": [one for one in sums if one.is_unknown_product],
        "all": sums,
    }
    return {name: _added(group) for name, group in groups.items()}


def _added(sums: list[LineSum]) -> dict[str, float]:
    return {
        "n_lines": sum(one.n_lines for one in sums),
        "quantity": sum(one.quantity for one in sums),
        "amount": round(sum(one.amount for one in sums), 2),
    }
