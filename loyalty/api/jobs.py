from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from loyalty.api.viewsets import NumberedViewSet
from loyalty.models import Job


class JobSerializer(serializers.ModelSerializer[Job]):
    share_done = serializers.FloatField(read_only=True, help_text="Between 0 and 1.")

    class Meta:
        model = Job
        fields = [
            "id",
            "label",
            "state",
            "done",
            "total",
            "share_done",
            "message",
            "summary",
            "error",
            "parent",
            "position",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


@extend_schema(tags=["Jobs"])
@extend_schema_view(
    list=extend_schema(summary="List long-running work, newest last"),
    retrieve=extend_schema(summary="How far one job is"),
)
class JobViewSet(NumberedViewSet):
    noun = "jobs"
    queryset = Job.objects.order_by("id")
    serializer_class = JobSerializer
    filterset_fields = ["state", "parent"]
