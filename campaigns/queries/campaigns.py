"""What the pages about campaigns read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Prefetch, Q, QuerySet

from campaigns.charts.calendar import Span
from campaigns.models import (
    Campaign,
    CampaignOffer,
    Forecast,
    Offer,
    OfferProduct,
    Outcome,
    Redemption,
    Simulation,
)
from campaigns.models.simulations import Metric
from campaigns.queries.counts import count_members, count_of, count_takers
from loyalty.models import Job

# Most rehearsals are done by then: until then somebody sits and waits, and is told at once.
SOON = timedelta(seconds=15)
SENT_STATES = (Campaign.State.RUNNING, Campaign.State.PAUSED, Campaign.State.COMPLETED)


def campaign_list(*, state: str = "", type: str = "", text: str = "") -> QuerySet[Campaign]:
    """Campaigns with `n_members` and `n_took`, newest window first."""
    found = Campaign.objects.annotate(n_members=count_members(), n_took=count_takers())
    if state:
        found = found.filter(state=state)
    if type:
        found = found.filter(type=type)
    if text:
        found = found.filter(Q(name__icontains=text) | Q(goal__icontains=text) | Q(external_id__iexact=text))
    return found.order_by("-starts_at", "-id")


def with_reception(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """Bring along how many were expected to take each campaign."""
    forecasts = Forecast.objects.filter(metric=Metric.REDEEMERS)
    return campaigns.prefetch_related(
        Prefetch("simulations", queryset=Simulation.objects.order_by("-id")),
        Prefetch("simulations__forecasts", queryset=forecasts, to_attr="redeemer_forecasts"),
    )


@dataclass(frozen=True)
class Expectation:
    """How many were expected to take a campaign, by a simulation of it or else by the back-test of later ones."""

    mid: float
    low_90: float
    high_90: float
    is_back_test: bool


@dataclass(frozen=True)
class Reception:
    """A campaign beside what was expected of it and what came, both in customers who took it."""

    campaign: Campaign
    n_members: int
    forecast: Expectation | None
    actual: int | None
    is_complete: bool


def receptions(campaigns: Iterable[Campaign], *, now: datetime) -> list[Reception]:
    """One row a campaign, from `with_reception(campaign_list())`. Nothing can have happened to one never sent."""
    tested = _back_tests()
    return [
        Reception(
            campaign=campaign,
            n_members=campaign.n_members,  # type: ignore[attr-defined]
            forecast=_forecast_of(campaign) or tested.get(campaign.pk),
            actual=campaign.n_took if campaign.state in SENT_STATES else None,  # type: ignore[attr-defined]
            is_complete=campaign.ends_at <= now,
        )
        for campaign in campaigns
    ]


def _forecast_of(campaign: Campaign) -> Expectation | None:
    """The newest forecast for the people it was sent to; else the newest of all."""
    made = sorted(campaign.simulations.all(), key=lambda made: made.audience_id != campaign.audience_id)
    forecasts = (forecast for simulation in made for forecast in simulation.redeemer_forecasts)  # type: ignore[attr-defined]
    newest = next(forecasts, None)
    return Expectation(newest.mid, newest.low_90, newest.high_90, is_back_test=False) if newest else None


def _back_tests() -> dict[int, Expectation]:
    """What the newest simulation's method would have said of earlier campaigns, each before it began."""
    newest = Simulation.objects.order_by("-as_of", "-id").values_list("evidence", flat=True).first() or {}
    return {
        line["campaign_id"]: Expectation(line["mid"], line["low_90"], line["high_90"], is_back_test=True)
        for line in newest.get("scoreboard", [])
    }


def campaign_types() -> list[str]:
    return list(Campaign.objects.order_by("type").values_list("type", flat=True).distinct())


def campaign_page(pk: int) -> Campaign | None:
    """One campaign with its people and sizes, or None when there is none."""
    found = Campaign.objects.select_related("audience", "created_by", "approved_by").annotate(
        n_members=count_members(),
        n_took=count_takers(),
        n_offers=count_of(CampaignOffer.objects.filter(campaign=OuterRef("pk")), "campaign"),
    )
    return found.filter(pk=pk).first()


def what_happened(campaign: Campaign, *, now: datetime) -> dict[str, Any]:
    """How many took a campaign from `campaign_page`, where it was sent at all."""
    was_sent = campaign.state in SENT_STATES
    took: int = campaign.n_took  # type: ignore[attr-defined]
    n_members: int = campaign.n_members  # type: ignore[attr-defined]
    return {
        "was_sent": was_sent,
        "took": took if was_sent else None,
        "took_share": took / n_members if was_sent and n_members else None,
        "is_complete": campaign.ends_at <= now,
    }


def calendar_spans(campaigns: QuerySet[Campaign]) -> list[Span]:
    """The windows of campaigns in whole days of the shop's time zone."""
    return [Span(c.name, c.type, c.get_state_display(), c.first_day, c.last_day) for c in campaigns]


@dataclass(frozen=True)
class SoFar:
    """What the customers add up to who are scored already: `n` of `of` of them, and how many would take it."""

    n: int
    of: int
    mid: float
    low_90: float
    high_90: float


@dataclass(frozen=True)
class Rehearsal:
    """The newest job that rehearses a campaign, what it says of how far it is, and what came of it."""

    job: Job
    message: str
    so_far: SoFar | None
    simulation: Simulation | None

    def pause_ms(self, at: datetime) -> int:
        """How long a page waits before it asks again."""
        return 250 if at - self.job.created_at < SOON else 1000


def newest_rehearsal(campaign: Campaign) -> Rehearsal | None:
    """The job last started for this campaign from its page, or None when nobody has."""
    about = Q(task="campaigns.simulate_campaign", params__campaign_id=campaign.pk)
    if campaign.external_id:
        about |= Q(task="campaigns.rehearse_campaign", params__campaign=campaign.external_id)
    job = Job.objects.filter(about).select_related("started_by", "parent").order_by("-id").first()
    if job is None:
        return None
    # Of a large shop it is the last of many steps: how far all of them are is what people wait for.
    steps = list(job.parent.steps.order_by("position")) if job.parent else []
    message = _told_by(steps) if steps else job.message
    return Rehearsal(job.parent or job, message, _so_far(steps), job.simulations.order_by("id").first())


def _told_by(steps: Sequence[Job]) -> str:
    at_work = next((step for step in steps if step.state == Job.State.RUNNING), None)
    return (at_work.message or at_work.label) if at_work else ""


def _so_far(steps: Sequence[Job]) -> SoFar | None:
    """What the parts that are done add up to, until the forecast itself is told."""
    told = [step.summary["so_far"] for step in steps if step.state == Job.State.DONE and "so_far" in step.summary]
    is_told = any(step.message for step in steps if step.state == Job.State.RUNNING and not step.is_beside)
    return SoFar(**max(told, key=lambda one: one["n"])) if told and not is_told else None


def campaign_simulations(campaign: Campaign) -> QuerySet[Simulation]:
    """What was rehearsed for a campaign, newest first, each with `redeemer_forecasts`."""
    forecasts = Forecast.objects.filter(metric=Metric.REDEEMERS)
    rows = campaign.simulations.select_related("audience", "campaign")
    size = count_members()
    return rows.annotate(n_members=size).prefetch_related(
        Prefetch("forecasts", queryset=forecasts, to_attr="redeemer_forecasts")
    )


def campaign_outcomes(campaign: Campaign) -> QuerySet[Outcome]:
    return campaign.outcomes.order_by("id")


def campaign_offers(campaign: Campaign, *, text: str = "") -> QuerySet[Offer]:
    """The offers of a campaign with `n_products` and `n_redeemed` within it."""
    found = Offer.objects.filter(campaign_offers__campaign=campaign).annotate(
        n_products=count_of(OfferProduct.objects.filter(offer=OuterRef("pk")), "offer"),
        n_redeemed=count_of(Redemption.objects.filter(offer=OuterRef("pk"), campaign=campaign), "offer"),
    )
    return found.filter(name__icontains=text) if text else found


@dataclass(frozen=True)
class HoldoutSummary:
    """How many campaigns that were sent kept somebody out on purpose."""

    n_sent: int
    with_holdout: list[Campaign]


def holdout_summary() -> HoldoutSummary:
    sent = Campaign.objects.filter(state__in=SENT_STATES)
    return HoldoutSummary(sent.count(), list(sent.filter(holdout_share__gt=0)))
