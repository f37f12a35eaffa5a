from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.engine.incentives import MOST_BENEFITS
from campaigns.models import Campaign, IncentiveChoice, IncentivePlan
from campaigns.services.incentives import IncentivesAsked, IncentivesInvalid, start_incentives
from loyalty.api.jobs import JobSerializer
from loyalty.api.paging import StablePaging
from loyalty.api.serializers import StrictFields
from loyalty.api.viewsets import NestedListViewSet, NumberedViewSet
from loyalty.tasks import wake

LARGEST_KEY = 2**63 - 1


class IncentivePlanSerializer(serializers.ModelSerializer[IncentivePlan]):
    """Which benefit is enough for how many, what that is expected to leave, and what more budget would bring."""

    class Meta:
        model = IncentivePlan
        fields = [
            "id", "campaign", "model_version", "as_of", "benefits", "budget", "odds", "is_learnt", "n_customers",
            "n_given", "value", "value_low", "value_high", "spend", "bound", "shadow_price", "currency", "evidence",
            "seed", "made_at",
        ]  # fmt: skip
        read_only_fields = fields


class IncentivesAskedSerializer(StrictFields):
    campaign = serializers.IntegerField(min_value=1, max_value=LARGEST_KEY)
    benefits = serializers.ListField(
        child=serializers.FloatField(min_value=0, max_value=1e6), min_length=1, max_length=MOST_BENEFITS,
        help_text="What one use of each gives, in the campaign's currency.",
    )  # fmt: skip
    budget = serializers.FloatField(
        required=False, min_value=0, max_value=1e12, help_text="For contacts and benefits; leave out for no limit."
    )
    odds = serializers.FloatField(
        required=False, min_value=1, max_value=10,
        help_text="Factor of the odds when the benefit doubles; left out, as past campaigns say.",
    )  # fmt: skip


class IncentiveChoiceSerializer(serializers.ModelSerializer[IncentiveChoice]):
    customer = serializers.CharField(source="customer.external_id", read_only=True, help_text="External id.")

    class Meta:
        model = IncentiveChoice
        fields = ["customer", "benefit", "chance", "smallest_chance", "value"]
        read_only_fields = fields


@extend_schema(tags=["Offers"])
@extend_schema_view(
    list=extend_schema(summary="List plans of least sufficient benefits"),
    retrieve=extend_schema(summary="One plan of least sufficient benefits"),
)
class IncentivePlanViewSet(NumberedViewSet):
    noun = "incentive-plans"
    queryset = IncentivePlan.objects.all()
    serializer_class = IncentivePlanSerializer
    filterset_fields = ["campaign"]

    @extend_schema(
        summary="Find the benefit that is enough for each customer of a campaign",
        description="Starts a job; follow it until it is done, then read the newest plan of the campaign.",
        request=IncentivesAskedSerializer,
        responses={202: JobSerializer},
        examples=[
            OpenApiExample(
                "Three benefits, 500 to spend",
                value={"campaign": 18, "benefits": [1, 2, 5], "budget": 500},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        asked = IncentivesAskedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(asked.validated_data)
        campaign = get_object_or_404(Campaign, pk=given.pop("campaign"))
        try:
            with transaction.atomic():
                job = start_incentives(
                    campaign=campaign, asked=IncentivesAsked(**given), by=self.staff, at=timezone.now()
                )
                transaction.on_commit(lambda: wake(job))
        except IncentivesInvalid as problem:
            raise serializers.ValidationError({problem.field: problem.sentence}) from problem
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class WorthMostFirst(StablePaging):
    ordering = ("id",)  # type: ignore[assignment]


@extend_schema(tags=["Offers"])
@extend_schema_view(
    list=extend_schema(
        summary="Who gets which benefit of a plan, worth most first",
        parameters=[OpenApiParameter("id", int, OpenApiParameter.PATH, description="Number of the plan.")],
    )
)
class IncentiveChoiceViewSet(NestedListViewSet):
    noun = "incentive-plans"
    queryset = IncentiveChoice.objects.select_related("customer")
    serializer_class = IncentiveChoiceSerializer
    pagination_class = WorthMostFirst
    parent, parent_key = "plan", "id"
