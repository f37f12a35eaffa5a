"""Who could be sent a campaign: members of a segment, of an audience, everybody who has not refused."""

from datetime import date, datetime

import numpy as np
from django.db.models import QuerySet
from django.utils import timezone

from campaigns.engine.frames import IntArray
from campaigns.models import AudienceMember
from loyalty.models import Consent
from loyalty.queries.frames import copy_frame
from segments.models import Segment, Segmentation, SegmentMembership

REFUSED = [Consent.State.DENIED, Consent.State.REVOKED]
PURPOSE = "marketing"
LAST_SAID_NO = """
SELECT customer_id FROM (
    SELECT DISTINCT ON (customer_id) customer_id, state FROM loyalty_consent
    WHERE purpose = %(purpose)s AND channel = %(channel)s AND at < %(as_of)s
    ORDER BY customer_id, at DESC, id DESC
) said WHERE state = ANY(%(refused)s)
"""
IN_SEGMENTS = """
SELECT s.number, m.customer_id
FROM segments_segmentation n JOIN segments_segment s ON s.segmentation_id = n.id
JOIN segments_segmentmembership m ON m.segment_id = s.id
WHERE n.is_current AND m.valid_until IS NULL
"""


def refused_ids(*, channel: str, as_of: datetime) -> IntArray:
    """Customers whose last word before `as_of` on this channel was no."""
    about = {"purpose": PURPOSE, "channel": channel, "as_of": as_of, "refused": [str(state) for state in REFUSED]}
    return np.asarray(copy_frame(LAST_SAID_NO, about)["customer_id"].to_numpy(), dtype=np.int64)


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
    frame = copy_frame(IN_SEGMENTS)
    numbers, ids = frame["number"].to_numpy(), frame["customer_id"].to_numpy()
    named = Segment.objects.filter(segmentation__is_current=True).order_by("number").values_list("number", "name")
    return {name: ids[numbers == number] for number, name in named if (numbers == number).any()}


def _ids(rows: QuerySet[AudienceMember] | QuerySet[SegmentMembership]) -> IntArray:
    return np.fromiter(rows.values_list("customer_id", flat=True), dtype=np.int64)
