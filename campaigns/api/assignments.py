from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers

from campaigns.models import OfferAssignment
from campaigns.queries.assignments import may_be_shown, open_offers
from loyalty.api.paging import StablePaging
from loyalty.api.viewsets import ListViewSet, NestedListViewSet
from loyalty.queries.merges import kept_key

NAMED = OfferAssignment.objects.select_related("customer", "offer", "campaign", "model_version")


class OfferAssignmentSerializer(serializers.ModelSerializer[OfferAssignment]):
    """An offer for one customer, with what is expected of it and why."""

    customer = serializers.CharField(source="customer.external_id", read_only=True, help_text="External id.")
    offer = serializers.CharField(source="offer.external_id", read_only=True, help_text="External id.")
    offer_name = serializers.CharField(source="offer.name", read_only=True)
    code = serializers.CharField(source="offer.code", read_only=True, help_text="What customers show, if all have one.")
    channel = serializers.CharField(source="campaign.channel", read_only=True)
    currency = serializers.CharField(source="campaign.currency", read_only=True)
    model_label = serializers.CharField(
        source="model_version.label", read_only=True, default=None, allow_null=True,
        help_text="Null where history is too short for a model: then the chance is the average of the type.",
    )  # fmt: skip

    class Meta:
        model = OfferAssignment
        fields = [
            "id", "customer", "offer", "offer_name", "code", "campaign", "channel", "status", "position", "score",
            "score_low", "score_high", "baseline_score", "expected_value", "currency", "has_little_history", "reason",
            "expires_at", "made_at", "decided_at", "model_version", "model_label",
        ]  # fmt: skip
        read_only_fields = fields


class OfferAssignmentFilter(filters.FilterSet):
    customer = filters.CharFilter(field_name="customer__external_id", help_text="External id of the customer.")
    offer = filters.CharFilter(field_name="offer__external_id", help_text="External id of the offer.")
    min_value = filters.NumberFilter(
        field_name="expected_value", lookup_expr="gte", min_value=-1e9, max_value=1e9, help_text="Worth at least this."
    )
    is_open = filters.BooleanFilter(
        method="only_open", help_text="True: only what may be shown to customers now; false: what may not."
    )

    class Meta:
        model = OfferAssignment
        fields = ["campaign", "status"]

    def only_open(self, rows: QuerySet[OfferAssignment], name: str, value: bool) -> QuerySet[OfferAssignment]:
        shown = open_offers(at=timezone.now()).values("pk")
        return rows.filter(pk__in=shown) if value else rows.exclude(pk__in=shown)


@extend_schema(tags=["Offers"])
@extend_schema_view(
    list=extend_schema(
        summary="List the offers of customers",
        description="Whatever became of them: suggested, accepted, assigned by itself, issued, withdrawn, expired.",
    )
)
class OfferAssignmentViewSet(ListViewSet):
    noun = "offer-assignments"
    queryset = NAMED
    serializer_class = OfferAssignmentSerializer
    filterset_class = OfferAssignmentFilter


class BestFirst(StablePaging):
    ordering = ("-expected_value", "id")  # type: ignore[assignment]


@extend_schema(tags=["Offers"])
@extend_schema_view(
    list=extend_schema(
        summary="The next best offers of one customer, best first",
        description=(
            "Only what may be shown now: accepted, assigned by itself or issued; not expired, paused or out of stock; "
            "and not against the customer's last word on the campaign's channel."
        ),
        parameters=[OpenApiParameter("external_id", str, OpenApiParameter.PATH, description="Key of the customer.")],
    )
)
class CustomerOfferViewSet(NestedListViewSet):
    noun = "offer-assignments"
    queryset = NAMED
    serializer_class = OfferAssignmentSerializer
    pagination_class = BestFirst
    parent, parent_key = "customer", "external_id"

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # Also by a key that the customer had before it was merged.
        self.kwargs["external_id"] = kept_key(self.kwargs["external_id"])

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return may_be_shown(rows.filter(status__in=OfferAssignment.FIRM), at=timezone.now())
