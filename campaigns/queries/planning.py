"""What somebody who plans a campaign chooses from, and how it looks in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from campaigns.models import Audience, AudienceMember, Campaign
from campaigns.queries.campaigns import SENT_STATES
from campaigns.queries.counts import count_members, count_takers
from campaigns.queries.reach import TRAITS
from loyalty.models import Customer
from segments.models import Segment, SegmentMembership

# As the policy of a campaign has it where nobody says otherwise.
CONTACT_DAYS = 30


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
    counted = finished.annotate(n_members=count_members(), n_took=count_takers())
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
    known = Campaign.objects.filter(Exists(members)).annotate(n_members=count_members())
    return known.order_by("-starts_at", "-id")


def segments_to_reach() -> QuerySet[Segment]:
    """Segments that have somebody in them now, those of the current segmentation first."""
    now_in = Count("memberships", filter=Q(memberships__valid_until__isnull=True))
    usable = Segment.objects.filter(Q(segmentation__isnull=True) | Q(segmentation__is_current=True))
    return usable.annotate(n_members=now_in).filter(n_members__gt=0).order_by("number", "id")


def latest_money() -> Campaign | None:
    """The campaign for which somebody last said what a contact costs: what they are likely to say again."""
    return Campaign.objects.filter(cost_per_contact__isnull=False, created_by__isnull=False).order_by("-id").first()


@dataclass(frozen=True)
class AudienceRule:
    """In words, whom a campaign should reach."""

    sentence: str
    segment: Segment | None = None
    campaign: Campaign | None = None
    limits: tuple[str, ...] = ()


def audience_rule(rule: Mapping[str, Any]) -> AudienceRule:
    """Put a stored rule into words; what it names may be gone by now."""
    return replace(_kind_in_words(rule), limits=tuple(_limits_in_words(rule)))


def _limits_in_words(rule: Mapping[str, Any]) -> Iterator[str]:
    if rule.get("leave_out_running"):
        yield "without people who get another campaign on these days"
    if rule.get("leave_out_segments"):
        names = Segment.objects.filter(pk__in=rule["leave_out_segments"]).order_by("pk").values_list("name", flat=True)
        yield f"without the segment{'' if len(names) == 1 else 's'} {', '.join(f'“{name}”' for name in names)}"
    if rule.get("contacts_at_most"):
        days = rule.get("contact_days") or CONTACT_DAYS
        yield f"at most {rule['contacts_at_most']} other campaigns within {days} days"
    if rule.get("equal_by"):
        yield f"in equal shares by {TRAITS.get(rule['equal_by'], rule['equal_by']).lower()}"
    if rule.get("traits_reason"):
        yield f"age, gender, income and place are used: “{rule['traits_reason']}”"


def _kind_in_words(rule: Mapping[str, Any]) -> AudienceRule:
    kind = rule.get("kind")
    if kind == Audience.Kind.SEGMENT:
        segment = Segment.objects.filter(pk=rule.get("segment_id", 0)).first()
        return AudienceRule("Everybody in the segment" if segment else "A segment that no longer exists", segment)
    if kind == Audience.Kind.BEST:
        n = rule.get("n")
        if rule.get("uplift_model"):
            return AudienceRule(
                f"The {n:,} customers it changes most" if n else "As many of those it changes most as pay their contact"
            )
        return AudienceRule(
            f"The {n:,} customers most likely to take it" if n else "As many of the best as pay back their contact"
        )
    if kind == Audience.Kind.IMPORTED:
        campaign = Campaign.objects.filter(pk=rule.get("campaign_id", 0)).first()
        return AudienceRule(
            "The same people as in" if campaign else "The recipients of a past campaign", None, campaign
        )
    if kind == Audience.Kind.PILOT:
        return AudienceRule(f"{rule.get('n', 0):,} customers drawn at random to try it on first")
    if kind == Audience.Kind.LOOKALIKE:
        n = rule.get("n")
        return AudienceRule(f"The {n:,} customers most like those on a list" if n else "Customers like those on a list")
    return AudienceRule("Every customer" if kind == Audience.Kind.EVERYBODY else "Not decided yet")


def audience_size(rule: Mapping[str, Any]) -> int | None:
    """How many customers a rule reaches now; None while the number is still to be worked out."""
    kind = rule.get("kind")
    if any(rule.get(name) for name in ("leave_out_running", "leave_out_segments", "contacts_at_most")):
        return None
    if kind == Audience.Kind.SEGMENT:
        return SegmentMembership.objects.filter(segment=rule["segment_id"], valid_until__isnull=True).count()
    if kind == Audience.Kind.IMPORTED:
        return AudienceMember.objects.filter(audience__campaigns=rule["campaign_id"]).count()
    if kind == Audience.Kind.PILOT:
        return int(rule.get("n", 0))
    everybody = Customer.objects.count()
    if kind in (Audience.Kind.BEST, Audience.Kind.LOOKALIKE):
        return min(rule["n"], everybody) if rule.get("n") else None
    return everybody


def campaign_to_copy(pk: int) -> Campaign | None:
    return Campaign.objects.select_related("audience").prefetch_related("offers").filter(pk=pk).first()


def rule_to_copy(campaign: Campaign) -> Mapping[str, Any]:
    """Whom a campaign should reach; one that came without a rule reached the people it was sent to."""
    if campaign.audience_rule:
        rule: dict[str, Any] = campaign.audience_rule
        return rule
    return {"kind": Audience.Kind.IMPORTED, "campaign_id": campaign.pk} if campaign.audience else {}
