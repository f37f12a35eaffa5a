"""What the pages about campaigns read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from campaigns.charts.calendar import Span
from campaigns.models import (
    Audience,
    AudienceMember,
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
from loyalty.models import Customer, Job
from segments.models import Segment, SegmentMembership

SENT_STATES = (Campaign.State.RUNNING, Campaign.State.PAUSED, Campaign.State.COMPLETED)


def _counted(rows: QuerySet[Any], by: str) -> Coalesce:
    """How many `rows` belong to each row of the query around them."""
    grouped = rows.order_by().values(by).annotate(n=Count("*")).values("n")
    return Coalesce(Subquery(grouped), 0, output_field=IntegerField())


def _n_members() -> Coalesce:
    return _counted(AudienceMember.objects.filter(audience=OuterRef("audience_id")), "audience")


def _n_took() -> Coalesce:
    """Customers with a redemption in the campaign's window."""
    taken = Redemption.objects.filter(
        campaign=OuterRef("pk"), redeemed_at__gte=OuterRef("starts_at"), redeemed_at__lt=OuterRef("ends_at")
    )
    grouped = taken.order_by().values("campaign").annotate(n=Count("customer", distinct=True)).values("n")
    return Coalesce(Subquery(grouped), 0, output_field=IntegerField())


def campaign_list(*, state: str = "", type: str = "", text: str = "") -> QuerySet[Campaign]:
    """Campaigns with `n_members` and `n_took`, newest window first."""
    found = Campaign.objects.annotate(n_members=_n_members(), n_took=_n_took())
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
class Reception:
    """A campaign beside what was expected of it and what came, both in customers who took it."""

    campaign: Campaign
    n_members: int
    forecast: Forecast | None
    actual: int | None
    is_complete: bool


def receptions(campaigns: Iterable[Campaign], *, now: datetime) -> list[Reception]:
    """One row a campaign, from `with_reception(campaign_list())`. Nothing can have happened to one never sent."""
    return [
        Reception(
            campaign=campaign,
            n_members=campaign.n_members,  # type: ignore[attr-defined]
            forecast=_forecast_of(campaign),
            actual=campaign.n_took if campaign.state in SENT_STATES else None,  # type: ignore[attr-defined]
            is_complete=campaign.ends_at <= now,
        )
        for campaign in campaigns
    ]


def _forecast_of(campaign: Campaign) -> Forecast | None:
    """The newest forecast for the people it was sent to; else the newest of all."""
    made = sorted(campaign.simulations.all(), key=lambda made: made.audience_id != campaign.audience_id)
    return next((forecast for simulation in made for forecast in simulation.redeemer_forecasts), None)  # type: ignore[attr-defined]


def campaign_types() -> list[str]:
    return list(Campaign.objects.order_by("type").values_list("type", flat=True).distinct())


@dataclass(frozen=True)
class TypeHistory:
    """What past campaigns of one type looked like: what a new one is compared with."""

    type: str
    n_campaigns: int
    days: int
    n_reached: int
    n_took: int

    @property
    def took_share(self) -> float | None:
        return self.n_took / self.n_reached if self.n_reached else None


def type_histories(until: datetime | None) -> list[TypeHistory]:
    """Past campaigns by type, those whose window had closed at `until`, the type used most often first."""
    finished = Campaign.objects.filter(state__in=SENT_STATES, audience__isnull=False)
    if until is not None:
        finished = finished.filter(ends_at__lte=until)
    counted = finished.annotate(n_members=_n_members(), n_took=_n_took())
    by_type: dict[str, list[Campaign]] = {}
    for campaign in counted:
        by_type.setdefault(campaign.type, []).append(campaign)
    histories = [_history(type, campaigns) for type, campaigns in by_type.items()]
    return sorted(histories, key=lambda history: (-history.n_campaigns, history.type))


def _history(type: str, campaigns: list[Campaign]) -> TypeHistory:
    return TypeHistory(
        type=type,
        n_campaigns=len(campaigns),
        days=round(median((campaign.ends_at - campaign.starts_at) / timedelta(days=1) for campaign in campaigns)),
        n_reached=sum(campaign.n_members for campaign in campaigns),  # type: ignore[attr-defined]
        n_took=sum(campaign.n_took for campaign in campaigns),  # type: ignore[attr-defined]
    )


def campaigns_with_known_audience() -> QuerySet[Campaign]:
    """Campaigns whose recipients are known, so that they can be written to again."""
    members = AudienceMember.objects.filter(audience=OuterRef("audience_id"))
    known = Campaign.objects.filter(Exists(members)).annotate(n_members=_n_members())
    return known.order_by("-starts_at", "-id")


def segments_to_reach() -> QuerySet[Segment]:
    """Segments that have somebody in them now, those of the current segmentation first."""
    now_in = Count("memberships", filter=Q(memberships__valid_until__isnull=True))
    usable = Segment.objects.filter(Q(segmentation__isnull=True) | Q(segmentation__is_current=True))
    return usable.annotate(n_members=now_in).filter(n_members__gt=0).order_by("number", "id")


def latest_money() -> Campaign | None:
    """The campaign for which somebody last said what a contact costs: what they are likely to say again."""
    return Campaign.objects.filter(cost_per_contact__isnull=False, created_by__isnull=False).order_by("-id").first()


def campaign_page(pk: int) -> Campaign | None:
    """One campaign with its people and sizes, or None when there is none."""
    found = Campaign.objects.select_related("audience", "created_by", "approved_by").annotate(
        n_members=_n_members(),
        n_took=_n_took(),
        n_offers=_counted(CampaignOffer.objects.filter(campaign=OuterRef("pk")), "campaign"),
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


@dataclass(frozen=True)
class AudienceRule:
    """In words, whom a campaign should reach."""

    sentence: str
    segment: Segment | None = None
    campaign: Campaign | None = None


def audience_rule(rule: Mapping[str, Any]) -> AudienceRule:
    """Put a stored rule into words; what it names may be gone by now."""
    kind = rule.get("kind")
    if kind == Audience.Kind.SEGMENT:
        segment = Segment.objects.filter(pk=rule.get("segment_id", 0)).first()
        return AudienceRule("Everybody in the segment" if segment else "A segment that no longer exists", segment)
    if kind == Audience.Kind.BEST:
        n = rule.get("n")
        return AudienceRule(f"The {n:,} customers most likely to take it" if n else "The customers who pay for it")
    if kind == Audience.Kind.IMPORTED:
        campaign = Campaign.objects.filter(pk=rule.get("campaign_id", 0)).first()
        return AudienceRule(
            "The same people as in" if campaign else "The recipients of a past campaign", None, campaign
        )
    return AudienceRule("Every customer" if kind == Audience.Kind.EVERYBODY else "Not decided yet")


def audience_size(rule: Mapping[str, Any]) -> int | None:
    """How many customers a rule reaches now; None while the number is still to be worked out."""
    kind = rule.get("kind")
    if kind == Audience.Kind.SEGMENT:
        return SegmentMembership.objects.filter(segment=rule["segment_id"], valid_until__isnull=True).count()
    if kind == Audience.Kind.IMPORTED:
        return AudienceMember.objects.filter(audience__campaigns=rule["campaign_id"]).count()
    everybody = Customer.objects.count()
    if kind == Audience.Kind.BEST:
        return min(rule["n"], everybody) if rule.get("n") else None
    return everybody


def calendar_spans(campaigns: QuerySet[Campaign]) -> list[Span]:
    """The windows of campaigns in whole days of the shop's time zone."""
    return [Span(c.name, c.type, c.get_state_display(), c.first_day, c.last_day) for c in campaigns]


@dataclass(frozen=True)
class Rehearsal:
    """The newest job that rehearses a campaign, and what came of it."""

    job: Job
    simulation: Simulation | None


def newest_rehearsal(campaign: Campaign) -> Rehearsal | None:
    """The job last started for this campaign from its page, or None when nobody has."""
    about = Q(task="campaigns.simulate_campaign", params__campaign_id=campaign.pk)
    if campaign.external_id:
        about |= Q(task="campaigns.rehearse_campaign", params__campaign=campaign.external_id)
    job = Job.objects.filter(about).select_related("started_by", "parent").order_by("-id").first()
    return Rehearsal(job, job.simulations.order_by("id").first()) if job else None


def campaign_simulations(campaign: Campaign) -> QuerySet[Simulation]:
    """What was rehearsed for a campaign, newest first, each with `redeemer_forecasts`."""
    forecasts = Forecast.objects.filter(metric=Metric.REDEEMERS)
    rows = campaign.simulations.select_related("audience", "campaign")
    size = _counted(AudienceMember.objects.filter(audience=OuterRef("audience_id")), "audience")
    return rows.annotate(n_members=size).prefetch_related(
        Prefetch("forecasts", queryset=forecasts, to_attr="redeemer_forecasts")
    )


def campaign_outcomes(campaign: Campaign) -> QuerySet[Outcome]:
    return campaign.outcomes.order_by("id")


def campaign_offers(campaign: Campaign, *, text: str = "") -> QuerySet[Offer]:
    """The offers of a campaign with `n_products` and `n_redeemed` within it."""
    found = Offer.objects.filter(campaign_offers__campaign=campaign).annotate(
        n_products=_counted(OfferProduct.objects.filter(offer=OuterRef("pk")), "offer"),
        n_redeemed=_counted(Redemption.objects.filter(offer=OuterRef("pk"), campaign=campaign), "offer"),
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
