"""Who may not be written to, whatever they are worth: decided before anybody is scored, and told gate by gate."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from campaigns.engine.audience.gates import Stop
from campaigns.engine.frames import BoolArray, IntArray
from campaigns.queries import reach
from campaigns.queries.candidates import refused_ids
from campaigns.queries.eligibility import held_out_ids, pilot_customer_ids
from campaigns.services.scoring import Scored

WHY_NOBODY = {
    Stop.CONSENT: "Every customer has refused this channel. Choose another one.",
    Stop.HELD_OUT: "Everybody who is left is held out of this campaign on purpose. Hold out fewer.",
    Stop.PILOT: "Everybody who is left gets the pilot already. Call it off, or choose others.",
    Stop.OTHER_CAMPAIGN: "Everybody who is left gets another campaign on these days. Choose others, or let both go.",
    Stop.EXCLUDED: "Everybody who is left is in a segment that you leave out. Leave out fewer segments.",
    Stop.CONTACTS: "Everybody who is left gets as many campaigns as you allow. Allow one more, or choose other days.",
}


def closed_gates(scored: Scored, rule: Mapping[str, Any]) -> dict[Stop, BoolArray]:
    """Every gate that a rule closes, each of shape (n_customers,)."""
    campaign, ids = scored.campaign, scored.customers.customer_ids
    return {
        Stop.CONSENT: _among(ids, refused_ids(channel=campaign.channel, as_of=scored.as_of)),
        Stop.HELD_OUT: _among(ids, held_out_ids(campaign)),
        Stop.PILOT: _among(ids, pilot_customer_ids(campaign)),
        Stop.OTHER_CAMPAIGN: _among(ids, reach.other_campaign_ids(campaign)) & bool(rule.get("leave_out_running")),
        Stop.EXCLUDED: _among(ids, reach.members_of_segments(rule.get("leave_out_segments", []))),
        Stop.CONTACTS: _among(
            ids, reach.too_often_ids(campaign, at_most=rule.get("contacts_at_most"), days=rule.get("contact_days"))
        ),
    }


def why_nobody(closed: Mapping[Stop, BoolArray]) -> str:
    """What to do when no gate lets anybody through: about the gate that the last ones fell at."""
    last = max(stop for stop, mask in closed.items() if mask.any())
    return WHY_NOBODY[last]


def _among(customer_ids: IntArray, chosen: IntArray) -> BoolArray:
    found: BoolArray = np.isin(customer_ids, chosen)
    return found
