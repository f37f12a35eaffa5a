from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from campaigns.models import Trial, TrialArm
from loyalty.api.viewsets import NumberedViewSet


class TrialArmSerializer(serializers.ModelSerializer[TrialArm]):
    class Meta:
        model = TrialArm
        fields = ["position", "name", "planned_share", "n_people"]


class TrialSerializer(serializers.ModelSerializer[Trial]):
    """A finished randomised campaign. The arm at position 0 is the control."""

    arms = TrialArmSerializer(many=True, read_only=True)

    class Meta:
        model = Trial
        fields = [
            "id", "name", "source", "state", "outcome_name", "n_people", "n_rejected", "n_customers", "contact_cost",
            "outcome_value", "currency", "created_at", "read_at", "arms",
        ]  # fmt: skip
        read_only_fields = fields


class TrialDetailSerializer(TrialSerializer):
    class Meta(TrialSerializer.Meta):
        fields = [*TrialSerializer.Meta.fields, "feature_names", "results", "note"]
        read_only_fields = fields


@extend_schema(tags=["Experiments"])
@extend_schema_view(
    list=extend_schema(summary="List finished trials"),
    retrieve=extend_schema(summary="One trial: what each arm changed, and whether choosing people pays"),
)
class TrialViewSet(NumberedViewSet):
    noun = "trials"
    queryset = Trial.objects.prefetch_related("arms")
    serializer_class = TrialSerializer
    filterset_fields = ["state"]

    def get_serializer_class(self) -> type[TrialSerializer]:
        return TrialDetailSerializer if self.action == "retrieve" else TrialSerializer
