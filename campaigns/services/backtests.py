"""Replay every past campaign in the order they began, each forecast with only what was known the day before."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import transaction

from campaigns.engine.backtest import Contest, Entrant, as_served, columns_for, contest
from campaigns.engine.frames import ReceptionFrame
from campaigns.engine.ledger import EntryScore, LedgerEntry, LedgerMetrics, ledger_metrics, score_entries
from campaigns.engine.reception import GlobalRate, LastOfType
from campaigns.engine.rolling import rolling_forecasts, without_effect
from campaigns.queries.history import observed_campaigns
from campaigns.queries.ledger import BASELINE
from campaigns.services.entrants import ENTRANTS
from campaigns.services.ledger import keep_replayed
from campaigns.services.reception_history import reception_history
from loyalty.services.progress import Progress

# The first nine campaigns teach; what a forecast is held to begins with the tenth.
FIRST_JUDGED = 10
NO_EFFECT = "without_campaign_effect"
# Beside the contest: what people do who have no model at all.
NAIVE = (
    Entrant("global_rate", "Average rate of all campaigns", GlobalRate),
    Entrant("last_of_type", "Same as the last campaign of its type", LastOfType),
)


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


@dataclass(frozen=True)
class Replays:
    """Every way to forecast, by name; `serving` is the one that the contest over closed windows chose."""

    serving: str
    verdict: str
    by_name: dict[str, Replay]
    outcome: Contest
    frame: ReceptionFrame


def replay_campaigns(*, as_of: datetime, seed: int, report: Progress) -> Replays:
    """Hold every estimator to the tenth past campaign and all after it. Raises NothingToReplay."""
    campaigns = observed_campaigns(as_of)
    if len(campaigns) < FIRST_JUDGED:
        raise NothingToReplay(len(campaigns))
    frame = reception_history(campaigns, as_of, report, extra=columns_for(ENTRANTS, len(campaigns)))
    outcome = contest(frame, ENTRANTS, np.random.default_rng(seed))
    made = {entrant.name: (entrant.label, _entries(outcome, entrant)) for entrant in outcome.entrants}
    made |= {entrant.name: (entrant.label, rolling_forecasts(frame, entrant.make)) for entrant in NAIVE}
    label, entries = made[outcome.winner]
    made["as_served"] = ("Whichever had won before each campaign", as_served(outcome, np.random.default_rng(seed)))
    made[NO_EFFECT] = (f"{label}, without the campaign effect", without_effect(entries))
    by_name = {name: _replay(label, _judged(frame, entries), seed) for name, (label, entries) in made.items()}
    return Replays(outcome.winner, outcome.verdict, by_name, outcome, frame)


def keep_replays(replays: Replays, *, at: datetime) -> None:
    """Fill the ledger with every estimator's forecasts of past campaigns, and what the last of a type would say."""
    rule = NAIVE[-1]
    with transaction.atomic():
        keep_replayed(rolling_forecasts(replays.frame, rule.make), estimator=BASELINE, at=at)
        # The one that serves is kept last: of forecasts of one campaign the newest stands on the scoreboard.
        for entrant in sorted(replays.outcome.entrants, key=lambda entrant: entrant.name == replays.serving):
            estimator = type(entrant.make()).__name__
            keep_replayed(_entries(replays.outcome, entrant), estimator=estimator, at=at)


def _entries(outcome: Contest, entrant: Entrant) -> list[LedgerEntry]:
    return list(outcome.backtests[entrant.name].entries)


def _judged(frame: ReceptionFrame, entries: list[LedgerEntry]) -> list[LedgerEntry]:
    held = {campaign.campaign_id for campaign in frame.campaigns[FIRST_JUDGED - 1 :]}
    return [entry for entry in entries if entry.campaign.campaign_id in held]


def _replay(label: str, entries: list[LedgerEntry], seed: int) -> Replay:
    return Replay(
        label,
        score_entries(entries, np.random.default_rng(seed)),
        ledger_metrics(entries, np.random.default_rng(seed)),
    )
