"""What the pages about simulations read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Count, Exists, F, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from campaigns.charts.scoreboard import Scored
from campaigns.models import AudienceMember, Campaign, Forecast, Outcome, Redemption, Simulation
from campaigns.models.simulations import Metric
from campaigns.queries.counts import count_members


def simulation_list(*, text: str = "") -> QuerySet[Simulation]:
    """Simulations with their campaign, audience, forecast of redeemers and its outcome, newest first."""
    forecasts = Forecast.objects.filter(metric=Metric.REDEEMERS)
    outcomes = Outcome.objects.filter(metric=Metric.REDEEMERS)
    found = (
        Simulation.objects.select_related("campaign", "audience", "model_version")
        .annotate(n_members=count_members())
        .defer("audience__findings")
    )
    found = found.prefetch_related(
        Prefetch("forecasts", queryset=forecasts, to_attr="redeemer_forecasts"),
        Prefetch("campaign__outcomes", queryset=outcomes, to_attr="redeemer_outcomes"),
    )
    return found.filter(campaign__name__icontains=text) if text else found


@dataclass(frozen=True)
class Rehearsed:
    """A simulation beside what happened. `outcome` is empty where it was made for other people than were written to."""

    simulation: Simulation
    forecast: Forecast | None
    outcome: Outcome | None

    @property
    def is_scored(self) -> bool:
        """Whether the window has closed, so that the forecast can be held to what happened."""
        return self.forecast is not None and self.outcome is not None and self.outcome.is_complete

    @property
    def is_inside(self) -> bool | None:
        """Whether what happened lay within the 90 % interval."""
        if self.forecast is None or self.outcome is None:
            return None
        return self.forecast.low_90 <= self.outcome.value <= self.forecast.high_90

    @property
    def error(self) -> float | None:
        """Forecast above what happened, as a share of it."""
        if self.forecast is None or self.outcome is None or not self.outcome.value:
            return None
        return self.forecast.mid / self.outcome.value - 1


def rehearsed(simulations: Iterable[Simulation]) -> list[Rehearsed]:
    """One row a simulation, from `simulation_list()`."""
    return [_rehearsed(simulation) for simulation in simulations]


def _rehearsed(simulation: Simulation) -> Rehearsed:
    forecast = next(iter(simulation.redeemer_forecasts), None)  # type: ignore[attr-defined]
    outcome = next(iter(simulation.campaign.redeemer_outcomes), None)  # type: ignore[attr-defined]
    is_comparable = simulation.audience_id == simulation.campaign.audience_id
    return Rehearsed(simulation, forecast, outcome if is_comparable else None)


@dataclass(frozen=True)
class Scoreboard:
    """Forecasts whose campaign has ended, the newest forecast of each campaign, in the order of the campaigns."""

    rows: list[Rehearsed]

    @property
    def n_inside(self) -> int:
        return sum(bool(row.is_inside) for row in self.rows)


def scoreboard() -> Scoreboard:
    own_audience = simulation_list().filter(audience=F("campaign__audience"), campaign__outcomes__is_complete=True)
    newest: dict[int, Rehearsed] = {}
    for row in rehearsed(own_audience.distinct().order_by("campaign__starts_at", "campaign_id", "-id")):
        if row.is_scored:
            newest.setdefault(row.simulation.campaign_id, row)
    return Scoreboard(list(newest.values()))


@dataclass(frozen=True)
class Record:
    """The back-test that the newest simulation stands on."""

    rows: list[Scored]
    as_of: datetime

    @property
    def n_inside(self) -> int:
        return sum(row.is_inside for row in self.rows)


def record_of(simulation: Simulation) -> list[Scored]:
    """How forecasts made in the same way did on earlier campaigns, each knowing only what came before it."""
    lines = simulation.evidence.get("scoreboard", [])
    names = dict(Campaign.objects.filter(pk__in=[line["campaign_id"] for line in lines]).values_list("pk", "name"))
    return [
        Scored(
            names.get(line["campaign_id"], "A campaign since removed"),
            line["mid"],
            line["low_90"],
            line["high_90"],
            line["actual"],
        )
        for line in lines
    ]


def newest_record() -> Record | None:
    """The longest back-test known: that of the simulation which looked latest."""
    newest = Simulation.objects.order_by("-as_of", "-id").first()
    rows = record_of(newest) if newest else []
    return Record(rows, newest.as_of) if newest and rows else None


def simulation_page(pk: int) -> Simulation | None:
    """One simulation with everything its page names, or None."""
    found = Simulation.objects.select_related("campaign", "audience", "model_version", "job")
    return found.annotate(n_members=count_members()).filter(pk=pk).first()


def forecasts_of(simulation: Simulation) -> dict[str, Forecast]:
    return {forecast.metric: forecast for forecast in simulation.forecasts.all()}


def outcomes_beside(simulation: Simulation) -> dict[str, Outcome]:
    """What happened, when the simulation was made for the people the campaign was really sent to."""
    if simulation.audience_id != simulation.campaign.audience_id:
        return {}
    return {outcome.metric: outcome for outcome in simulation.campaign.outcomes.all()}


def siblings(simulation: Simulation) -> list[Rehearsed]:
    """The newest simulation of each kind of audience of the same campaign, this one among them."""
    others = simulation_list().filter(campaign=simulation.campaign_id).order_by("-id")
    by_kind: dict[str, Rehearsed] = {}
    for row in rehearsed(others):
        by_kind.setdefault(row.simulation.audience.kind, row)
    return [row for row in by_kind.values() if row.simulation.pk != simulation.pk]


def audience_members(simulation: Simulation) -> QuerySet[Any]:
    """The people of a simulation in the order of `place`: best first, else as they came.

    `got_it` says whether the campaign was sent to them, `n_taken` how often they took it.
    """
    took = Redemption.objects.filter(campaign=simulation.campaign_id, customer=OuterRef("customer"))
    n_taken = took.order_by().values("customer").annotate(n=Count("*")).values("n")
    sent = AudienceMember.objects.filter(audience=simulation.campaign.audience_id, customer=OuterRef("customer"))
    return (
        AudienceMember.objects.filter(audience=simulation.audience_id)
        .select_related("customer")
        .annotate(
            place=Coalesce("position", "id", output_field=BigIntegerField()),
            n_taken=Coalesce(Subquery(n_taken), 0, output_field=IntegerField()),
            got_it=Exists(sent),
        )
    )
