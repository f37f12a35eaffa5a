"""How many rows belong to each row of the query around them."""

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from campaigns.models import AudienceMember, Redemption


def count_of(rows: QuerySet[Any], by: str) -> Coalesce:
    """Count `rows`, already tied to the outer row, in one correlated query."""
    grouped = rows.order_by().values(by).annotate(n=Count("*")).values("n")
    return Coalesce(Subquery(grouped), 0, output_field=IntegerField())


def count_members(audience: str = "audience_id") -> Coalesce:
    """Customers in the audience of each campaign or simulation; `audience` names its key in the outer row."""
    return count_of(AudienceMember.objects.filter(audience=OuterRef(audience)), "audience")


def count_takers() -> Coalesce:
    """Customers with a redemption in the window of each campaign."""
    taken = Redemption.objects.filter(
        campaign=OuterRef("pk"), redeemed_at__gte=OuterRef("starts_at"), redeemed_at__lt=OuterRef("ends_at")
    )
    grouped = taken.order_by().values("campaign").annotate(n=Count("customer", distinct=True)).values("n")
    return Coalesce(Subquery(grouped), 0, output_field=IntegerField())
