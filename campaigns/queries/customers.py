"""Customers as the top layer sees them: with their segment, the campaigns they got and the offers they took."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from campaigns.models import Campaign, Redemption
from campaigns.queries.campaigns import SENT_STATES
from loyalty.models import Customer
from segments.models import Segment, SegmentMembership
from segments.queries.members import current_segments_of

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# Sorts of the list: name in the URL, order of the rows, what people read.
SORTS = {
    "spend": ("-spend", "Spent most first"),
    "least": ("spend", "Spent least first"),
    "recent": ("-last_ordered_at", "Ordered lately first"),
    "longest": ("last_ordered_at", "Not seen for longest first"),
    "orders": ("-n_orders", "Most orders first"),
}


@dataclass(frozen=True)
class CustomerRow:
    customer: Customer
    segment: Segment | None

    @property
    def last_ordered_at(self) -> datetime | None:
        last: datetime = self.customer.last_ordered_at  # type: ignore[attr-defined]
        return None if last == LONG_AGO else last


def order_of(sort: str) -> str:
    return SORTS.get(sort, SORTS["spend"])[0]


def customer_list(*, text: str = "", segment_id: int | None = None) -> QuerySet[Customer]:
    """Customers with `spend`, `n_orders`, `last_ordered_at` and `currency`, as added up."""
    found = Customer.objects.annotate(
        spend=Coalesce(F("sales__spend"), Decimal(0)),
        n_orders=Coalesce(F("sales__n_orders"), 0),
        last_ordered_at=Coalesce(F("sales__last_ordered_at"), Value(LONG_AGO)),
        currency=Coalesce(F("sales__currency"), Value("")),
    )
    if text:
        found = found.filter(Q(external_id__istartswith=text) | Q(name__icontains=text))
    if segment_id:
        inside = SegmentMembership.objects.filter(customer=OuterRef("pk"), segment=segment_id, valid_until=None)
        found = found.filter(Exists(inside))
    return found


def customer_rows(customers: list[Customer]) -> list[CustomerRow]:
    segments = current_segments_of(customer.pk for customer in customers)
    return [CustomerRow(customer, segments.get(customer.pk)) for customer in customers]


def customer_cells(found: QuerySet[Customer], sort: str) -> Iterator[tuple[Any, ...]]:
    """What is written out of every customer, in the list's order."""
    segment = SegmentMembership.objects.filter(
        customer=OuterRef("pk"), valid_until=None, segment__segmentation__is_current=True
    ).values("segment__name")[:1]
    fields = ("external_id", "name", "n_orders", "spend", "currency", "sales__last_ordered_at", "in_segment")
    ordered = found.annotate(in_segment=Subquery(segment)).order_by(order_of(sort), "pk")
    return ordered.values_list(*fields).iterator(chunk_size=5000)


def customer_page(pk: int) -> Customer | None:
    return Customer.objects.filter(pk=pk).first()


def campaigns_received(customer: Customer) -> QuerySet[Campaign]:
    """Campaigns sent to a customer, newest first, each with `n_taken`: how many of its offers they took."""
    taken = Redemption.objects.filter(campaign=OuterRef("pk"), customer=customer).order_by().values("campaign")
    return (
        Campaign.objects.filter(audience__members__customer=customer, state__in=SENT_STATES)
        .annotate(n_taken=Coalesce(Subquery(taken.annotate(n=Count("*")).values("n"), output_field=IntegerField()), 0))
        .order_by("-starts_at", "-id")
    )


def offers_taken(customer: Customer) -> QuerySet[Redemption]:
    return Redemption.objects.filter(customer=customer).select_related("offer", "campaign").order_by("-redeemed_at")
