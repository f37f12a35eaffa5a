from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers

from campaigns.models import Trial, TrialArm, UpliftModel
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
            "outcome_value", "currency", "starts_at", "ends_at", "created_at", "read_at", "arms",
        ]  # fmt: skip
        read_only_fields = fields


class UpliftModelSerializer(serializers.ModelSerializer[UpliftModel]):
    """Whether a shop's customers may be ranked by what one arm changes: `is_open`. Its id goes into audience rules."""

    arm = serializers.CharField(source="arm.name", read_only=True)

    class Meta:
        model = UpliftModel
        fields = ["id", "arm", "is_open", "n_customers", "findings", "seed", "code_version", "made_at"]
        read_only_fields = fields


class TrialDetailSerializer(TrialSerializer):
    uplift_models = serializers.SerializerMethodField(help_text="Of its newest reading, one an arm.")

    class Meta(TrialSerializer.Meta):
        fields = [*TrialSerializer.Meta.fields, "feature_names", "results", "note", "uplift_models"]
        read_only_fields = fields

    @extend_schema_field(UpliftModelSerializer(many=True))
    def get_uplift_models(self, trial: Trial) -> Any:
        current = trial.uplift_models.filter(is_current=True).select_related("arm").defer("arrays", "params")
        return UpliftModelSerializer(current.order_by("arm"), many=True).data


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
