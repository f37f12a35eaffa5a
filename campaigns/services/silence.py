"""From an alert to people a campaign can be sent to."""

from datetime import datetime

from django.db import transaction

from loyalty.queries.silence import newest_report, silent_customers
from loyalty.templatetags.formats import day
from segments.models import Segment, SegmentMembership


class NobodySilent(Exception):
    """There is nobody to plan a campaign for."""


@transaction.atomic
def segment_of_silent(*, at: datetime) -> Segment:
    """Freeze those who have just fallen silent as a segment; the same report gives the same segment."""
    report = newest_report()
    silent = list(silent_customers(report).values_list("customer", flat=True)) if report else []
    if report is None or not silent:
        raise NobodySilent("No regular customer has just fallen silent, so there is nobody to write to.")
    name = f"Just fallen silent, {day(report.as_of)}"
    description = "Regular customers who by their own rhythm should have been back within the last four weeks."
    segment, is_new = Segment.objects.get_or_create(
        kind=Segment.Kind.IMPORTED, name=name, defaults={"description": description, "created_at": at}
    )
    if not is_new:
        SegmentMembership.objects.filter(segment=segment, valid_until=None).exclude(customer__in=silent).delete()
    SegmentMembership.objects.bulk_create(
        (SegmentMembership(segment=segment, customer_id=customer_id, valid_from=at) for customer_id in silent),
        ignore_conflicts=True,
    )
    return segment
