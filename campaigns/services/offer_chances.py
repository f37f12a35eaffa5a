"""How likely each customer is to take each offer of a campaign, and what a use of it leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Avg, F
from scipy.special import expit, logit

from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.frames import BoolArray, CustomerFrame, FloatArray, PastCampaign
from campaigns.engine.offer_choice import OfferChoice, equal_shares, foretell_newest
from campaigns.engine.reasons import reason_contributions, sentences
from campaigns.models import Campaign, Offer, OfferProduct
from campaigns.queries.history import finished_campaigns
from campaigns.queries.offer_pairs import OfferPairs, offer_pairs, past_choices, recommended_shares
from campaigns.queries.reception import campaign_reception, reception_features
from campaigns.services.assumptions import AssumptionSet, assumptions_for
from campaigns.services.learning import HistoryTooSmall, Learnt, learn_reception
from campaigns.services.scoring import redemption_counts, score_customers
from loyalty.services.progress import Progress
from recommender.models import ModelVersion

# One rate for everybody, from few campaigns: the next one may well be half as good, or twice.
UNSURE = CampaignEffect(mean=0.0, sd=0.7, n_campaigns=3)
PRIOR_SENT, PRIOR_TOOK = 20, 1
# Where past choices do not say which offer people take. Assumed, and said to be.
OWN_WEIGHT, ALIKE_WEIGHT, RECOMMENDED_WEIGHT = 0.5, 0.25, 1.0


class NothingToGoBy(Exception):
    """Not one finished campaign says how many people take an offer."""

    def __init__(self) -> None:
        super().__init__(
            "Nobody knows yet how many people take an offer: no past campaign has ended. Import one with the people "
            "it was sent to and who took it, then suggest offers again."
        )


@dataclass(frozen=True)
class OfferChances:
    """Everybody with every offer of a campaign.

    `logits` (n_customers,) are the log-odds of taking the campaign at all, before its effect; `uses` (n_customers,
    n_offers) how often one who takes it uses each offer; `margins` and `costs` (n_offers,) what one use leaves before
    its benefit, and the benefit.
    """

    customers: CustomerFrame
    offers: Sequence[Offer]
    logits: FloatArray
    uses: FloatArray
    margins: FloatArray
    costs: FloatArray
    baseline: float
    effect: CampaignEffect
    version: ModelVersion | None
    is_new: BoolArray
    pairs: OfferPairs
    recommended: FloatArray
    about_customers: list[str]
    assumptions: AssumptionSet
    evidence: dict[str, Any]

    def chances(self, effect: float | None = None) -> FloatArray:
        """Chance of taking each offer, shape (n_customers, n_offers); the campaign effect at its mean unless given."""
        shift = self.effect.mean if effect is None else effect
        chances: FloatArray = expit(self.logits + shift)[:, None] * self._of_takers
        return chances

    @property
    def _of_takers(self) -> FloatArray:
        """Of those who take the campaign, the share that takes each offer: uses come one by one, as by Poisson."""
        return -np.expm1(-self.uses)

    @property
    def baseline_chance(self) -> float:
        """The chance of any offer by the average of the campaign's type, all offers alike."""
        return float(self.baseline * -np.expm1(-self.uses.sum(axis=1).mean() / max(len(self.offers), 1)))

    @property
    def gains(self) -> FloatArray:
        """Money each pair is expected to leave, benefit paid, contact not, shape (n_customers, n_offers)."""
        takes: FloatArray = expit(self.logits + self.effect.mean)[:, None] * self.uses
        return takes * (self.margins - self.costs)

    @property
    def spend(self) -> FloatArray:
        """What the benefit of each pair is expected to cost, shape (n_customers, n_offers)."""
        takes: FloatArray = expit(self.logits + self.effect.mean)[:, None] * self.uses
        return takes * self.costs

    def reason(self, row: int, column: int) -> str:
        """Why this offer for this customer: what they bought of it, and what else speaks for them."""
        own, alike = (int(self.pairs.named(name)[row, column]) for name in ("own_lines", "alike_lines"))
        if own:
            of_offer = f"Bought its products {_times(own)}"
        elif self.recommended[row, column] > 0:
            of_offer = "Its products are among those recommended to them"
        elif alike:
            of_offer = f"Bought products like these {_times(alike)}"
        else:
            of_offer = "Has not bought products like these"
        return f"{of_offer}. {self.about_customers[row]}."[:300]


def offer_chances(
    *, campaign: Campaign, offers: Sequence[Offer], as_of: datetime, at: datetime, seed: int, report: Progress
) -> OfferChances:
    """Chances by the model of the response where history is enough, else by its type's rate. Raises NothingToGoBy."""
    past = finished_campaigns(as_of)
    try:
        learnt = learn_reception(as_of=as_of, at=at, seed=seed, report=report)
    except HistoryTooSmall as problem:
        person = _by_rate(campaign, past, as_of, str(problem))
    else:
        person = _by_model(campaign, past, as_of, learnt)
    report(85, 100, "Reading what customers bought of each offer")
    ids = person.customers.customer_ids
    pairs = offer_pairs(campaign_id=campaign.pk, customer_ids=ids, as_of=as_of)
    recommended = recommended_shares(campaign_id=campaign.pk, pairs=pairs, as_of=as_of, at=at)
    shares, told = _shares(pairs, recommended, past, as_of, seed)
    assumptions = assumptions_for(campaign, as_of)
    margins, costs = _money(offers, assumptions)
    return OfferChances(
        customers=person.customers,
        offers=offers,
        logits=person.logits,
        uses=shares * person.uses,
        margins=margins,
        costs=costs,
        baseline=person.baseline,
        effect=person.effect,
        version=person.version,
        is_new=person.is_new,
        pairs=pairs,
        recommended=recommended,
        about_customers=person.sentences,
        assumptions=assumptions,
        evidence={**person.evidence, "choice": told, "assumptions": assumptions.as_json()},
    )


@dataclass(frozen=True)
class _Person:
    customers: CustomerFrame
    logits: FloatArray
    uses: float
    baseline: float
    effect: CampaignEffect
    version: ModelVersion | None
    is_new: BoolArray
    sentences: list[str]
    evidence: dict[str, Any]


def _by_model(campaign: Campaign, past: list[PastCampaign], as_of: datetime, learnt: Learnt) -> _Person:
    scored = score_customers(campaign=campaign, as_of=as_of, learnt=learnt)
    known = learnt.knowledge
    return _Person(
        customers=scored.customers,
        logits=scored.logits,
        uses=scored.counts.mean,
        baseline=_rate(past, campaign.type, as_of),
        effect=known.effect,
        version=learnt.version,
        is_new=_never_sent(scored.customers),
        sentences=sentences(scored.customers, scored.reasons),
        evidence={"basis": "learnt", "model": learnt.version.label, "n_campaigns": known.evidence["n_campaigns"]},
    )


def _by_rate(campaign: Campaign, past: list[PastCampaign], as_of: datetime, why: str) -> _Person:
    if not past:
        raise NothingToGoBy
    customers = reception_features(campaign_id=campaign.pk, as_of=as_of)
    rate = _rate(past, campaign.type, as_of)
    took = any(campaign_reception(campaign_id=one.campaign_id, until=as_of).redemptions.any() for one in past)
    nothing = np.zeros(customers.values.shape)
    return _Person(
        customers=customers,
        logits=np.full(len(customers), float(logit(rate))),
        uses=redemption_counts(campaign.type, as_of).mean if took else 1.0,
        baseline=rate,
        effect=UNSURE,
        version=None,
        is_new=np.ones(len(customers), dtype=bool),
        sentences=sentences(customers, reason_contributions(nothing, customers.names)),
        evidence={"basis": "type_rate", "why": why, "n_campaigns": len(past)},
    )


def _never_sent(customers: CustomerFrame) -> BoolArray:
    never: BoolArray = customers.values[:, customers.names.index("campaigns_received")] == 0
    return never


def _rate(past: list[PastCampaign], campaign_type: str, as_of: datetime) -> float:
    """Share of customers who took past campaigns of this type, of all where there was none; drawn towards few."""
    alike = [one for one in past if one.campaign_type == campaign_type] or past
    received = [campaign_reception(campaign_id=one.campaign_id, until=as_of).redemptions for one in alike]
    sent, took = sum(len(one) for one in received), sum(int((one > 0).sum()) for one in received)
    return (took + PRIOR_TOOK) / (sent + PRIOR_SENT)


def _shares(
    pairs: OfferPairs, recommended: FloatArray, past: list[PastCampaign], as_of: datetime, seed: int
) -> tuple[FloatArray, dict[str, Any]]:
    """Which offer those who take any would take: as past choices say where that foretold the newest of them."""
    if len(pairs.offer_ids) < 2:
        return equal_shares().shares(pairs.features), {"basis": "only_offer"}
    choices = past_choices(past, until=as_of)
    gain = foretell_newest(choices, np.random.default_rng(seed))
    told = {"n_choices": len(choices), "gain": gain.mean, "gain_low": gain.low, "gain_high": gain.high}
    if gain.is_clear:
        return OfferChoice().fit(choices).shares(pairs.features), {"basis": "learnt", **told}
    return _assumed_shares(pairs, recommended), {"basis": "assumed", **told}


def _assumed_shares(pairs: OfferPairs, recommended: FloatArray) -> FloatArray:
    utility = OWN_WEIGHT * np.log1p(pairs.named("own_lines")) + ALIKE_WEIGHT * np.log1p(pairs.named("alike_lines"))
    weight = np.exp(utility + RECOMMENDED_WEIGHT * recommended)
    shares: FloatArray = weight / weight.sum(axis=1, keepdims=True)
    return shares


def _money(offers: Sequence[Offer], assumptions: AssumptionSet) -> tuple[FloatArray, FloatArray]:
    """What one use of each offer leaves before its benefit, and what the benefit costs, shape (n_offers,) each."""
    known = _known_margins(offers)
    usual = assumptions.revenue_per_redemption.value * assumptions.margin_share.value
    margins = [known.get(offer.pk, usual) for offer in offers]
    return np.array(margins, dtype=np.float64), np.array([_cost(offer, assumptions) for offer in offers])


def _known_margins(offers: Sequence[Offer]) -> dict[int, float]:
    """Mean of price less cost over the products that can be sold, where both are known."""
    rows = OfferProduct.objects.filter(offer__in=offers, product__price__isnull=False, product__cost__isnull=False)
    means = (
        rows.exclude(product__stock__lte=0)
        .values_list("offer")
        .annotate(margin=Avg(F("product__price") - F("product__cost")))
    )
    return {offer_id: float(margin) for offer_id, margin in means}


def _cost(offer: Offer, assumptions: AssumptionSet) -> float:
    if offer.cost_per_redemption is not None:
        return float(offer.cost_per_redemption)
    if offer.benefit_amount is not None:
        return float(offer.benefit_amount)
    if offer.benefit_percent is not None:
        return float(offer.benefit_percent) / 100 * assumptions.revenue_per_redemption.value
    return assumptions.cost_per_redemption.value


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n:,} times"
