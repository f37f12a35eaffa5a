"""Who is where in a segmentation, and of whom something changed since they were put there."""

from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from loyalty.models import Customer
from loyalty.queries.frames import copy_frame
from segments.models import Segmentation

NUMBERS = """
SELECT m.customer_id, s.number FROM segments_segmentmembership m JOIN segments_segment s ON s.id = m.segment_id
WHERE s.segmentation_id = %s AND m.valid_until IS NULL ORDER BY m.customer_id
"""
# Where what segments are found by is written down.
TABLES = ("loyalty_order", "loyalty_orderline", "loyalty_interaction", "loyalty_rating")
SHARD_TASK, FINISH_TASK = "segments.assign_shard", "segments.finish_assigning"
RANGES = """
SELECT min(id), max(id) FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS shard FROM loyalty_customer) c
GROUP BY shard ORDER BY shard
"""


@dataclass(frozen=True)
class Numbers:
    """Customers, rising, and the number of the segment each is in now, both of shape (n,)."""

    customer_ids: NDArray[np.int64]
    numbers: NDArray[np.int64]


def segment_numbers(segmentation: Segmentation | None) -> Numbers:
    if segmentation is None:
        return Numbers(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    found = copy_frame(NUMBERS, [segmentation.pk])
    return Numbers(found["customer_id"].to_numpy(), found["number"].to_numpy())


def customer_ranges(size: int) -> list[tuple[int, int]]:
    """First and last key of all customers, at most `size` in each range."""
    with connection.cursor() as cursor:
        cursor.execute(RANGES, [size])
        return [(int(first), int(last)) for first, last in cursor.fetchall()]


def customers_between(first: int, last: int) -> list[int]:
    return list(Customer.objects.filter(pk__gte=first, pk__lte=last).order_by("pk").values_list("pk", flat=True))
