"""Replay every past campaign in the order they began, each forecast with only what was known the day before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from campaigns.engine.frames import ReceptionFrame
from campaigns.engine.ledger import EntryScore, LedgerEntry, LedgerMetrics, ledger_metrics, score_entries
from campaigns.engine.reception import ReceptionModel, Responder, TypeRate
from campaigns.engine.rolling import rolling_forecasts, without_effect
from campaigns.queries.history import observed_campaigns
from campaigns.services.reception_history import reception_history
from loyalty.services.progress import Progress

# The first nine campaigns teach; what a forecast is held to begins with the tenth.
FIRST_JUDGED = 10


class NothingToReplay(Exception):
    """There are too few past campaigns to hold a forecast against."""

    def __init__(self, n_campaigns: int) -> None:
        super().__init__(
            f"A back-test needs more than {FIRST_JUDGED - 1} campaigns that were sent to known customers and seen for "
            f"three weeks; there are {n_campaigns}. Import more past campaigns."
        )


@dataclass(frozen=True)
class Replay:
    """One way to forecast, over the campaigns it is held to."""

    label: str
    scores: list[EntryScore]
    metrics: LedgerMetrics


def replay_campaigns(*, as_of: datetime, seed: int, report: Progress) -> dict[str, Replay]:
    """Every way to forecast, by name; the one that serves first. Raises NothingToReplay."""
    campaigns = observed_campaigns(as_of)
    if len(campaigns) < FIRST_JUDGED:
        raise NothingToReplay(len(campaigns))
    frame = reception_history(campaigns, as_of, report)
    made = {name: _judged(frame, rolling_forecasts(frame, make)) for name, make in ESTIMATORS.items()}
    made["without_campaign_effect"] = without_effect(made["logistic"])
    return {name: _replay(LABELS[name], entries, seed) for name, entries in made.items()}


ESTIMATORS: dict[str, Callable[[], Responder]] = {"logistic": ReceptionModel, "type_rate": TypeRate}
LABELS = {
    "logistic": "Logistic regression",
    "type_rate": "Average rate of the campaign's type",
    "without_campaign_effect": "The first without the campaign effect",
}


def _judged(frame: ReceptionFrame, entries: list[LedgerEntry]) -> list[LedgerEntry]:
    held = {campaign.campaign_id for campaign in frame.campaigns[FIRST_JUDGED - 1 :]}
    return [entry for entry in entries if entry.campaign.campaign_id in held]


def _replay(label: str, entries: list[LedgerEntry], seed: int) -> Replay:
    return Replay(
        label,
        score_entries(entries, np.random.default_rng(seed)),
        ledger_metrics(entries, np.random.default_rng(seed)),
    )
