"""What somebody wants to send, checked before it becomes a campaign: the same rules for page, admin and API."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from campaigns.models import Audience, Campaign, Offer
from campaigns.models.campaigns import CHANNELS
from campaigns.queries.planning import AudienceRule, audience_rule, audience_size
from campaigns.services.audience_rules import limit_problems, seed_problems
from segments.models import Segment

LONGEST_WINDOW = timedelta(days=366)
LONGEST = {"name": 200, "goal": 300, "type": 32, "channel": 32}


class CampaignInvalid(Exception):
    """One field of a campaign cannot be taken; `sentence` says what to do about it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True)
class CampaignPlan:
    """Everything a person decides about a campaign. `audience_rule` is `{"kind": ...}` and what that kind needs."""

    name: str
    type: str
    starts_at: datetime
    ends_at: datetime
    currency: str
    offer_ids: tuple[int, ...]
    audience_rule: Mapping[str, Any]
    goal: str = ""
    channel: str = "mail"
    cost_per_contact: Decimal | None = None
    margin_share: Decimal | None = None
    budget: Decimal | None = None


def problems(plan: CampaignPlan) -> list[CampaignInvalid]:
    """Everything that is wrong with the plan, in the order in which a person filled it in."""
    parts = (_name_problems, _audience_problems, _offer_problems, _window_problems, _money_problems)
    found = [problem for part in parts for problem in part(plan)]
    return found or list(_budget_problems(plan))


def check_plan(plan: CampaignPlan) -> None:
    """Raise the first thing that is wrong with the plan, as CampaignInvalid."""
    for problem in problems(plan):
        raise problem


def change_problems(plan: CampaignPlan) -> list[CampaignInvalid]:
    """Everything that is wrong with what a campaign that has its name already would become."""
    parts = (_offer_problems, _window_problems, _money_problems)
    found = [problem for part in parts for problem in part(plan)]
    return found or list(_budget_problems(plan))


@dataclass(frozen=True)
class PlanReview:
    """A plan as its author should see it once more before it is kept."""

    plan: CampaignPlan
    offers: Sequence[Offer]
    audience: AudienceRule
    n_customers: int | None

    @property
    def n_days(self) -> int:
        return round((self.plan.ends_at - self.plan.starts_at) / timedelta(days=1))

    @property
    def channel_name(self) -> str:
        return CHANNELS.get(self.plan.channel, self.plan.channel)

    @property
    def last_day(self) -> date:
        return timezone.localdate(self.plan.ends_at - timedelta(microseconds=1))

    @property
    def contact_cost(self) -> Decimal | None:
        """What reaching everybody costs, as far as both numbers are known."""
        if self.n_customers is None or self.plan.cost_per_contact is None:
            return None
        return self.n_customers * self.plan.cost_per_contact


def review_plan(plan: CampaignPlan) -> PlanReview:
    offers = list(Offer.objects.filter(pk__in=plan.offer_ids).order_by("id"))
    return PlanReview(plan, offers, audience_rule(plan.audience_rule), audience_size(plan.audience_rule))


def _name_problems(plan: CampaignPlan) -> Iterator[CampaignInvalid]:
    if not plan.name.strip():
        yield CampaignInvalid("name", "Give the campaign a name, so that you find it again.")
    elif Campaign.objects.filter(name__iexact=plan.name.strip()).exists():
        yield CampaignInvalid("name", f"There is already a campaign called “{plan.name}”. Choose another name.")
    if not plan.type.strip():
        yield CampaignInvalid("type", "Say what type of campaign it is, so that it is compared with its like.")
    if not plan.channel.strip():
        yield CampaignInvalid("channel", "Say how the campaign reaches people, for example by mail.")
    for name, longest in LONGEST.items():
        if len(getattr(plan, name)) > longest:
            yield CampaignInvalid(name, f"Keep the {name} within {longest} characters.")


def _window_problems(plan: CampaignPlan) -> Iterator[CampaignInvalid]:
    if plan.ends_at <= plan.starts_at:
        yield CampaignInvalid("ends_at", "The last day must not be before the first day.")
    elif plan.ends_at - plan.starts_at > LONGEST_WINDOW:
        yield CampaignInvalid("ends_at", f"A campaign runs for at most {LONGEST_WINDOW.days} days. End it earlier.")


def _money_problems(plan: CampaignPlan) -> Iterator[CampaignInvalid]:
    if plan.cost_per_contact is not None and plan.cost_per_contact < 0:
        yield CampaignInvalid("cost_per_contact", "The cost of reaching one customer cannot be below zero.")
    if plan.margin_share is not None and not 0 <= plan.margin_share <= 1:
        yield CampaignInvalid("margin_share", "The margin must lie between 0 and 100 percent.")
    if plan.budget is not None and plan.budget < 0:
        yield CampaignInvalid("budget", "The budget cannot be below zero. Leave it empty for no limit.")
    if len(plan.currency) != 3 or not plan.currency.isupper():
        yield CampaignInvalid("currency", "The currency is three capital letters, for example USD.")


def _budget_problems(plan: CampaignPlan) -> Iterator[CampaignInvalid]:
    n_customers = audience_size(plan.audience_rule)
    if plan.budget is None or plan.cost_per_contact is None or n_customers is None:
        return
    cost = n_customers * plan.cost_per_contact
    if cost > plan.budget:
        yield CampaignInvalid(
            "budget",
            f"Reaching {n_customers:,} customers costs {cost:,.2f} {plan.currency}, more than the budget of "
            f"{plan.budget:,.2f}. Reach fewer people or raise the budget.",
        )


def _offer_problems(plan: CampaignPlan) -> Iterator[CampaignInvalid]:
    found = {offer.pk: offer for offer in Offer.objects.filter(pk__in=plan.offer_ids)}
    if not plan.offer_ids:
        yield CampaignInvalid("offers", "Choose at least one offer to send.")
    elif len(found) < len(set(plan.offer_ids)):
        yield CampaignInvalid("offers", "One of the offers no longer exists. Choose the offers again.")
    for offer in found.values():
        yield from _unusable(offer, plan)


def _unusable(offer: Offer, plan: CampaignPlan) -> Iterator[CampaignInvalid]:
    if offer.is_paused:
        yield CampaignInvalid("offers", f"The offer “{offer.name}” is paused. Take it out or start it again.")
    if offer.valid_until and offer.valid_until <= plan.starts_at:
        yield CampaignInvalid(
            "offers", f"The offer “{offer.name}” ends before the campaign begins. Choose another one, or other dates."
        )
    if offer.valid_from and offer.valid_from >= plan.ends_at:
        yield CampaignInvalid(
            "offers", f"The offer “{offer.name}” begins after the campaign ends. Choose another one, or other dates."
        )


def _audience_problems(plan: CampaignPlan) -> Iterator[CampaignInvalid]:
    return audience_problems(plan.audience_rule)


def audience_problems(rule: Mapping[str, Any]) -> Iterator[CampaignInvalid]:
    """What is wrong with a rule of whom to reach; its fields are those of the builder."""
    kind = rule.get("kind")
    if kind == Audience.Kind.SEGMENT:
        yield from _segment_problems(rule.get("segment_id"))
    elif kind == Audience.Kind.BEST:
        yield from _size_problems(rule.get("n"))
    elif kind == Audience.Kind.IMPORTED:
        yield from _past_campaign_problems(rule.get("campaign_id"))
    elif kind == Audience.Kind.LOOKALIKE:
        yield from _size_problems(rule.get("n"))
        yield from (CampaignInvalid(*found) for found in seed_problems(rule))
    elif kind != Audience.Kind.EVERYBODY:
        yield CampaignInvalid("audience", "Say who the campaign should reach.")
    yield from (CampaignInvalid(*found) for found in limit_problems(rule))


def _segment_problems(segment_id: Any) -> Iterator[CampaignInvalid]:
    segments = Segment.objects.filter(pk=_key(segment_id))
    if not segments.exists():
        yield CampaignInvalid("segment", "Choose one of your segments.")
    elif not segments.filter(memberships__valid_until__isnull=True, memberships__isnull=False).exists():
        yield CampaignInvalid("segment", "Nobody is in this segment now. Choose another one.")


def _size_problems(n: Any) -> Iterator[CampaignInvalid]:
    if n is not None and (not isinstance(n, int) or n < 1):
        yield CampaignInvalid("n_customers", "Say how many customers: 1 or more, or leave it empty for as many as pay.")


def _past_campaign_problems(campaign_id: Any) -> Iterator[CampaignInvalid]:
    reached = Q(audience__isnull=False, audience__members__isnull=False)
    if not Campaign.objects.filter(reached, pk=_key(campaign_id)).exists():
        yield CampaignInvalid("past_campaign", "Choose a past campaign whose recipients are known.")


def _key(value: Any) -> int:
    # What comes in by the API may be anything; no row has the key 0.
    return value if isinstance(value, int) else 0
