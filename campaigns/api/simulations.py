from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from campaigns.models import Audience, Forecast, Outcome, Simulation
from loyalty.api.viewsets import NumberedViewSet
from recommender.models import ModelVersion


class ForecastSerializer(serializers.ModelSerializer[Forecast]):
    class Meta:
        model = Forecast
        exclude = ["id", "simulation"]


class OutcomeSerializer(serializers.ModelSerializer[Outcome]):
    class Meta:
        model = Outcome
        fields = ["metric", "value", "currency", "observed_until", "is_complete", "note"]


class SimulatedAudienceSerializer(serializers.ModelSerializer[Audience]):
    class Meta:
        model = Audience
        fields = ["id", "name", "kind", "as_of", "advice"]


class SimulatedModelSerializer(serializers.ModelSerializer[ModelVersion]):
    class Meta:
        model = ModelVersion
        fields = ["id", "label", "is_baseline", "trained_at"]


class SimulationSerializer(serializers.ModelSerializer[Simulation]):
    """What was asked and what is expected, every number with its intervals and what it rests on."""

    audience = SimulatedAudienceSerializer(read_only=True)
    model = SimulatedModelSerializer(source="model_version", read_only=True)
    forecasts = ForecastSerializer(many=True, read_only=True)

    class Meta:
        model = Simulation
        fields = ["id", "campaign", "audience", "model", "as_of", "created_at", "forecasts"]
        read_only_fields = fields


class SimulationDetailSerializer(SimulationSerializer):
    outcome = OutcomeSerializer(
        source="campaign.outcomes", many=True, read_only=True, help_text="What really happened; empty until counted."
    )

    class Meta(SimulationSerializer.Meta):
        fields = [*SimulationSerializer.Meta.fields, "outcome", "assumptions", "evidence", "curves", "seed"]
        read_only_fields = fields


@extend_schema(tags=["Simulations"])
@extend_schema_view(
    list=extend_schema(summary="List simulations with their forecasts"),
    retrieve=extend_schema(summary="One simulation: forecasts, what they rest on, and what really happened"),
)
class SimulationViewSet(NumberedViewSet):
    noun = "simulations"
    queryset = Simulation.objects.select_related("audience", "model_version").prefetch_related("forecasts")
    serializer_class = SimulationSerializer
    filterset_fields = ["campaign", "audience"]

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        if self.action == "retrieve":
            return rows.select_related("campaign").prefetch_related("campaign__outcomes")
        return rows.defer("assumptions", "evidence", "curves")

    def get_serializer_class(self) -> type[SimulationSerializer]:
        return SimulationDetailSerializer if self.action == "retrieve" else SimulationSerializer
