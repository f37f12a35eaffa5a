from typing import Any, Literal

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers

from campaigns.models import Audience, AudienceMember
from campaigns.queries.counts import count_members
from loyalty.api.paging import StablePaging
from loyalty.api.viewsets import NestedListViewSet, NumberedViewSet


class AudienceSerializer(serializers.ModelSerializer[Audience]):
    """Who a campaign reaches, frozen, with what makes the same list again: campaign, moment, model version and seed."""

    campaign = serializers.IntegerField(
        source="made_for_id", read_only=True, allow_null=True, help_text="It was made for; null where it came with one."
    )
    n_customers = serializers.IntegerField(read_only=True)
    ranked_by = serializers.SerializerMethodField(help_text="By what its people were ranked: `response` or `effect`.")

    class Meta:
        model = Audience
        fields = [
            "id", "name", "kind", "campaign", "as_of", "model_version", "seed", "rule", "ranked_by", "advice",
            "n_customers", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_ranked_by(self, audience: Audience) -> Literal["response", "effect"]:
        return "effect" if audience.rule.get("uplift_model") else "response"


class AudienceDetailSerializer(AudienceSerializer):
    class Meta(AudienceSerializer.Meta):
        fields = [*AudienceSerializer.Meta.fields, "findings"]
        read_only_fields = fields


class AudienceMemberSerializer(serializers.ModelSerializer[AudienceMember]):
    """One customer: how likely, how sure, and why.

    `expected_effect` (with its 95 % interval) is what a message is expected to change, where people were ranked by
    that: profit and reason are about it then. It is null where they were ranked by response.
    """

    customer = serializers.CharField(source="customer.external_id", read_only=True, help_text="External id.")

    class Meta:
        model = AudienceMember
        fields = [
            "customer", "position", "score", "score_low", "score_high", "expected_effect", "effect_low", "effect_high",
            "expected_profit", "reason", "sent_at",
        ]  # fmt: skip
        read_only_fields = fields


@extend_schema(tags=["Audiences"])
@extend_schema_view(
    list=extend_schema(summary="List audiences with their sizes"),
    retrieve=extend_schema(summary="One audience: who fell out where, who they are in words, shares by trait"),
)
class AudienceViewSet(NumberedViewSet):
    noun = "audiences"
    queryset = Audience.objects.annotate(n_customers=count_members("pk"))
    serializer_class = AudienceSerializer
    filterset_fields = ["kind", "made_for"]

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows if self.action == "retrieve" else rows.defer("findings")

    def get_serializer_class(self) -> type[AudienceSerializer]:
        return AudienceDetailSerializer if self.action == "retrieve" else AudienceSerializer


class AsTheyCame(StablePaging):
    ordering = ("id",)  # type: ignore[assignment]


@extend_schema(tags=["Audiences"])
@extend_schema_view(
    list=extend_schema(
        summary="The customers of an audience, as frozen",
        parameters=[OpenApiParameter("id", int, OpenApiParameter.PATH, description="Number of the audience.")],
    )
)
class AudienceMemberViewSet(NestedListViewSet):
    noun = "audiences"
    queryset = AudienceMember.objects.select_related("customer")
    serializer_class = AudienceMemberSerializer
    pagination_class = AsTheyCame
    parent, parent_key = "audience", "id"
