"""All segments in one list: how large, how they grow, when they were looked at and how long it took."""

from datetime import datetime, timedelta

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from segments.models import Segment, SegmentMembership, SegmentRefresh

GROWN_OVER = timedelta(days=30)
COUNTED = (
    SegmentMembership.objects.filter(segment=OuterRef("pk"), valid_until=None)
    .order_by().values("segment").annotate(n=Count("pk")).values("n")
)  # fmt: skip
NEWEST = SegmentRefresh.objects.filter(segment=OuterRef("pk")).order_by("-id")


def segment_list(*, kind: str, text: str, at: datetime) -> QuerySet[Segment]:
    """Segments that are in use, each with `n_members`, `grown` over thirty days, `refreshed_at` and `seconds`.

    Members of a segment by rule were counted when it was refreshed: counting a million again takes too long for a page.
    """
    lately = SegmentRefresh.objects.filter(segment=OuterRef("pk"), at__gte=at - GROWN_OVER).order_by()
    sums = lately.values("segment").annotate(grown=Sum(F("n_entered") - F("n_left"))).values("grown")
    found = Segment.objects.filter(Q(segmentation=None) | Q(segmentation__is_current=True)).annotate(
        n_members=Coalesce(Subquery(NEWEST.values("n_members")[:1]), Subquery(COUNTED, output_field=IntegerField()), 0),
        grown=Subquery(sums, output_field=IntegerField()),
        refreshed_at=Subquery(NEWEST.values("at")[:1]),
        seconds=Subquery(NEWEST.filter(is_full=True).values("seconds")[:1]),
        trouble=Subquery(NEWEST.values("trouble")[:1]),
    )
    if kind in Segment.Kind.values:
        found = found.filter(kind=kind)
    return found.filter(name__icontains=text) if text else found


def segment_count(*, kind: str, text: str, at: datetime) -> int:
    return segment_list(kind=kind, text=text, at=at).count()


def movements(segment: Segment) -> QuerySet[SegmentMembership]:
    """Who was ever in it, who came last first."""
    return SegmentMembership.objects.filter(segment=segment).select_related("customer")


def leavings(segment: Segment) -> QuerySet[SegmentMembership]:
    """Who left it, the last first."""
    return movements(segment).filter(valid_until__isnull=False)


def sizes(segment: Segment, *, at_most: int = 400) -> list[tuple[datetime, int, int, int]]:
    """When it was looked at, how many were in it then, how many had come and left; the oldest first."""
    rows = segment.refreshes.filter(trouble="").values_list("at", "n_members", "n_entered", "n_left")[:at_most]
    return list(reversed(rows))
