"""When segments by rule were refreshed, and which are due."""

from datetime import datetime, timedelta

from django.db.models import OuterRef, QuerySet, Subquery

from loyalty.models import Customer
from segments.models import SegmentRefresh, SegmentRule

NEWEST = SegmentRefresh.objects.filter(segment=OuterRef("segment")).order_by("-id")
NEWEST_FULL = NEWEST.filter(is_full=True)


def going_on() -> QuerySet[SegmentRule]:
    """Rules of segments that are not frozen, each with when everybody was looked at last and by which version."""
    return SegmentRule.objects.filter(segment__frozen_at=None).select_related("segment").annotate(
        looked_at=Subquery(NEWEST_FULL.values("at")[:1]),
        looked_version=Subquery(NEWEST_FULL.values("version")[:1]),
        mark=Subquery(NEWEST.values("mark")[:1]),
    )  # fmt: skip


def is_due_fully(rule: SegmentRule, at: datetime) -> bool:
    """Never looked at, looked at by another rule, or so long ago that dates in it have moved on."""
    looked_at: datetime | None = rule.looked_at  # type: ignore[attr-defined]
    if looked_at is None or rule.looked_version != rule.version:  # type: ignore[attr-defined]
        return True
    return at - looked_at >= timedelta(hours=rule.refresh_hours)


def newest_refresh(segment_id: int) -> SegmentRefresh | None:
    return SegmentRefresh.objects.filter(segment=segment_id).first()


def n_customers() -> int:
    return Customer.objects.count()
