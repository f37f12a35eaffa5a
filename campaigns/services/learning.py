"""Learn from finished campaigns who responds, and how far whole campaigns stray from their forecast."""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from campaigns import registry
from campaigns.engine.backtest import FEWEST_FOR_REFINEMENTS, Backtest, Contest, Entrant, columns_for, contest
from campaigns.engine.campaign_effect import fit_campaign_effect
from campaigns.engine.feature_groups import OFFER, TASTE, Extra
from campaigns.engine.frames import ReceptionFrame
from campaigns.engine.ledger import EntryScore, LedgerMetrics
from campaigns.engine.likeness import TasteSpace
from campaigns.engine.reception import (
    DemographicsLogistic,
    Estimator,
    LastOfType,
    LikenessLogistic,
    OfferLogistic,
    RidgeLogistic,
    TypeRate,
)
from campaigns.engine.reception.extras import FEWEST_OFFERS
from campaigns.engine.rolling import FEWEST_CAMPAIGNS, FEWEST_RESPONSES, History, rolling_forecasts
from campaigns.engine.winners_curse import kept_spread
from campaigns.queries.demographics import allowed_traits
from campaigns.queries.history import finished_campaigns, history_counts
from campaigns.queries.ledger import BASELINE, known_effects
from campaigns.registry import ReceptionKnowledge, Training
from campaigns.services.ledger import keep_replayed
from campaigns.services.likeness import spaces_before
from campaigns.services.reception_history import reception_history
from loyalty.services.progress import Progress
from recommender.engine.artefacts import ArtefactDamaged
from recommender.models import ModelVersion

# Progress is told in percent of the whole simulation: reading history is most of it.
READ_SHARE = 70
# What is learnt serves many simulations, so chance in it is not that of the one that happened to ask first.
LEARNING_SEED = 20170101

# Likeness half tells what other features do: on The Complete Journey it won by chance while 7 to 11 campaigns had been
# forecast, and adds nothing over the fourteen that are judged.
FEWEST_FOR_TASTES = 30
# So many come after those that it has to have seen before it hears of offers.
FEWEST_TO_TRY_OFFERS = FEWEST_OFFERS + FEWEST_FOR_REFINEMENTS

SIMPLE = (
    Entrant("type_rate", "Average rate of the campaign's type", TypeRate),
    Entrant("logistic", "Learnt response", RidgeLogistic),
    Entrant("likeness", "Learnt response, told of tastes", LikenessLogistic, FEWEST_FOR_TASTES, TASTE),
    Entrant("offer", "Learnt response, told of the offer", OfferLogistic, FEWEST_TO_TRY_OFFERS, OFFER),
)
# Registered by the worker: they load learning libraries, and a web process never learns.
_REFINEMENTS: list[Entrant] = []


def register_refinements(entrants: Sequence[Entrant]) -> None:
    """Let these take part as well, after the simple ones and in this order."""
    _REFINEMENTS[:] = entrants


def entrants_of(traits: tuple[str, ...]) -> list[Entrant]:
    """Who takes part, simplest first; `traits` are columns of demographics that somebody has allowed."""
    label = "Learnt response, told of demographics"
    told = Entrant("demographics", label, DemographicsLogistic, FEWEST_FOR_REFINEMENTS, traits)
    return [*SIMPLE, *([told] if traits else []), *_REFINEMENTS]


class HistoryTooSmall(Exception):
    """There are too few finished campaigns, or too few people took them, to forecast another one."""

    def __init__(self, history: History) -> None:
        super().__init__(
            f"A forecast needs {FEWEST_CAMPAIGNS} finished campaigns and {FEWEST_RESPONSES} people who took "
            f"them; there are {history.n_campaigns} and {history.n_responses}. Import more past campaigns."
        )


@dataclass(frozen=True)
class Learnt:
    """The version that serves and what it knows."""

    version: ModelVersion
    knowledge: ReceptionKnowledge


@dataclass(frozen=True)
class Made:
    """When, and from what, a version is learnt. `began` is on the performance counter, in seconds."""

    data_until: datetime
    data_fingerprint: str
    seed: int
    at: datetime
    began: float


def learn_reception(*, as_of: datetime, at: datetime, seed: int, report: Progress) -> Learnt:
    """Learn from everything that had ended at `as_of`, or open what was already learnt from just that.

    Raises HistoryTooSmall.
    """
    data_fingerprint = fingerprint(as_of)
    known = _opened(data_fingerprint)
    if known is not None:
        return known
    began = time.perf_counter()
    entrants = entrants_of(allowed_traits())
    campaigns = finished_campaigns(as_of)
    extra = columns_for(entrants, len(campaigns))
    frame = reception_history(campaigns, as_of, report, share=READ_SHARE, extra=extra)
    history = History.of(frame)
    if not history.is_enough:
        raise HistoryTooSmall(history)
    report(READ_SHARE, 100, "Testing on past campaigns")
    rng = np.random.default_rng(seed)
    made = Made(as_of, data_fingerprint, seed, at, began)
    outcome = contest(frame, entrants, rng)
    return _publish_all(outcome, frame, rng, made, report)


def _publish_all(
    outcome: Contest, frame: ReceptionFrame, rng: np.random.Generator, made: Made, report: Progress
) -> Learnt:
    """The losers are kept as well, so that people can see what it was compared with."""
    fitted = {entrant.name: entrant.make().fit(entrant.seen(frame)) for entrant in outcome.entrants}
    tastes = _tastes(outcome, frame)
    winner = next(entrant for entrant in outcome.entrants if entrant.name == outcome.winner)
    spread = kept_spread(winner.seen(frame), winner.make)
    naive = rolling_forecasts(frame, LastOfType)
    kept: dict[str, Learnt] = {}
    with report.writing():
        keep_replayed(naive, estimator=BASELINE, at=made.at)
        for entrant in outcome.entrants:
            told = Extra(entrant.extra, tastes if set(entrant.extra) & set(TASTE) else None)
            serves = entrant.name == outcome.winner
            knowledge = replace(_knowledge(outcome, entrant, fitted[entrant.name], rng, made), extra=told)
            knowledge = replace(knowledge, spread=spread) if serves else knowledge
            training = _training(outcome, entrant, made)
            version = registry.publish(knowledge, training, serves=serves, job_id=report.job_id)
            kept[entrant.name] = Learnt(version, knowledge)
    return kept[outcome.winner]


def _tastes(outcome: Contest, frame: ReceptionFrame) -> TasteSpace | None:
    """Learnt once for everybody who is scored: from no later day than the campaigns that are learnt from."""
    if not any(set(entrant.extra) & set(TASTE) for entrant in outcome.entrants):
        return None
    return spaces_before([max(campaign.ends_at for campaign in frame.campaigns)])[0]


def _knowledge(
    outcome: Contest, entrant: Entrant, fitted: Estimator, rng: np.random.Generator, made: Made
) -> ReceptionKnowledge:
    """How far campaigns stray is learnt from the ledger alone: from forecasts as they were made."""
    backtest, estimator = outcome.backtests[entrant.name], type(fitted).__name__
    keep_replayed(backtest.entries, estimator=estimator, at=made.at)
    effects = known_effects(estimator=estimator, code_version=registry.CODE_VERSION, as_of=made.data_until)
    return ReceptionKnowledge(
        responder=fitted,
        effect=fit_campaign_effect(effects),
        evidence=_evidence(outcome.history, backtest, outcome, rng),
    )


def _training(outcome: Contest, entrant: Entrant, made: Made) -> Training:
    return Training(
        label=entrant.label,
        is_baseline=entrant == outcome.entrants[0],
        metrics=_metrics(outcome.backtests[entrant.name].metrics),
        verdict=outcome.verdict_of(entrant.name),
        data_until=made.data_until,
        data_fingerprint=made.data_fingerprint,
        seed=made.seed,
        fit_seconds=time.perf_counter() - made.began,
        trained_at=made.at,
    )


def is_learnt(as_of: datetime) -> bool:
    """Whether a version is there of all that had ended at `as_of`."""
    return registry.serving_version(fingerprint(as_of)) is not None


def fingerprint(as_of: datetime) -> str:
    """Of what was learnt from, not of the moment somebody asks: what was learnt once serves every later campaign."""
    known = {"counts": history_counts(as_of), "code": registry.CODE_VERSION}
    # Where nobody has allowed it, nothing of it is in the fingerprint: taken back, what served before serves again.
    if traits := allowed_traits():
        known["traits"] = traits
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _opened(fingerprint: str) -> Learnt | None:
    version = registry.serving_version(fingerprint)
    try:
        return Learnt(version, registry.open_version(version)) if version else None
    except ArtefactDamaged:
        # A damaged file costs a minute of learning, not a page.
        return None


def _metrics(metrics: LedgerMetrics | None) -> dict[str, Any]:
    if metrics is None:
        return {}
    return {
        "auc": {"value": metrics.auc},
        "brier": {"value": metrics.brier},
        "log_loss": {"value": metrics.log_loss},
        "calibration_error": {"value": metrics.calibration_error},
        "total_ratio": {"value": metrics.total_ratio},
        "campaign_error": {"value": metrics.wape},
        "coverage_90": {"value": metrics.coverage[0.9]},
        "interval_score_90": {"value": metrics.interval_score},
        "coin_toss_coverage_90": {"value": metrics.coin_toss_coverage[0.9]},
    }


def _evidence(history: History, backtest: Backtest, outcome: Contest, rng: np.random.Generator) -> dict[str, Any]:
    return {
        "n_campaigns": history.n_campaigns,
        "n_responses": history.n_responses,
        "verdict": outcome.verdict,
        "metrics": _metrics(backtest.metrics),
        "baseline_metrics": _metrics(outcome.baseline.metrics),
        "contest": [_entrant(outcome, entrant) for entrant in outcome.entrants],
        "scoreboard": [_line(score) for score in backtest.scoreboard(rng)],
    }


def _entrant(outcome: Contest, entrant: Entrant) -> dict[str, Any]:
    gain = outcome.gains.get(entrant.name)
    return {
        "name": entrant.name,
        "label": entrant.label,
        "serves": entrant.name == outcome.winner,
        "gain": {"mid": gain.mid, "low": gain.low, "high": gain.high} if gain else None,
        "metrics": _metrics(outcome.backtests[entrant.name].metrics),
    }


def _line(score: EntryScore) -> dict[str, Any]:
    interval, tossed = score.forecast.interval(0.9), score.coin_toss.interval(0.9)
    return {
        "campaign_id": score.campaign.campaign_id,
        "mid": score.forecast.mid,
        "low_90": interval.low,
        "high_90": interval.high,
        "naive_low_90": tossed.low,
        "naive_high_90": tossed.high,
        "actual": score.actual,
        "held": score.holds(0.9),
    }
