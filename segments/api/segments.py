from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.etags import check_match
from loyalty.api.jobs import JobSerializer
from loyalty.api.viewsets import NumberedViewSet
from loyalty.models import Job
from loyalty.tasks import wake
from segments.api.rules import EXAMPLE, CountSerializer, RulePlanSerializer, RuleSerializer, plan_of, refusals
from segments.engine.rules.notation import read_rule
from segments.engine.rules.words import sentence
from segments.models import Segment, Segmentation, SegmentMembership, SegmentRefresh
from segments.queries.rules.catalogue import catalogue_of, check_values, moment_of_rules
from segments.queries.rules.counting import count_members
from segments.services.rules import change_segment, create_segment, start_refresh

OPEN_MEMBERS = (
    SegmentMembership.objects.filter(segment=OuterRef("pk"), valid_until=None)
    .order_by()
    .values("segment")
    .annotate(n=Count("pk"))
    .values("n")
)
NEWEST = SegmentRefresh.objects.filter(segment=OuterRef("pk")).order_by("-id")


class SegmentationSerializer(serializers.ModelSerializer[Segmentation]):
    class Meta:
        model = Segmentation
        fields = ["id", "name", "as_of", "k", "silhouette", "verdict", "is_current"]
        read_only_fields = fields


class SegmentSerializer(serializers.ModelSerializer[Segment]):
    segmentation = SegmentationSerializer(read_only=True, allow_null=True)
    n_customers = serializers.IntegerField(read_only=True)
    rule: Any = serializers.JSONField(
        source="rule.tree", read_only=True, default=None, help_text="Of a segment by rule; else null."
    )
    version = serializers.IntegerField(
        source="rule.version", read_only=True, default=None, allow_null=True, help_text="Of the rule."
    )
    refreshed_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When it was looked at who is in a segment by rule."
    )

    class Meta:
        model = Segment
        fields = [
            "id", "kind", "name", "description", "n_customers", "profile", "segmentation", "rule", "version",
            "refreshed_at", "frozen_at", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class SegmentFilter(filters.FilterSet):
    is_current = filters.BooleanFilter(
        field_name="segmentation__is_current", help_text="True: only the segments found by the latest run."
    )

    class Meta:
        model = Segment
        fields = ["kind", "segmentation"]


@extend_schema(tags=["Segments"])
@extend_schema_view(
    list=extend_schema(summary="List segments with their sizes"),
    retrieve=extend_schema(summary="One segment"),
)
class SegmentViewSet(NumberedViewSet):
    noun = "segments"
    queryset = Segment.objects.select_related("segmentation", "rule").annotate(
        n_customers=Coalesce(Subquery(OPEN_MEMBERS, output_field=IntegerField()), 0),
        refreshed_at=Subquery(NEWEST.values("at")[:1]),
    )
    serializer_class = SegmentSerializer
    filterset_class = SegmentFilter
    action_permissions = {"refresh": ["segments.change_segment"]}

    @extend_schema(
        summary="Make a segment by a rule",
        description="Who is in it is looked at by a job that starts at once; `refreshed_at` says when it did.",
        request=RulePlanSerializer,
        responses={201: SegmentSerializer},
        examples=[OpenApiExample("Wine lovers", request_only=True, value=EXAMPLE)],
    )
    def create(self, request: Request) -> Response:
        asked = RulePlanSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with refusals(), transaction.atomic():
            segment = create_segment(plan=plan_of(asked.validated_data), by=self.staff, at=timezone.now())
            self._refresh(segment)
        found = self.get_queryset().get(pk=segment.pk)
        place = f"{request.path.rstrip('/')}/{segment.pk}"
        return self.answer(self.represented(found), status.HTTP_201_CREATED, Location=place)

    @extend_schema(
        summary="Change the rule of a segment",
        description="Send the whole plan. A rule that says something else becomes the next version.",
        request=RulePlanSerializer,
        responses=SegmentSerializer,
        examples=[OpenApiExample("Wine lovers", request_only=True, value=EXAMPLE)],
    )
    def update(self, request: Request, pk: str) -> Response:
        segment = self.get_object()
        check_match(request, self.represented(segment))
        if not hasattr(segment, "rule"):
            raise serializers.ValidationError({"rule": "This segment has no rule: it is found in the data."})
        asked = RulePlanSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with refusals(), transaction.atomic():
            change_segment(segment=segment, plan=plan_of(asked.validated_data), by=self.staff, at=timezone.now())
            self._refresh(segment)
        return self.answer(self.represented(self.get_object()))

    @extend_schema(
        summary="Count who would fit a rule",
        description="Nothing is kept. Exact where that is cheap, else an estimate with its interval.",
        request=RuleSerializer,
        responses=CountSerializer,
        examples=[OpenApiExample("Wine lovers", request_only=True, value={"rule": EXAMPLE["rule"]})],
    )
    @action(detail=False, methods=["post"], url_path="preview-count")
    def preview_count(self, request: Request) -> Response:
        asked = RuleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        tree = asked.validated_data["rule"]
        with refusals():
            words = catalogue_of(tree)
            rule = read_rule(tree, words)
            check_values(rule)
            found = count_members(rule, moment_of_rules(timezone.now()))
        told = {**asdict(found), "is_exact": found.is_exact, "sentence": sentence(rule, words)}
        return Response(told)

    @extend_schema(
        summary="Look at who is in a segment now",
        description="Starts a job that looks at everybody; follow the job until it is done.",
        request=None,
        responses={202: JobSerializer},
    )
    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, pk: str) -> Response:
        segment = self.get_object()
        if not hasattr(segment, "rule") or segment.frozen_at:
            raise serializers.ValidationError({"id": "Only a segment with a rule that is not frozen can be refreshed."})
        with transaction.atomic():
            job = self._refresh(segment)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    def _refresh(self, segment: Segment) -> Job:
        job = start_refresh(segment=segment, by=self.staff, at=timezone.now())
        transaction.on_commit(lambda: wake(job))
        return job
