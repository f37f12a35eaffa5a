"""Segments as a way to group customers: only this layer knows both them and what is measured by group."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from recommender.queries.groups import labelled
from segments.queries.members import current_segments_of


def segment_names(customer_ids: NDArray[np.int64], as_of: datetime) -> NDArray[np.str_]:
    """The name of each customer's current segment, "" where there is none; found since or before `as_of`."""
    found = current_segments_of(customer_ids.tolist())
    return labelled(customer_ids, {customer_id: segment.name for customer_id, segment in found.items()})
