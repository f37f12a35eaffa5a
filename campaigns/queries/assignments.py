"""Next best offers as pages and the API read them: only what may be shown now, and why the rest is not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from campaigns.engine.gates import Gate
from campaigns.models import (
    Campaign,
    Holdout,
    Offer,
    OfferAssignment,
    OfferDecision,
    OfferPolicy,
    OfferProduct,
    OfferRound,
)
from campaigns.queries.candidates import PURPOSE, REFUSED
from campaigns.queries.clock import shop_time
from campaigns.queries.eligibility import policy_of
from loyalty.models import Consent, Customer, Job

Status = OfferAssignment.Status
TASK = "campaigns.assign_offers"
SHARE_SHOWN = 0.0005
TRACED_AT_MOST = 25
SORTS = {"value": "-expected_value", "chance": "-score", "newest": "-pk"}


def refused(at: datetime) -> Exists:
    """Assignments whose customer's last word on the campaign's channel was no."""
    said = Consent.objects.filter(
        customer=OuterRef("customer"), purpose=PURPOSE, channel=OuterRef("campaign__channel"), at__lte=at
    )
    of_one = {name: OuterRef(name) for name in ("customer", "purpose", "channel")}
    later = Consent.objects.filter(**of_one, at__gt=OuterRef("at"), at__lte=at)
    return Exists(said.filter(~Exists(later), state__in=REFUSED))


def open_offers(*, at: datetime) -> QuerySet[OfferAssignment]:
    """What may be shown or sent now: firm, in its time, allowed by the customer, not held out, to be had.

    Consent, stock and pauses are asked when it is read, so a no counts at once, whatever a round decided before.
    """
    return may_be_shown(OfferAssignment.objects.filter(status__in=OfferAssignment.FIRM), at=at)


def may_be_shown(rows: QuerySet[OfferAssignment], *, at: datetime) -> QuerySet[OfferAssignment]:
    ended = Q(campaign__state__in=[Campaign.State.CANCELLED, Campaign.State.COMPLETED])
    held_out = Holdout.objects.filter(campaign=OuterRef("campaign"), customer=OuterRef("customer"))
    products = OfferProduct.objects.filter(offer=OuterRef("offer"))
    is_out = Exists(products) & ~Exists(products.exclude(product__stock__lte=0))
    found = rows.filter(expires_at__gt=shop_time(at), offer__is_paused=False)
    return found.exclude(ended).exclude(Exists(held_out)).exclude(is_out).exclude(refused(at))


def customer_offers(customer: Customer, *, at: datetime) -> list[OfferAssignment]:
    """A customer's next best offers, the one worth most first; suggestions as well, for people to see."""
    rows = OfferAssignment.objects.filter(customer=customer, status__in=OfferAssignment.LIVE)
    found = may_be_shown(rows, at=at).select_related("offer", "campaign", "model_version")
    return list(found.order_by("-expected_value", "pk"))


def assignment_list(*, campaign_id: int | None = None, status: str = "", text: str = "") -> QuerySet[OfferAssignment]:
    """All offers for customers, of one campaign or of all."""
    found = OfferAssignment.objects.all()
    if campaign_id:
        found = found.filter(campaign=campaign_id)
    if status in Status.values:
        found = found.filter(status=status)
    if text:
        found = found.filter(Q(customer__external_id__istartswith=text) | Q(offer__name__icontains=text))
    return found


def with_names(rows: QuerySet[OfferAssignment]) -> QuerySet[OfferAssignment]:
    return rows.select_related("offer", "customer", "campaign")


def assignment_cells(rows: QuerySet[OfferAssignment]) -> Iterator[list[Any]]:
    """What is written out of every assignment."""
    for one in with_names(rows).order_by("-expected_value", "-pk").iterator(chunk_size=2000):
        about = [one.customer.external_id, one.offer.external_id, one.offer.name, one.campaign.name]
        numbers = [one.score, one.score_low, one.score_high, one.baseline_score, one.expected_value]
        more = [one.campaign.currency, one.has_little_history, one.reason, one.get_status_display(), one.expires_at]
        yield [*about, *numbers, *more]


def decidable(rows: QuerySet[OfferAssignment], *, at: datetime) -> QuerySet[OfferAssignment]:
    """Suggestions that can be accepted now."""
    return rows.filter(status=Status.SUGGESTED, expires_at__gt=shop_time(at)).exclude(refused(at))


def newest_round_at() -> datetime | None:
    return OfferRound.objects.values_list("as_of", flat=True).first()


@dataclass(frozen=True)
class Funnel:
    """How far offers came: each step counts those that went at least as far."""

    suggested: int
    accepted: int
    issued: int
    withdrawn: int
    expired: int

    @property
    def steps(self) -> list[tuple[str, int]]:
        return [("Suggested", self.suggested), ("Accepted", self.accepted), ("Issued", self.issued)]


def offer_funnel(rows: QuerySet[OfferAssignment]) -> Funnel:
    """Counts by how far the offers came; what was withdrawn or has expired is counted apart, and as suggested once."""
    counts = dict(rows.order_by().values_list("status").annotate(n=Count("pk")))
    issued = counts.get(Status.ISSUED, 0)
    accepted = issued + counts.get(Status.ACCEPTED, 0) + counts.get(Status.AUTOMATIC, 0)
    withdrawn, expired = counts.get(Status.WITHDRAWN, 0), counts.get(Status.EXPIRED, 0)
    total = accepted + counts.get(Status.SUGGESTED, 0) + withdrawn + expired
    return Funnel(total, accepted, issued, withdrawn, expired)


@dataclass(frozen=True)
class TotalValue:
    """What the newest rounds of all campaigns shown are expected to leave, in one currency."""

    value: float
    low: float
    high: float
    currency: str
    n_rounds: int


def total_value(*, campaign_id: int | None = None) -> TotalValue | None:
    """The newest round of each campaign added up. Ends are added, too: campaigns may all surprise the same way."""
    newest = OfferRound.objects.order_by("campaign_id", "-pk").distinct("campaign_id")
    rounds = OfferRound.objects.filter(pk__in=newest.values("pk"))
    if campaign_id:
        rounds = rounds.filter(campaign=campaign_id)
    sums = rounds.values("currency").annotate(
        n=Count("pk"), mid=Sum("value"), low=Sum("value_low"), high=Sum("value_high")
    )
    largest = sums.order_by("-mid", "currency").first()
    if largest is None:
        return None
    return TotalValue(largest["mid"], largest["low"], largest["high"], largest["currency"], largest["n"])


def campaigns_with_offers() -> QuerySet[Campaign]:
    """Campaigns whose offers were given out at least once, for a filter."""
    return Campaign.objects.filter(Exists(OfferRound.objects.filter(campaign=OuterRef("pk")))).order_by("-pk")


# What each limit of a round is called, and what it would bring to lift it.
LIMITS = {
    "offer_caps": "Caps of the offers",
    "budget": "Budget of the campaign",
    "contacts": "Contacts a customer may get",
    "per_customer": "One more offer for each customer",
}


@dataclass(frozen=True)
class LimitCost:
    """What the offers would be worth without one limit."""

    label: str
    value: float
    more: float
    n_customers: int


@dataclass(frozen=True)
class RoundPage:
    """The newest round of a campaign, the job that is at the next one, and how far its offers came."""

    round: OfferRound | None
    policy: OfferPolicy
    job: Job | None
    funnel: Funnel | None
    limits: Sequence[LimitCost]
    can_be_given: bool

    @property
    def gap_share(self) -> float | None:
        """How much more another way to give out the offers could bring at most; None where it is next to nothing."""
        share = self.round.evidence.get("gap_share", 0.0) if self.round else 0.0
        return share if share >= SHARE_SHOWN else None

    @property
    def stops(self) -> list[tuple[str, int]]:
        """How many customers without an offer each gate kept from having one, the most first."""
        counts = self.round.evidence["stopped_at"] if self.round else {}
        stops = [(GATES[Gate[name]][1], n) for name, n in counts.items() if name != Gate.CHOSEN.name]
        return sorted(stops, key=lambda stop: -stop[1])


def round_page(campaign: Campaign, *, at: datetime) -> RoundPage:
    newest = OfferRound.objects.filter(campaign=campaign).select_related("model_version").first()
    job = Job.objects.filter(task=TASK, params__campaign_id=campaign.pk).order_by("-pk").first()
    ended = campaign.state in (Campaign.State.COMPLETED, Campaign.State.CANCELLED)
    return RoundPage(
        round=newest,
        policy=policy_of(campaign),
        job=job,
        funnel=offer_funnel(OfferAssignment.objects.filter(campaign=campaign)) if newest else None,
        limits=_limit_costs(newest) if newest else [],
        can_be_given=not ended and campaign.ends_at > shop_time(at),
    )


def _limit_costs(newest: OfferRound) -> list[LimitCost]:
    worth = newest.evidence["chosen_value"]
    return [
        LimitCost(LIMITS[one["limit"]], one["value"], max(one["value"] - worth, 0.0), one["n_customers"])
        for one in newest.evidence["limits"]
    ]


# How each gate is called, and what it means to stop there.
GATES = {
    Gate.CONSENT: ("Consent", "They do not allow marketing on this channel."),
    Gate.HELD_OUT: ("Control group", "They are held out of this campaign, so that its effect can be told."),
    Gate.AUDIENCE: ("Audience", "They are not among the people this campaign is for."),
    Gate.VALID: ("Validity", "The offer is paused, or no day is left on which it can be taken."),
    Gate.STOCK: ("Stock", "None of its products can be sold now."),
    Gate.CONTACTS: ("Contacts", "They get as many campaigns in these days as the campaign allows."),
    Gate.TAKEN: ("Uses", "They have taken it as often as a customer may."),
    Gate.TAKEN_BACK: ("Taken back", "Somebody withdrew this offer from them."),
    Gate.HAS_ONE: ("Has one already", "They have an accepted or issued offer of this campaign already."),
    Gate.VALUE: ("Value", "It is not expected to pay back what it costs to reach them."),
    Gate.BETTER: ("Best for them", "Another offer is worth more with them."),
    Gate.CAP: ("Cap of the offer", "There is not enough of it: it went to customers with whom it is worth more."),
    Gate.BUDGET: ("Budget", "The budget went to customers with whom it brings more."),
    Gate.CHOSEN: ("Chosen", "It was chosen for them."),
}


@dataclass(frozen=True)
class Passed:
    """One gate on the way of an offer: passed, stopped at, or not reached."""

    label: str
    state: str


@dataclass(frozen=True)
class Trace:
    """Why one offer reached, or did not reach, a customer."""

    offer: Offer
    gate: Gate
    sentence: str
    passed: Sequence[Passed]
    chance: float
    value: float

    @property
    def is_chosen(self) -> bool:
        return self.gate == Gate.CHOSEN


@dataclass(frozen=True)
class CampaignTrace:
    """All offers of one campaign for one customer, as its newest round decided."""

    round: OfferRound
    offers: Sequence[Trace]
    refuses_now: bool
    n_more: int


def decision_traces(customer: Customer, *, at: datetime) -> list[CampaignTrace]:
    """Why this customer got, or did not get, each offer of each campaign; the newest round first."""
    newest = OfferRound.objects.order_by("campaign_id", "-pk").distinct("campaign_id").values("pk")
    decided = OfferDecision.objects.filter(customer=customer, round__in=newest).select_related("round__campaign")
    rows = list(decided.order_by("-round_id"))
    offers = Offer.objects.in_bulk({offer_id for row in rows for offer_id in row.round.offer_ids})
    no = _channels_refused(customer, at)
    return [_trace(row, offers, is_refused=row.round.campaign.channel in no) for row in rows]


def _channels_refused(customer: Customer, at: datetime) -> set[str]:
    said = Consent.objects.filter(customer=customer, purpose=PURPOSE, at__lte=at)
    last = said.order_by("channel", "-at", "-pk").distinct("channel")
    return {one.channel for one in last if one.state in REFUSED}


def _trace(row: OfferDecision, offers: dict[int, Offer], *, is_refused: bool) -> CampaignTrace:
    columns = zip(row.round.offer_ids, row.gates, row.chances, row.values, strict=True)
    traced = []
    for offer_id, number, chance, value in columns:
        if offer_id in offers:
            # A no that came since stops every offer, whatever the round decided.
            gate = Gate.CONSENT if is_refused else Gate(number)
            traced.append(Trace(offers[offer_id], gate, GATES[gate][1], _passed(gate), chance, value))
    traced.sort(key=lambda one: (-one.gate, -one.value, one.offer.pk))
    return CampaignTrace(row.round, traced[:TRACED_AT_MOST], is_refused, max(len(traced) - TRACED_AT_MOST, 0))


def _passed(stop: Gate) -> list[Passed]:
    """The gates in their order, those at the end that say who else was worth more as one."""
    shown = [gate for gate in Gate if gate != Gate.CHOSEN]
    return [
        Passed(GATES[gate][0], "passed" if gate < stop else "stopped" if gate == stop else "not reached")
        for gate in shown
    ]
