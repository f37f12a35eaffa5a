"""Who is where in a segmentation, and of whom something changed since they were put there."""

from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from loyalty.models import DataChange
from loyalty.queries.frames import copy_frame
from loyalty.queries.marks import OF_ALL, OF_CUSTOMER
from segments.models import Segmentation

NUMBERS = """
SELECT m.customer_id, s.number FROM segments_segmentmembership m JOIN segments_segment s ON s.id = m.segment_id
WHERE s.segmentation_id = %s AND m.valid_until IS NULL ORDER BY m.customer_id
"""
# A mark that is committed late is older than those seen before it: look back a little, assigning twice is harmless.
LOOK_BACK = 1000
CHANGED = """
SELECT substr(source, %s)::bigint AS customer_id FROM loyalty_datachange
WHERE id > %s AND source LIKE %s GROUP BY source ORDER BY 1
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


def newest_mark() -> int:
    """Of all changes to data that are committed."""
    return int(DataChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0)


def changed_customers(since: int) -> list[int]:
    """Customers with a change after the mark `since`, and perhaps some with one just before."""
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, [len(OF_CUSTOMER) + 1, since - LOOK_BACK, f"{OF_CUSTOMER}%"])
        return [row[0] for row in cursor.fetchall()]


def everybody_changed(since: int) -> bool:
    """Whether a change after the mark `since` concerns everybody at once."""
    return DataChange.objects.filter(pk__gt=since, source__in=OF_ALL).exists()
