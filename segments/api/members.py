from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers

from loyalty.api.viewsets import NestedListViewSet
from segments.models import SegmentMembership


class MemberSerializer(serializers.ModelSerializer[SegmentMembership]):
    customer = serializers.CharField(source="customer.external_id", read_only=True, help_text="External id.")

    class Meta:
        model = SegmentMembership
        fields = ["customer", "valid_from", "entered_because"]
        read_only_fields = fields


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
