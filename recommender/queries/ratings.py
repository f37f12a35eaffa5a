"""What customers think of products, as the engine wants it."""

from datetime import datetime
from typing import Any

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


SAID = """
SELECT customer_id, product_id, value AS weight, rated_at AS occurred_at
FROM loyalty_rating WHERE kind = 'explicit' AND rated_at < %(as_of)s AND customer_id BETWEEN %(first)s AND %(last)s
UNION ALL
SELECT customer_id, product_id, rating, reviewed_at
FROM loyalty_review WHERE rating IS NOT NULL AND reviewed_at < %(as_of)s
    AND customer_id BETWEEN %(first)s AND %(last)s
"""
EVERYBODY = (-(2**62), 2**62)


def said_frame(as_of: datetime, customers: tuple[int, int] = EVERYBODY) -> pa.Table | None:
    """What customers said and wrote before `as_of`, from -1 to 1; None where nobody said anything.

    What they did apart from buying stays out: of every sign only the newest is kept, so that nobody can say what was
    known of it at an earlier moment, and learning from the past would learn from what came later.
    """
    found = _frame(SAID, {"as_of": as_of, "first": customers[0], "last": customers[1]})
    return found if found.num_rows else None


def ratings_frame(as_of: datetime) -> pa.Table:
    """One row an opinion of a known customer before `as_of`, with `weight` above 0 in favour and below 0 against.

    `dataset.purchase_log` turns it into what `InteractionMatrix.described` takes as ratings.
    """
    return _frame(RATINGS, {"as_of": as_of, "bought": BOUGHT})


def _frame(statement: str, values: dict[str, Any]) -> pa.Table:
    types = {field.name: field.type for field in FRAME_SCHEMA}
    frame = typed_frame(statement, values, column_types=types)
    return frame.select(FRAME_SCHEMA.names).cast(FRAME_SCHEMA)
