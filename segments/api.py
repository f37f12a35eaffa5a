from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers

from loyalty.api.routers import ApiRouter
from loyalty.api.viewsets import NestedListViewSet, NumberedViewSet
from segments.models import Segment, Segmentation, SegmentMembership

OPEN_MEMBERS = (
    SegmentMembership.objects.filter(segment=OuterRef("pk"), valid_until=None)
    .order_by()
    .values("segment")
    .annotate(n=Count("pk"))
    .values("n")
)


class SegmentationSerializer(serializers.ModelSerializer[Segmentation]):
    class Meta:
        model = Segmentation
        fields = ["id", "name", "as_of", "k", "silhouette", "verdict", "is_current"]
        read_only_fields = fields


class SegmentSerializer(serializers.ModelSerializer[Segment]):
    segmentation = SegmentationSerializer(read_only=True, allow_null=True)
    n_customers = serializers.IntegerField(read_only=True)

    class Meta:
        model = Segment
        fields = ["id", "kind", "name", "description", "n_customers", "profile", "segmentation", "created_at"]
        read_only_fields = fields


class SegmentFilter(filters.FilterSet):
    is_current = filters.BooleanFilter(
        field_name="segmentation__is_current", help_text="True: only the segments found by the latest run."
    )

    class Meta:
        model = Segment
        fields = ["kind", "segmentation"]


class MemberSerializer(serializers.ModelSerializer[SegmentMembership]):
    customer = serializers.CharField(source="customer.external_id", read_only=True, help_text="External id.")

    class Meta:
        model = SegmentMembership
        fields = ["customer", "valid_from"]
        read_only_fields = fields


@extend_schema(tags=["Segments"])
@extend_schema_view(
    list=extend_schema(summary="List segments with their sizes"),
    retrieve=extend_schema(summary="One segment"),
)
class SegmentViewSet(NumberedViewSet):
    noun = "segments"
    queryset = Segment.objects.select_related("segmentation").annotate(
        n_customers=Coalesce(Subquery(OPEN_MEMBERS, output_field=IntegerField()), 0)
    )
    serializer_class = SegmentSerializer
    filterset_class = SegmentFilter


@extend_schema(tags=["Segments"])
@extend_schema_view(
    list=extend_schema(
        summary="Customers who are in a segment now",
        parameters=[OpenApiParameter("id", int, OpenApiParameter.PATH, description="Number of the segment.")],
    )
)
class MemberViewSet(NestedListViewSet):
    noun = "segments"
    queryset = SegmentMembership.objects.filter(valid_until=None).select_related("customer")
    serializer_class = MemberSerializer
    parent, parent_key = "segment", "id"


router = ApiRouter()
router.register("segments", SegmentViewSet)
router.register(r"segments/(?P<id>[0-9]{1,18})/members", MemberViewSet, basename="api-member")
