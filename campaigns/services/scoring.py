"""Score every customer for one campaign, as things stood at one moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from campaigns.engine.frames import CustomerFrame, FloatArray, IntArray
from campaigns.engine.reasons import reason_contributions
from campaigns.engine.simulation import Plan, RedemptionCounts
from campaigns.models import Campaign
from campaigns.queries.history import finished_campaigns
from campaigns.queries.reception import campaign_reception, reception_features
from campaigns.services.assumptions import AssumptionSet, assumptions_for
from campaigns.services.learning import Learnt

# How often people redeem changes over the year: a campaign this old counts half.
COUNTS_HALF_LIFE = timedelta(days=120)
FEWEST_REDEEMERS = 30


@dataclass(frozen=True)
class Scored:
    """Everybody, with the log-odds of taking this campaign, the reasons, and the money that follows."""

    campaign: Campaign
    as_of: datetime
    learnt: Learnt
    customers: CustomerFrame
    logits: FloatArray
    reasons: FloatArray
    counts: RedemptionCounts
    assumptions: AssumptionSet

    def plan(self, rows: IntArray) -> Plan:
        """The engine's plan of sending to these customers."""
        effect = self.learnt.knowledge.effect
        return Plan(self.logits[rows], effect, self.counts, self.assumptions.for_engine())

    def rows_of(self, customer_ids: IntArray) -> IntArray:
        """Positions of these customers; ids that are nobody's are left out."""
        return np.flatnonzero(np.isin(self.customers.customer_ids, customer_ids)).astype(np.int64)


def score_customers(*, campaign: Campaign, as_of: datetime, learnt: Learnt) -> Scored:
    customers = reception_features(campaign_id=campaign.pk, as_of=as_of)
    responder = learnt.knowledge.responder
    contributions = responder.contributions(customers, campaign.type)
    return Scored(
        campaign=campaign,
        as_of=as_of,
        learnt=learnt,
        customers=customers,
        logits=responder.logits(customers, campaign.type),
        reasons=reason_contributions(contributions, customers.names),
        counts=redemption_counts(campaign.type, as_of),
        assumptions=assumptions_for(campaign, as_of),
    )


def redemption_counts(campaign_type: str, as_of: datetime) -> RedemptionCounts:
    """How often redeemers of past campaigns redeemed; of the same type alone where there are enough of them."""
    taken, weights, alike = [], [], []
    for past in finished_campaigns(as_of):
        redemptions = campaign_reception(campaign_id=past.campaign_id, until=as_of).redemptions
        counts = redemptions[redemptions > 0]
        taken.append(counts)
        weights.append(np.full(len(counts), 0.5 ** ((as_of - past.ends_at) / COUNTS_HALF_LIFE)))
        alike.append(np.full(len(counts), past.campaign_type == campaign_type))
    same = np.concatenate(alike)
    kept = same if same.sum() >= FEWEST_REDEEMERS else np.ones_like(same)
    return RedemptionCounts.from_redeemers(np.concatenate(taken)[kept], np.concatenate(weights)[kept])
