"""Learn from finished campaigns who responds, and how far whole campaigns stray from their forecast."""

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from campaigns import registry
from campaigns.engine.backtest import Backtest, Contest, contest, fit_responder
from campaigns.engine.campaign_effect import fit_campaign_effect
from campaigns.engine.frames import ReceptionFrame
from campaigns.engine.ledger import EntryScore, LedgerMetrics
from campaigns.engine.rolling import FEWEST_CAMPAIGNS, FEWEST_RESPONSES, History
from campaigns.queries.history import finished_campaigns, history_counts
from campaigns.registry import ReceptionKnowledge, Training
from campaigns.services.reception_history import reception_history
from loyalty.services.progress import Progress
from recommender.engine.artefacts import ArtefactDamaged
from recommender.models import ModelVersion

# Progress is told in percent of the whole simulation: reading history is most of it.
READ_SHARE = 70
# What is learnt serves many simulations, so chance in it is not that of the one that happened to ask first.
LEARNING_SEED = 20170101


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
    frame = reception_history(finished_campaigns(as_of), as_of, report, share=READ_SHARE)
    history = History.of(frame)
    if not history.is_enough:
        raise HistoryTooSmall(history)
    report(READ_SHARE, 100, "Testing on past campaigns")
    rng = np.random.default_rng(seed)
    made = Made(as_of, data_fingerprint, seed, at, began)
    return _publish_both(contest(frame, rng), frame, rng, made, report)


def _publish_both(
    outcome: Contest, frame: ReceptionFrame, rng: np.random.Generator, made: Made, report: Progress
) -> Learnt:
    """The loser is kept as well, so that people can see what it was compared with."""
    kept: dict[bool, Learnt] = {}
    with report.writing():
        for is_model in (True, False):
            serves = is_model == outcome.model_wins
            knowledge = _knowledge(outcome, frame, rng, is_model=is_model)
            training = _training(outcome, made, is_model=is_model)
            version = registry.publish(knowledge, training, serves=serves, job_id=report.job_id)
            kept[serves] = Learnt(version, knowledge)
    return kept[True]


def _knowledge(
    outcome: Contest, frame: ReceptionFrame, rng: np.random.Generator, *, is_model: bool
) -> ReceptionKnowledge:
    backtest = outcome.model if is_model else outcome.baseline
    return ReceptionKnowledge(
        responder=fit_responder(frame, use_model=is_model),
        effect=fit_campaign_effect([entry.residual for entry in backtest.entries]),
        evidence=_evidence(History.of(frame), backtest, outcome, rng),
    )


def _training(outcome: Contest, made: Made, *, is_model: bool) -> Training:
    backtest = outcome.model if is_model else outcome.baseline
    return Training(
        label="Learnt response" if is_model else "Average rate of the campaign's type",
        is_baseline=not is_model,
        metrics=_metrics(backtest.metrics),
        verdict=outcome.verdict if is_model == outcome.model_wins else "Kept for comparison.",
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
        "calibration_error": {"value": metrics.calibration_error},
        "total_ratio": {"value": metrics.total_ratio},
        "campaign_error": {"value": metrics.wape},
        "coverage_90": {"value": metrics.coverage[0.9]},
        "coin_toss_coverage_90": {"value": metrics.coin_toss_coverage[0.9]},
    }


def _evidence(history: History, backtest: Backtest, outcome: Contest, rng: np.random.Generator) -> dict[str, Any]:
    return {
        "n_campaigns": history.n_campaigns,
        "n_responses": history.n_responses,
        "verdict": outcome.verdict,
        "metrics": _metrics(backtest.metrics),
        "baseline_metrics": _metrics(outcome.baseline.metrics),
        "scoreboard": [_line(score) for score in backtest.scoreboard(rng)],
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
