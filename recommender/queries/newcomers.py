"""Who and what is new: products that few can have bought yet, and what is known of customers who bought nothing."""

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from recommender.queries.descriptions import customer_traits

# So long a product is new, from its first sale, or from its entry where it was never sold.
NEW_DAYS = 56
MOST_NEW = 200
# What came with the first catalogue is not new for that.
NEVER_SOLD = """
SELECT id, created_at FROM loyalty_product p
WHERE is_catalogued AND created_at > %(since)s
    AND created_at > (SELECT min(created_at) FROM loyalty_product) + interval '1 day'
    AND NOT EXISTS (SELECT FROM loyalty_orderline l WHERE l.product_id = p.id)
ORDER BY created_at DESC, id DESC LIMIT %(most)s
"""


def new_products(purchases: pa.Table, *, as_of: datetime, at: datetime) -> NDArray[np.int64]:
    """Keys of the newest products: first sold shortly before `as_of`, or entered shortly before `at` and never sold.

    In a shop that is as young as that nothing is new.
    """
    since = pa.scalar(as_of - timedelta(days=NEW_DAYS), purchases.schema.field("occurred_at").type)
    first = purchases.group_by("product_id").aggregate([("occurred_at", "min")]).sort_by("occurred_at_min")
    is_young = not first.num_rows or pc.min(first["occurred_at_min"]).as_py() >= since.as_py()
    sold = first.filter(pc.greater_equal(first["occurred_at_min"], since))["product_id"].to_numpy()[::-1]
    newest = [*_never_sold(at), *([] if is_young else sold.tolist())]
    return np.sort(np.array(newest[:MOST_NEW], dtype=np.int64))


def _never_sold(at: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(NEVER_SOLD, {"since": at - timedelta(days=NEW_DAYS), "most": MOST_NEW})
        return [product_id for product_id, _ in cursor.fetchall()]


def cold_start_traits(customers: tuple[int, int] | None = None) -> pa.Table:
    """What may speak for a product while nothing was bought: only what `COLD_START_TRAITS` names."""
    known = customer_traits(customers)
    return known.select(["customer_id", *(name for name in settings.COLD_START_TRAITS if name in known.column_names)])
