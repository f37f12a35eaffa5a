from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from campaigns.models import Campaign, Offer
from loyalty.api.viewsets import NumberedViewSet


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    offers = serializers.SlugRelatedField(
        slug_field="external_id", many=True, read_only=True, help_text="External ids of the offers it makes."
    )

    class Meta:
        model = Campaign
        fields = [
            "id",
            "external_id",
            "name",
            "goal",
            "type",
            "channel",
            "state",
            "starts_at",
            "ends_at",
            "offers",
            "audience",
            "audience_rule",
            "cost_per_contact",
            "margin_share",
            "budget",
            "currency",
            "holdout_share",
            "approved_at",
            "created_at",
        ]
        read_only_fields = fields


class CampaignFilter(filters.FilterSet):
    external_id = filters.BaseInFilter(field_name="external_id", help_text="One key, or several with commas between.")
    offer = filters.ModelChoiceFilter(
        field_name="offers", queryset=Offer.objects.all(), to_field_name="external_id", help_text="External id."
    )
    since = filters.IsoDateTimeFilter(field_name="starts_at", lookup_expr="gte", help_text="Starts at or after.")
    until = filters.IsoDateTimeFilter(field_name="starts_at", lookup_expr="lt", help_text="Starts before.")

    class Meta:
        model = Campaign
        fields = ["state", "type"]


@extend_schema(tags=["Campaigns"])
@extend_schema_view(
    list=extend_schema(summary="List campaigns"),
    retrieve=extend_schema(summary="One campaign"),
)
class CampaignViewSet(NumberedViewSet):
    queryset = Campaign.objects.prefetch_related("offers")
    serializer_class = CampaignSerializer
    filterset_class = CampaignFilter
