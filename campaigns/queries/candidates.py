"""Who could be sent a campaign: members of a segment, of an audience, everybody who has not refused."""

from datetime import date, datetime

import numpy as np
from django.db.models import QuerySet
from django.utils import timezone

from campaigns.engine.frames import IntArray
from campaigns.models import AudienceMember
from loyalty.models import Consent
from segments.models import Segmentation, SegmentMembership

REFUSED = [Consent.State.DENIED, Consent.State.REVOKED]
PURPOSE = "marketing"


def refused_ids(*, channel: str, as_of: datetime) -> IntArray:
    """Customers whose last word before `as_of` on this channel was no."""
    said = Consent.objects.filter(purpose=PURPOSE, channel=channel, at__lt=as_of)
    last = said.order_by("customer_id", "-at", "-id").distinct("customer_id")
    rows = last.values_list("customer_id", "state")
    return np.array([customer_id for customer_id, state in rows if state in REFUSED], dtype=np.int64)


def segment_member_ids(segment_id: int) -> IntArray:
    """Customers who are in the segment now."""
    return _ids(SegmentMembership.objects.filter(segment_id=segment_id, valid_until__isnull=True))


def audience_member_ids(audience_id: int) -> IntArray:
    return _ids(AudienceMember.objects.filter(audience_id=audience_id))


def segments_found_on() -> date | None:
    """The day up to which the current segments know what customers bought."""
    as_of = Segmentation.objects.filter(is_current=True).values_list("as_of", flat=True).first()
    return timezone.localtime(as_of).date() if as_of else None


def current_segments() -> dict[str, IntArray]:
    """The segments of the current segmentation, in their order, each with its members."""
    rows = SegmentMembership.objects.filter(segment__segmentation__is_current=True, valid_until__isnull=True).order_by(
        "segment__number"
    )
    members: dict[str, list[int]] = {}
    for name, customer_id in rows.values_list("segment__name", "customer_id"):
        members.setdefault(name, []).append(customer_id)
    return {name: np.array(ids, dtype=np.int64) for name, ids in members.items()}


def _ids(rows: QuerySet[AudienceMember] | QuerySet[SegmentMembership]) -> IntArray:
    return np.fromiter(rows.values_list("customer_id", flat=True), dtype=np.int64)
