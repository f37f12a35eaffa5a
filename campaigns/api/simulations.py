from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.pilots import PilotAskedSerializer, PilotSerializer, told_of_pilot
from campaigns.models import Audience, Forecast, Outcome, Pilot, Simulation
from campaigns.queries.pilots import open_pilot
from campaigns.services.pilot_draws import PilotPlanned, call_off_pilot, draw_pilot
from campaigns.services.pilots import PilotInvalid, forecast_rest
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
    action_permissions = {
        "pilot_draw": ["campaigns.add_campaign"],
        "pilot_call_off": ["campaigns.add_campaign"],
    }

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        if self.action == "retrieve":
            return rows.select_related("campaign").prefetch_related("campaign__outcomes")
        return rows.defer("assumptions", "evidence", "curves")

    def get_serializer_class(self) -> type[SimulationSerializer]:
        return SimulationDetailSerializer if self.action == "retrieve" else SimulationSerializer

    @extend_schema(summary="How many should get it first, and what became of them", responses=PilotSerializer)
    @action(detail=True, methods=["get"])
    def pilot(self, request: Request, pk: str) -> Response:
        return Response(told_of_pilot(self._whole(), at=timezone.now()))

    @extend_schema(
        summary="Draw a pilot",
        description="Makes a draft campaign for some of these customers, drawn at random; the others wait. "
        "Asked again for as many, it is not drawn twice.",
        request=PilotAskedSerializer,
        responses={201: PilotSerializer},
        examples=[
            OpenApiExample(
                "A hundred customers for two weeks",
                value={"n": 100, "starts_at": "2018-01-01T00:00:00-05:00", "ends_at": "2018-01-15T00:00:00-05:00"},
                request_only=True,
            )
        ],
    )
    @pilot.mapping.post
    def pilot_draw(self, request: Request, pk: str) -> Response:
        asked = PilotAskedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        simulation = self._whole()
        plan = PilotPlanned(**asked.validated_data)
        _or_refuse(lambda: draw_pilot(simulation=simulation, plan=plan, by=self.staff, at=timezone.now()))
        return Response(told_of_pilot(simulation, at=timezone.now()), status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Forecast those who wait, with what the pilot told",
        description="Counted from the data. Told nothing new, the forecast made before is answered.",
        request=None,
        responses={201: SimulationSerializer},
    )
    @action(detail=True, methods=["post"], url_path="pilot/forecast", url_name="pilot-forecast")
    def pilot_forecast(self, request: Request, pk: str) -> Response:
        drawn = self._drawn()
        made = _or_refuse(lambda: forecast_rest(pilot=drawn, by=self.staff, at=timezone.now()))
        return Response(SimulationSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Call a pilot off",
        description="Only before it is reviewed. Its people belong to the campaign again.",
        request=None,
        responses=PilotSerializer,
    )
    @action(detail=True, methods=["post"], url_path="pilot/call-off", url_name="pilot-call-off")
    def pilot_call_off(self, request: Request, pk: str) -> Response:
        drawn = self._drawn()
        _or_refuse(lambda: call_off_pilot(pilot=drawn, by=self.staff, at=timezone.now()))
        return Response(told_of_pilot(self._whole(), at=timezone.now()))

    def _whole(self) -> Simulation:
        found: Simulation = Simulation.objects.select_related("campaign", "audience").get(pk=self.get_object().pk)
        return found

    def _drawn(self) -> Pilot:
        drawn = open_pilot(self.get_object().campaign_id)
        if drawn is None:
            raise serializers.ValidationError({"pilot": "No pilot was drawn for this campaign. Draw one first."})
        return drawn


def _or_refuse(do: Callable[[], Any]) -> Any:
    try:
        return do()
    except PilotInvalid as problem:
        raise serializers.ValidationError({problem.field: problem.sentence}) from problem
