"""Give out the offers of a campaign: score, check every gate, allot within the limits, and write down why.

Idempotent: a job that is done twice finds what it wrote the first time. A new round replaces suggestions and what was
assigned by itself, never what somebody accepted or what was issued.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction

from campaigns.engine.allotment import NO_CAP, Question
from campaigns.engine.assignment import Allotment, Spread, assign, value_spread
from campaigns.engine.frames import BoolArray, FloatArray, IntArray
from campaigns.engine.gates import Gate, GateArray, first_closed, last_gates
from campaigns.models import Audience, Campaign, Offer, OfferAssignment, OfferDecision, OfferPolicy, OfferRound
from campaigns.queries import eligibility
from campaigns.queries.candidates import audience_member_ids, refused_ids, segment_member_ids
from campaigns.queries.clock import shop_time
from campaigns.queries.history import moment_known
from campaigns.services.offer_chances import OfferChances, offer_chances
from loyalty.models import Job
from loyalty.services.jobs import create_job
from loyalty.services.progress import Progress

TASK = "campaigns.assign_offers"
SEED = 20170101
BATCH = 5_000
TINY = 1e-12
POLICY = ("mode", "offers_per_customer", "contacts_at_most", "contact_days")
N_EFFECTS = 4_000
Kind = Audience.Kind
Status = OfferAssignment.Status
ENDED = (Campaign.State.COMPLETED, Campaign.State.CANCELLED)


class CannotAssign(Exception):
    """There is nothing to give out; the message says why and what to do."""


@dataclass(frozen=True)
class Given:
    """What a round rests on, and what came of it."""

    campaign: Campaign
    policy: OfferPolicy
    as_of: datetime
    chances: OfferChances
    question: Question
    stopped: GateArray
    allotment: Allotment


@transaction.atomic
def start_assigning(*, campaign: Campaign, policy: OfferPolicy, by: User, at: datetime) -> Job:
    """Keep the policy and queue a round, or return the one that is at it. Raises CannotAssign."""
    Campaign.objects.select_for_update(no_key=True, of=("self",)).get(pk=campaign.pk)
    _check(campaign, at)
    OfferPolicy.objects.update_or_create(campaign=campaign, defaults={name: getattr(policy, name) for name in POLICY})
    at_it = Job.objects.filter(task=TASK, params__campaign_id=campaign.pk, state__in=["queued", "running"]).first()
    label = f"Choose offers for “{campaign.name}”"[:200]
    params = {"campaign_id": campaign.pk, "seed": SEED}
    return at_it or create_job(task=TASK, label=label, params=params, by=by, at=at)


def assign_offers(*, campaign: Campaign, at: datetime, seed: int, report: Progress) -> OfferRound:
    """Give each customer the offers worth most to the shop, or none. Raises CannotAssign, NothingToGoBy."""
    done = OfferRound.objects.filter(job_id=report.job_id).first() if report.job_id else None
    if done is not None:
        return done
    _check(campaign, at)
    given = _given(campaign, at=at, seed=seed, report=report)
    report(95, 100, "Giving out offers")
    spread = _spread(given, given.allotment.chosen, np.random.default_rng(seed))
    limits = _limits(given)
    with report.writing():
        return _write(given, spread, limits, at=at, seed=seed, job_id=report.job_id)


def _check(campaign: Campaign, at: datetime) -> None:
    if campaign.state in ENDED or campaign.ends_at <= shop_time(at):
        raise CannotAssign("This campaign has ended. Make one like it, and its offers can be given out.")
    if not campaign.offers.filter(is_paused=False).exists():
        raise CannotAssign("None of the offers of this campaign can be taken. Add one, or let one go on.")


def _given(campaign: Campaign, *, at: datetime, seed: int, report: Progress) -> Given:
    policy = eligibility.policy_of(campaign)
    offers = eligibility.offers_of(campaign)
    as_of = moment_known(at=at, starts_at=campaign.starts_at)
    chances = offer_chances(campaign=campaign, offers=offers, as_of=as_of, at=at, seed=seed, report=report)
    report(92, 100, "Checking who may get what")
    closed = _closed(campaign, policy, chances, at)
    stopped = first_closed(closed, chances.uses.shape)
    question = _question(campaign, policy, chances, stopped == 0)
    return Given(campaign, policy, as_of, chances, question, stopped, assign(question))


def _closed(campaign: Campaign, policy: OfferPolicy, chances: OfferChances, at: datetime) -> dict[Gate, BoolArray]:
    """Every gate that is closed before money is looked at. Consent is asked as of now, chances as of what was known."""
    ids = chances.customers.customer_ids
    kept = np.array([one.customer_id for one in eligibility.kept_assignments(campaign)], dtype=np.int64)
    return {
        Gate.CONSENT: _among(ids, refused_ids(channel=campaign.channel, as_of=at)),
        Gate.HELD_OUT: _among(ids, eligibility.held_out_ids(campaign)),
        Gate.AUDIENCE: ~_in_audience(campaign, chances),
        Gate.VALID: np.array([_is_shut(offer, campaign, at) for offer in chances.offers])[None, :],
        Gate.STOCK: np.array([offer.is_out for offer in chances.offers])[None, :],  # type: ignore[attr-defined]
        Gate.CONTACTS: _among(ids, eligibility.often_contacted_ids(campaign, policy)),
        Gate.TAKEN: _marked(chances, eligibility.taken_as_often_as_allowed(list(chances.offers))),
        Gate.TAKEN_BACK: _marked(chances, eligibility.taken_back(campaign)),
        Gate.HAS_ONE: _among(ids, kept),
    }


def _among(customer_ids: IntArray, chosen: IntArray) -> BoolArray:
    found: BoolArray = np.isin(customer_ids, chosen)[:, None]
    return found


def _in_audience(campaign: Campaign, chances: OfferChances) -> BoolArray:
    """Members of the frozen audience where there is one, else whom the rule names; the best of all are all: money
    decides how many."""
    ids, rule = chances.customers.customer_ids, campaign.audience_rule or {"kind": Kind.EVERYBODY}
    if campaign.audience_id is not None:
        return _among(ids, audience_member_ids(campaign.audience_id))
    if rule["kind"] == Kind.SEGMENT:
        return _among(ids, segment_member_ids(rule["segment_id"]))
    if rule["kind"] == Kind.IMPORTED:
        past = Campaign.objects.get(pk=rule["campaign_id"])
        return _among(ids, audience_member_ids(past.audience_id or 0))
    if rule["kind"] == Kind.BEST and rule.get("n"):
        likeliest = np.lexsort((ids, -chances.logits))[: int(rule["n"])]
        return _among(ids, ids[likeliest])
    return np.ones((len(ids), 1), dtype=bool)


def _is_shut(offer: Offer, campaign: Campaign, at: datetime) -> bool:
    """Paused, or no day is left on which it and the campaign are both open."""
    opens = max(campaign.starts_at, offer.valid_from or campaign.starts_at, shop_time(at))
    return offer.is_paused or _expires(offer, campaign) <= opens


def _expires(offer: Offer, campaign: Campaign) -> datetime:
    return min(campaign.ends_at, offer.valid_until or campaign.ends_at)


def _marked(chances: OfferChances, pairs: list[tuple[int, int]]) -> BoolArray:
    marked = np.zeros(chances.uses.shape, dtype=bool)
    if not pairs:
        return marked
    rows = {int(customer_id): row for row, customer_id in enumerate(chances.customers.customer_ids)}
    columns = {offer.pk: column for column, offer in enumerate(chances.offers)}
    for customer_id, offer_id in pairs:
        if customer_id in rows and offer_id in columns:
            marked[rows[customer_id], columns[offer_id]] = True
    return marked


def _question(campaign: Campaign, policy: OfferPolicy, chances: OfferChances, is_allowed: BoolArray) -> Question:
    left = eligibility.left_of_caps(list(chances.offers), campaign)
    contact = chances.assumptions.cost_per_contact.value
    return Question(
        gains=chances.gains,
        spend=chances.spend,
        is_allowed=is_allowed,
        caps=np.array([left.get(offer.pk, NO_CAP) for offer in chances.offers], dtype=np.int64),
        most_per_customer=policy.offers_per_customer,
        contact_cost=contact,
        budget=_budget(campaign, chances, contact),
    )


def _budget(campaign: Campaign, chances: OfferChances, contact: float) -> float:
    """What is left of the campaign's budget once the offers that stay as they are are paid."""
    if campaign.budget is None:
        return float("inf")
    costs = {offer.pk: cost for offer, cost in zip(chances.offers, chances.costs.tolist(), strict=True)}
    kept = list(eligibility.kept_assignments(campaign))
    promised = sum(one.score * costs.get(one.offer_id, 0.0) for one in kept)
    return max(float(campaign.budget) - promised - contact * len({one.customer_id for one in kept}), 0.0)


def _spread(given: Given, chosen: BoolArray, rng: np.random.Generator) -> Spread:
    rows = np.flatnonzero(chosen.any(axis=1))
    money = given.chances.uses * (given.chances.margins - given.chances.costs)
    gains = np.where(chosen, money, 0.0)[rows].sum(axis=1)
    contacts = len(rows) * given.question.contact_cost
    return value_spread(given.chances.logits[rows], gains, contacts, given.chances.effect, rng)


def _limits(given: Given) -> list[dict[str, Any]]:
    """What each limit costs: the same offers given out without it."""
    asked = given.question
    lifted = []
    if (asked.caps != NO_CAP).any():
        lifted.append(("offer_caps", asked.without_caps()))
    if np.isfinite(asked.budget):
        lifted.append(("budget", asked.without_budget()))
    if (given.stopped == Gate.CONTACTS).any():
        opened = np.isin(given.stopped, (0, Gate.CONTACTS))
        lifted.append(("contacts", replace(asked, is_allowed=opened)))
    if asked.most_per_customer < asked.n_offers:
        lifted.append(("per_customer", replace(asked, most_per_customer=min(asked.most_per_customer + 1, 20))))
    return [_lifted(name, question) for name, question in lifted]


def _lifted(name: str, question: Question) -> dict[str, Any]:
    found = assign(question)
    return {"limit": name, "value": found.value, "n_customers": int(found.chosen.any(axis=1).sum())}


def _write(
    given: Given, spread: Spread, limits: list[dict[str, Any]], *, at: datetime, seed: int, job_id: int | None
) -> OfferRound:
    """Replace what nobody has decided on. Whoever decides holds the campaign, too, so nothing is lost between."""
    campaign = Campaign.objects.select_for_update(no_key=True, of=("self",)).get(pk=given.campaign.pk)
    kept = {one.customer_id for one in eligibility.kept_assignments(campaign)}
    OfferAssignment.objects.filter(campaign=campaign, status__in=[Status.SUGGESTED, Status.AUTOMATIC]).delete()
    OfferDecision.objects.filter(round__campaign=campaign).delete()
    made = _round(given, spread, limits, at, job_id)
    OfferDecision.objects.bulk_create(_decisions(given, made), batch_size=BATCH)
    rows = [one for one in _assignments(given, made, seed) if one.customer_id not in kept]
    OfferAssignment.objects.bulk_create(rows, batch_size=BATCH)
    return made


def _round(given: Given, spread: Spread, limits: list[dict[str, Any]], at: datetime, job_id: int | None) -> OfferRound:
    gates = last_gates(given.question, given.allotment, given.stopped)
    n_assigned = int(given.allotment.chosen.any(axis=1).sum())
    return OfferRound.objects.create(
        campaign=given.campaign,
        mode=given.policy.mode,
        model_version=given.chances.version,
        as_of=given.as_of,
        n_customers=len(gates),
        n_assigned=n_assigned,
        value=spread.mean,
        value_low=spread.low,
        value_high=spread.high,
        bound=max(given.allotment.bound, given.allotment.value),
        currency=given.campaign.currency,
        advice=_advice(given, gates, n_assigned),
        evidence={
            **given.chances.evidence,
            "limits": limits,
            "chosen_value": given.allotment.value,
            "gap_share": given.allotment.gap_share,
            "spend": given.allotment.spend,
            "policy": {
                "offers_per_customer": given.policy.offers_per_customer,
                "contacts_at_most": given.policy.contacts_at_most,
                "contact_days": given.policy.contact_days,
            },
            # The furthest that any offer came: what kept customers without one.
            "stopped_at": _counted(gates.max(axis=1, initial=0)),
        },
        offer_ids=[offer.pk for offer in given.chances.offers],
        job_id=job_id,
        made_at=at,
    )


def _counted(gates: GateArray) -> dict[str, int]:
    values, counts = np.unique(gates, return_counts=True)
    return {Gate(int(value)).name: int(count) for value, count in zip(values, counts, strict=True) if value}


def _advice(given: Given, gates: GateArray, n_assigned: int) -> str:
    n = int((given.stopped == 0).any(axis=1).sum())
    if n == 0:
        return "No offer for anybody: nobody may get one."
    if n_assigned == 0:
        return f"No offer for anybody: to none of the {n:,} who may get one would it pay back."
    if n_assigned == n:
        return f"An offer for everybody who may get one: all {n:,} are expected to pay back."
    is_short = bool((gates == Gate.CAP).any() or (gates == Gate.BUDGET).any())
    others = "to the others none would pay back, or none is left" if is_short else "to the others none would pay back"
    return f"An offer for {n_assigned:,} of the {n:,} who may get one; {others}."


def _decisions(given: Given, made: OfferRound) -> list[OfferDecision]:
    gates = last_gates(given.question, given.allotment, given.stopped)
    chances, values = given.chances.chances().round(5), (given.chances.gains - given.question.contact_cost).round(4)
    columns = (given.chances.customers.customer_ids.tolist(), gates.tolist(), chances.tolist(), values.tolist())
    return [
        OfferDecision(round=made, customer_id=customer_id, gates=gate, chances=chance, values=value)
        for customer_id, gate, chance, value in zip(*columns, strict=True)
    ]


def _assignments(given: Given, made: OfferRound, seed: int) -> list[OfferAssignment]:
    chances, chosen = given.chances, given.allotment.chosen
    effects = np.quantile(chances.effect.draw(N_EFFECTS, np.random.default_rng(seed)), (0.05, 0.95))
    mid, low, high = (chances.chances(effect) for effect in (None, *effects.tolist()))
    # Each offer bears the contact by what it brings: none that is worth adding looks like a loss.
    kept_share = 1 - given.question.contact_cost / np.maximum(np.where(chosen, chances.gains, 0.0).sum(axis=1), TINY)
    status = Status.AUTOMATIC if given.policy.mode == OfferPolicy.Mode.AUTOMATIC else Status.SUGGESTED
    found = []
    for row, column, position in _best_first(chosen, chances.gains):
        offer = chances.offers[column]
        found.append(
            OfferAssignment(
                campaign=given.campaign,
                offer=offer,
                customer_id=int(chances.customers.customer_ids[row]),
                round=made,
                model_version=chances.version,
                status=status,
                position=position,
                score=mid[row, column],
                score_low=low[row, column],
                score_high=high[row, column],
                baseline_score=chances.baseline_chance,
                expected_value=chances.gains[row, column] * kept_share[row],
                has_little_history=bool(chances.is_new[row]),
                reason=chances.reason(row, column),
                expires_at=_expires(offer, given.campaign),
                made_at=made.made_at,
            )
        )
    return found


def _best_first(chosen: BoolArray, gains: FloatArray) -> list[tuple[int, int, int]]:
    """(customer row, offer column, position), each customer's offers from the one worth most."""
    rows, columns = np.nonzero(chosen)
    order = np.lexsort((columns, -gains[rows, columns], rows))
    rows, columns = rows[order], columns[order]
    _, firsts = np.unique(rows, return_index=True)
    positions = np.arange(len(rows)) - np.repeat(firsts, np.diff(np.append(firsts, len(rows)))) + 1
    return list(zip(rows.tolist(), columns.tolist(), positions.tolist(), strict=True))
