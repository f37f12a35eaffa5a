"""What customers think of products, as the engine wants it."""

from datetime import datetime

import pyarrow as pa

from loyalty.engine.ratings import Signal
from loyalty.queries.frames import typed_frame
from recommender.engine.dataset import FRAME_SCHEMA

# What they said, what they wrote, and what they did apart from buying: purchases come with their own times.
RATINGS = """
SELECT customer_id, product_id, value * weight AS weight, rated_at AS occurred_at
FROM loyalty_rating WHERE kind = 'explicit' AND rated_at < %(as_of)s
UNION ALL
SELECT customer_id, product_id, rating, reviewed_at
FROM loyalty_review WHERE customer_id IS NOT NULL AND rating IS NOT NULL AND reviewed_at < %(as_of)s
UNION ALL
SELECT customer_id, product_id, value * weight, rated_at
FROM loyalty_implicitrating WHERE signal <> ALL(%(bought)s) AND rated_at < %(as_of)s
"""
BOUGHT = [Signal.PURCHASE.value, Signal.REPEAT_PURCHASE.value]


def ratings_frame(as_of: datetime) -> pa.Table:
    """One row an opinion of a known customer before `as_of`, with `weight` above 0 in favour and below 0 against.

    `dataset.purchase_log` turns it into what `InteractionMatrix.described` takes as ratings.
    """
    types = {field.name: field.type for field in FRAME_SCHEMA}
    frame = typed_frame(RATINGS, {"as_of": as_of, "bought": BOUGHT}, column_types=types)
    return frame.select(FRAME_SCHEMA.names).cast(FRAME_SCHEMA)
