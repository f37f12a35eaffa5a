"""The people of a segment, and the segments of people."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Avg, F, Max, QuerySet
from django.db.models.functions import Coalesce

from loyalty.models import CustomerSales, Job
from segments.models import Segment, SegmentMembership

FIND_TASK = "segments.segment_customers"


@dataclass(frozen=True)
class SegmentFacts:
    """What the members of a segment bought, a customer, and how many they are."""

    n_customers: int
    spend: Decimal | None
    n_orders: float | None
    currency: str


def segment_page(pk: int) -> Segment | None:
    return Segment.objects.select_related("segmentation").filter(pk=pk).first()


def members(segment: Segment) -> QuerySet[SegmentMembership]:
    """Who is in it now, each with `spend` of the customer so far, who spent most first."""
    return (
        SegmentMembership.objects.filter(segment=segment, valid_until=None)
        .select_related("customer__sales")
        .annotate(spend=Coalesce(F("customer__sales__spend"), Decimal(0)))
        .order_by("-spend", "-pk")
    )


def member_cells(segment: Segment) -> Iterator[tuple[str, str, Decimal, datetime | None]]:
    """External id, name, spend and last order of every member, best first, for a file."""
    for one in members(segment).iterator(chunk_size=5000):
        sales = getattr(one.customer, "sales", None)
        spend: Decimal = one.spend  # type: ignore[attr-defined]
        yield one.customer.external_id, one.customer.name, spend, sales.last_ordered_at if sales else None


def segment_facts(segment: Segment) -> SegmentFacts:
    inside = SegmentMembership.objects.filter(segment=segment, valid_until=None)
    means = CustomerSales.objects.filter(customer__in=inside.values("customer")).aggregate(
        spend=Avg("spend"), n_orders=Avg("n_orders"), currency=Max("currency")
    )
    return SegmentFacts(inside.count(), means["spend"], means["n_orders"], means["currency"] or "")


def current_segments_of(customer_ids: Iterable[int]) -> dict[int, Segment]:
    """The segment of the current segmentation that each customer is in; one query."""
    inside = SegmentMembership.objects.filter(
        customer__in=list(customer_ids), valid_until=None, segment__segmentation__is_current=True
    ).select_related("segment")
    return {one.customer_id: one.segment for one in inside}


def current_segments() -> QuerySet[Segment]:
    return Segment.objects.filter(segmentation__is_current=True).order_by("number")


def finding_job() -> Job | None:
    """The job that looks for segments now, if one does."""
    return Job.objects.filter(task=FIND_TASK, state__in=Job.OPEN_STATES).select_related("parent").first()
