"""Rolling-origin forecasts: every past campaign forecast with only what was known the day before.

Prequential (Dawid 1984): residuals of forecasts as made, never of in-sample fits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from campaigns.engine.campaign_effect import NO_EFFECT, CampaignEffect, fit_campaign_effect
from campaigns.engine.frames import FloatArray, PastCampaign, ReceptionFrame
from campaigns.engine.ledger import LedgerEntry
from campaigns.engine.reception import Estimator

FEWEST_CAMPAIGNS = 5
FEWEST_RESPONSES = 50
# A replay may begin earlier than forecasts for people: what is learnt from it is how far campaigns stray.
FEWEST_REPLAYED = 3
FEWEST_REPLAYED_RESPONSES = 20


@dataclass(frozen=True)
class History:
    """How much finished history there is.

    Attributes
    ----------
    n_campaigns : int
    n_responses : int
        Customers who redeemed, counted once for each campaign.
    """

    n_campaigns: int
    n_responses: int

    @classmethod
    def of(cls, frame: ReceptionFrame) -> "History":
        """Count the campaigns and responses of `frame`."""
        return cls(frame.n_campaigns, int(frame.responded.sum()))

    @property
    def is_enough(self) -> bool:
        """Whether a forecast may be made: five finished campaigns and fifty responses."""
        return self.n_campaigns >= FEWEST_CAMPAIGNS and self.n_responses >= FEWEST_RESPONSES


def rolling_forecasts(
    frame: ReceptionFrame,
    make_model: Callable[[], Estimator],
    *,
    fewest_campaigns: int = FEWEST_REPLAYED,
    fewest_responses: int = FEWEST_REPLAYED_RESPONSES,
) -> list[LedgerEntry]:
    """Forecast every campaign, in the order they began, from campaigns whose window had closed before.

    Parameters
    ----------
    frame : ReceptionFrame
    make_model : callable
        Returns a new, unfitted model.
    fewest_campaigns, fewest_responses : int
        A campaign whose closed predecessors have fewer is left out: nothing could have been learnt.

    Returns
    -------
    list of LedgerEntry
        In order of start.
    """
    entries: list[LedgerEntry] = []
    for row in _by_start(frame):
        campaign = frame.campaigns[row]
        past = frame.closed_before(campaign.decided_at)
        known = History.of(past)
        if known.n_campaigns < fewest_campaigns or known.n_responses < fewest_responses:
            continue
        sent = frame.only([row])
        logits = make_model().fit(past).logits(sent.customers, campaign.campaign_type)
        seen = seen_logits(logits, past.share_taken_by(campaign.window_seen))
        entries.append(LedgerEntry(campaign, seen, sent.redemptions, known_effect(entries, campaign)))
    return entries


def seen_logits(logits: FloatArray, share_seen: float) -> FloatArray:
    """Log-odds of being seen to respond, where only a share of those who respond can have been seen yet."""
    return np.asarray(logit(expit(logits) * share_seen)) if share_seen < 1 else logits


def known_effect(entries: list[LedgerEntry], campaign: PastCampaign) -> CampaignEffect:
    """Learn the campaign effect from the entries whose window had closed when `campaign` was decided."""
    closed = [entry for entry in entries if entry.campaign.closed_before(campaign.decided_at)]
    return fit_campaign_effect([entry.residual for entry in closed])


def without_effect(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """The same forecasts if every campaign were only its customers' coins: too sure, kept for comparison."""
    return [replace(entry, effect=NO_EFFECT) for entry in entries]


def _by_start(frame: ReceptionFrame) -> list[int]:
    rows = [int(row) for row in np.unique(frame.campaign_rows)]
    return sorted(rows, key=lambda row: (frame.campaigns[row].starts_at, frame.campaigns[row].campaign_id))
