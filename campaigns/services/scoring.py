"""Score every customer for one campaign, as things stood at one moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from campaigns.engine.frames import CustomerFrame, FloatArray, IntArray
from campaigns.engine.reasons import reason_contributions
from campaigns.engine.simulation import Plan, RedemptionCounts
from campaigns.engine.winners_curse import drawn_together
from campaigns.models import Audience, Campaign
from campaigns.queries.history import finished_campaigns
from campaigns.queries.reception import ALL_KEYS, reception_features, redeemer_counts
from campaigns.queries.reception_extras import with_extra
from campaigns.services.assumptions import AssumptionSet, assumptions_for
from campaigns.services.habits import MOST_CUSTOMERS, habits_of_everybody
from campaigns.services.learning import Learnt
from loyalty.models import Customer
from segments.queries.assigning import customer_ranges

# How often people redeem changes over the year: a campaign this old counts half.
COUNTS_HALF_LIFE = timedelta(days=120)
FEWEST_REDEEMERS = 30
# So many are scored in one go while somebody looks on.
AT_ONCE = MOST_CUSTOMERS
CUSTOMERS_PER_PART = 50_000


@dataclass(frozen=True)
class Scored:
    """Everybody, with the log-odds of taking this campaign, the reasons, and the money that follows.

    `is_picked`: the log-odds are those of people whom the model picks itself.
    """

    campaign: Campaign
    as_of: datetime
    learnt: Learnt
    customers: CustomerFrame
    logits: FloatArray
    reasons: FloatArray
    counts: RedemptionCounts
    assumptions: AssumptionSet
    is_picked: bool = False

    @cached_property
    def picked(self) -> "Scored":
        """The same for whoever is picked by these log-odds: part of what puts them first is chance."""
        if self.is_picked:
            return self
        nearer = drawn_together(self.logits, self.learnt.knowledge.spread)
        return replace(self, logits=nearer, is_picked=True)

    def for_rule(self, rule: Mapping[str, Any]) -> "Scored":
        """What a forecast goes by for the people whom an audience rule reaches.

        Who is picked by what a message changes is not picked by how likely they respond.
        """
        is_picked = rule["kind"] == Audience.Kind.BEST and not rule.get("uplift_model")
        return self.picked if is_picked else self

    def plan(self, rows: IntArray) -> Plan:
        """The engine's plan of sending to these customers."""
        effect = self.learnt.knowledge.effect
        return Plan(self.logits[rows], effect, self.counts, self.assumptions.for_engine())

    def rows_of(self, customer_ids: IntArray) -> IntArray:
        """Positions of these customers; ids that are nobody's are left out."""
        return np.flatnonzero(np.isin(self.customers.customer_ids, customer_ids)).astype(np.int64)


@dataclass(frozen=True)
class Scores:
    """Some customers with what is known of them, how likely they take a campaign, and for which reasons."""

    customers: CustomerFrame
    logits: FloatArray
    reasons: FloatArray


def score_range(*, campaign: Campaign, as_of: datetime, learnt: Learnt, keys: tuple[int, int] = ALL_KEYS) -> Scores:
    """Score the customers with keys from the first to the last of `keys`."""
    customers = reception_features(campaign_id=campaign.pk, as_of=as_of, keys=keys)
    extra = learnt.knowledge.extra
    return _scores(with_extra(customers, extra, campaign_id=campaign.pk, as_of=as_of, keys=keys), campaign, learnt)


def _scores(customers: CustomerFrame, campaign: Campaign, learnt: Learnt) -> Scores:
    responder = learnt.knowledge.responder
    contributions = responder.contributions(customers, campaign.type)
    reasons = reason_contributions(contributions, customers.names)
    return Scores(customers, responder.logits(customers, campaign.type), reasons)


def score_customers(*, campaign: Campaign, as_of: datetime, learnt: Learnt) -> Scored:
    """Score everybody by one worker: in one go where they are few enough, else one range after the other."""
    n = Customer.objects.count()
    if n > AT_ONCE:
        ranges = customer_ranges(CUSTOMERS_PER_PART)
        scored = (score_range(campaign=campaign, as_of=as_of, learnt=learnt, keys=keys) for keys in ranges)
        return with_money(joined_scores(scored, n), campaign, as_of, learnt)
    habits = habits_of_everybody(as_of=as_of)
    customers = reception_features(campaign_id=campaign.pk, as_of=as_of, habits=habits)
    known = with_extra(customers, learnt.knowledge.extra, campaign_id=campaign.pk, as_of=as_of)
    return with_money(_scores(known, campaign, learnt), campaign, as_of, learnt)


def joined_scores(pieces: Iterable[Scores], n_customers: int) -> Scores:
    """All of about `n_customers` in arrays that are made once: put together from pieces they would be there twice."""
    whole: list[np.ndarray[Any, Any]] = []
    names: tuple[str, ...] = ()
    end = 0
    for piece in pieces:
        names = piece.customers.names
        arrays = (piece.customers.customer_ids, piece.customers.values, piece.logits, piece.reasons)
        whole = whole or [np.empty((n_customers, *array.shape[1:]), dtype=array.dtype) for array in arrays]
        start, end = end, end + len(piece.logits)
        if end > len(whole[0]):
            # Somebody came since they were counted.
            whole = [np.concatenate([into[:start], array]) for into, array in zip(whole, arrays, strict=True)]
        for into, array in zip(whole, arrays, strict=True):
            into[start:end] = array
    ids, values, logits, reasons = (array[:end] for array in whole)
    return Scores(CustomerFrame(ids, values, names), logits, reasons)


def with_money(scores: Scores, campaign: Campaign, as_of: datetime, learnt: Learnt) -> Scored:
    """Everybody who was scored, with what follows from it."""
    return Scored(
        campaign=campaign,
        as_of=as_of,
        learnt=learnt,
        customers=scores.customers,
        logits=scores.logits,
        reasons=scores.reasons,
        counts=redemption_counts(campaign.type, as_of),
        assumptions=assumptions_for(campaign, as_of),
    )


def redemption_counts(campaign_type: str, as_of: datetime) -> RedemptionCounts:
    """How often redeemers of past campaigns redeemed; of the same type alone where there are enough of them."""
    past = {campaign.campaign_id: campaign for campaign in finished_campaigns(as_of)}
    taken = redeemer_counts(list(past))
    weights = {pk: 0.5 ** ((as_of - one.ends_at) / COUNTS_HALF_LIFE) for pk, one in past.items()}
    weighted = np.array([weights[pk] for pk in taken.campaign_ids.tolist()])
    same = np.array([past[pk].campaign_type == campaign_type for pk in taken.campaign_ids.tolist()], dtype=np.bool_)
    kept = same if same.sum() >= FEWEST_REDEEMERS else np.ones_like(same)
    return RedemptionCounts.from_redeemers(taken.redemptions[kept], weighted[kept])
