from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.campaigns import CampaignSerializer
from campaigns.api.plans import PLACES, AudienceRuleSerializer
from campaigns.models import Campaign, Scenario, Simulation
from campaigns.queries.scenario_pages import ScenarioLine, comparison
from campaigns.queries.scenarios import base_of
from campaigns.services.campaigns import CampaignInvalid
from campaigns.services.scenario_choice import apply_scenario
from campaigns.services.scenario_runs import start_scenarios
from campaigns.services.scenarios import ScenarioInvalid, ScenarioPlan, add_scenario
from loyalty.api.serializers import StrictFields
from loyalty.api.viewsets import ApiViewSet
from loyalty.tasks import wake

MONEY = ("cost_per_contact", "cost_per_redemption", "revenue_per_redemption", "margin_share")


class FigureSerializer(serializers.Serializer[Any]):
    mid = serializers.FloatField()
    low = serializers.FloatField(help_text="9 times out of 10 it is at least this.")
    high = serializers.FloatField()


class ScenarioSerializer(serializers.Serializer[Any]):
    """A plan with its figures, empty until it is simulated, and how its profit stands against the first plan's."""

    id = serializers.IntegerField(source="scenario.pk")
    name = serializers.CharField(source="scenario.name")
    benefit_percent = serializers.DecimalField(5, 2, source="scenario.benefit_percent", allow_null=True)
    benefit_amount = serializers.DecimalField(12, 2, source="scenario.benefit_amount", allow_null=True)
    starts_at = serializers.DateTimeField(source="scenario.starts_at")
    ends_at = serializers.DateTimeField(source="scenario.ends_at")
    audience_rule = serializers.DictField(source="scenario.audience_rule")
    n_customers = serializers.IntegerField(source="scenario.n_customers", allow_null=True)
    response = serializers.ChoiceField(Scenario.Response.choices, source="scenario.response")
    response_change = serializers.FloatField(source="scenario.response_change", allow_null=True)
    problem = serializers.CharField(source="scenario.problem", help_text="Why it could not be simulated; else empty.")
    applied_at = serializers.DateTimeField(source="scenario.applied_at", allow_null=True)
    figures = serializers.DictField(child=FigureSerializer())
    gain = FigureSerializer(allow_null=True, help_text="Profit more than that of the first plan; null for that one.")
    is_told_apart = serializers.SerializerMethodField()
    outside = serializers.SerializerMethodField(help_text="In which ways nothing like it has been seen.")

    def get_is_told_apart(self, line: ScenarioLine) -> bool | None:
        return line.against.is_told_apart if line.against else None

    def get_outside(self, line: ScenarioLine) -> list[str]:
        return [finding["sentence"] for finding in line.outside]


class ScenarioAskedSerializer(StrictFields):
    """What is left out stays as it was simulated."""

    name = serializers.CharField(max_length=100)
    benefit_percent = serializers.DecimalField(5, 2, required=False)
    benefit_amount = serializers.DecimalField(12, 2, required=False)
    response_change = serializers.DecimalField(
        5, 3, required=False, help_text="Your assumption: 0.2 for a fifth more people who take it."
    )
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField(required=False)
    audience_rule = AudienceRuleSerializer(required=False)
    cost_per_contact = serializers.DecimalField(8, 4, required=False)
    cost_per_redemption = serializers.DecimalField(12, 2, required=False)
    revenue_per_redemption = serializers.DecimalField(12, 2, required=False)
    margin_share = serializers.DecimalField(4, 3, required=False)


NUMBER = OpenApiParameter("id", int, OpenApiParameter.PATH, description="Number of the simulation.")
ITS_NUMBER = OpenApiParameter("scenario_id", int, OpenApiParameter.PATH, description="Number of the plan.")


@extend_schema(tags=["Simulations"], parameters=[NUMBER])
@extend_schema_view(apply=extend_schema(parameters=[ITS_NUMBER]))
class ScenarioViewSet(ApiViewSet):
    noun = "simulations"
    queryset = Scenario.objects.all()
    serializer_class = ScenarioSerializer
    pagination_class = None
    lookup_value_regex = r"[0-9]{1,18}"
    lookup_url_kwarg = "scenario_id"
    action_permissions = {"create": ["campaigns.add_simulation"], "apply": ["campaigns.change_campaign"]}

    @extend_schema(summary="Plans of a simulation side by side", responses=ScenarioSerializer(many=True))
    def list(self, request: Request, id: str) -> Response:
        lines = comparison(self._simulation(id)).lines
        return Response(ScenarioSerializer(lines, many=True).data)

    @extend_schema(
        summary="Add a plan to compare",
        description="One that reaches the same people has its figures at once; others are simulated by a job.",
        request=ScenarioAskedSerializer,
        responses={201: ScenarioSerializer},
        examples=[
            OpenApiExample(
                "A deeper benefit that a fifth more people take",
                value={"name": "Two off", "benefit_amount": "2.00", "response_change": "0.200"},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request, id: str) -> Response:
        simulation = self._simulation(id)
        asked = ScenarioAskedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            with transaction.atomic():
                scenario = add_scenario(
                    simulation=simulation, plan=_plan(simulation, asked.validated_data), by=self.staff,
                    at=timezone.now(),
                )  # fmt: skip
                job = start_scenarios(simulation=simulation, by=self.staff, at=timezone.now())
                if job is not None:
                    transaction.on_commit(lambda: wake(job))
        except ScenarioInvalid as problem:
            place = PLACES.get(problem.field, problem.field)
            raise serializers.ValidationError({place: problem.sentence}) from problem
        (line,) = [one for one in comparison(simulation).lines if one.scenario.pk == scenario.pk]
        return Response(ScenarioSerializer(line).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Apply a plan to its draft campaign",
        description="Writes benefit, dates, audience and costs into the campaign; one that is no draft is left alone.",
        request=None,
        responses=CampaignSerializer,
    )
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, id: str, scenario_id: str) -> Response:
        shown = Scenario.objects.select_related("simulation__campaign", "simulation__audience")
        scenario = get_object_or_404(shown, pk=scenario_id, simulation=id, removed_at=None)
        try:
            campaign = apply_scenario(scenario=scenario, by=self.staff, at=timezone.now())
        except CampaignInvalid as problem:
            raise serializers.ValidationError({problem.field: problem.sentence}) from problem
        return Response(CampaignSerializer(Campaign.objects.get(pk=campaign.pk)).data)

    def _simulation(self, id: str) -> Simulation:
        return get_object_or_404(Simulation.objects.select_related("campaign", "audience"), pk=id)


def _plan(simulation: Simulation, asked: dict[str, Any]) -> ScenarioPlan:
    base = base_of(simulation)
    rule = asked.get("audience_rule", base.audience_rule if base else {})
    change = asked.get("response_change")
    return ScenarioPlan(
        name=asked["name"],
        starts_at=asked.get("starts_at", simulation.campaign.starts_at),
        ends_at=asked.get("ends_at", simulation.campaign.ends_at),
        audience_rule=dict(rule),
        benefit_percent=asked.get("benefit_percent"),
        benefit_amount=asked.get("benefit_amount"),
        response_change=None if change is None else float(change),
        money={name: float(asked[name]) for name in MONEY if name in asked},
    )
