from typing import Any

from django.db import transaction
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.plans import PLACES, CampaignPlanSerializer, plan_of
from campaigns.models import Campaign, Offer
from campaigns.services.campaigns import create_campaign
from campaigns.services.plans import CampaignInvalid
from campaigns.services.rehearsal import start_rehearsal
from loyalty.api.jobs import JobSerializer
from loyalty.api.viewsets import NumberedViewSet
from loyalty.tasks import wake


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    offers: Any = serializers.SlugRelatedField(
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


PLAN = OpenApiExample(
    "The 500 customers most likely to take it",
    request_only=True,
    value={
        "name": "Coffee in May",
        "goal": "Win back buyers of coffee",
        "type": "Type A",
        "channel": "mail",
        "starts_at": "2018-01-08T00:00:00-05:00",
        "ends_at": "2018-02-05T00:00:00-05:00",
        "offers": ["18-10000085475"],
        "audience_rule": {"kind": "best", "n": 500},
        "cost_per_contact": "0.45",
        "margin_share": "0.300",
        "budget": "2500.00",
        "currency": "USD",
    },
)


@extend_schema(tags=["Campaigns"])
@extend_schema_view(
    list=extend_schema(summary="List campaigns"),
    retrieve=extend_schema(summary="One campaign"),
)
class CampaignViewSet(NumberedViewSet):
    noun = "campaigns"
    queryset = Campaign.objects.prefetch_related("offers")
    serializer_class = CampaignSerializer
    filterset_class = CampaignFilter
    action_permissions = {"simulate": ["campaigns.add_simulation"]}

    @extend_schema(
        summary="Make a draft of a campaign",
        description="Held to the same rules as in the browser. Somebody else has to approve it before it is sent.",
        request=CampaignPlanSerializer,
        responses={201: CampaignSerializer},
        examples=[PLAN],
    )
    def create(self, request: Request) -> Response:
        asked = CampaignPlanSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            campaign = create_campaign(plan=plan_of(asked.validated_data), by=self.staff, at=timezone.now())
        except CampaignInvalid as error:
            # Somebody else was quicker since the plan was looked at.
            raise serializers.ValidationError({PLACES.get(error.field, error.field): error.sentence}) from error
        return Response(CampaignSerializer(campaign).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Rehearse a campaign",
        description="Starts a job that forecasts how it would be received; follow the job until it is done.",
        request=None,
        responses={202: JobSerializer},
    )
    @action(detail=True, methods=["post"])
    def simulate(self, request: Request, pk: str) -> Response:
        campaign = self.get_object()
        with transaction.atomic():
            job = start_rehearsal(campaign=campaign, by=self.staff, at=timezone.now())
            transaction.on_commit(lambda: wake(job))
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
