"""The likeliest buyers of a new product as a segment that campaigns can be sent to."""

from datetime import datetime

import numpy as np
from django.db import transaction

from campaigns.models import AudienceMember, NewProductSimulation
from segments.models import Segment
from segments.services.saving import Placed, write_members

LONGEST_NAME = 100


@transaction.atomic
def segment_of_first_buyers(*, simulation: NewProductSimulation, n: int, at: datetime) -> Segment:
    """Freeze the first `n` of the list; asked twice for the same, the same segment."""
    members = AudienceMember.objects.filter(audience=simulation.audience_id, position__lte=n).order_by("position")
    customer_ids = np.array(list(members.values_list("customer_id", flat=True)), dtype=np.int64)
    name = f"{len(customer_ids):,} likeliest buyers of {simulation.new_product}"[:LONGEST_NAME]
    told = f"As of {simulation.as_of:%Y-%m-%d}, by the simulation of a new product no. {simulation.pk}."
    held = Segment.objects.filter(kind=Segment.Kind.IMPORTED, name=name, description=told).first()
    if held is not None:
        return held
    segment = Segment.objects.create(
        kind=Segment.Kind.IMPORTED, name=name, description=told, created_at=at, frozen_at=at
    )
    write_members(Placed(customer_ids, np.full(len(customer_ids), segment.pk)), at=at)
    return segment
