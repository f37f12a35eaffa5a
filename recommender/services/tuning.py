"""Search better settings for one recommender on earlier weeks, and train a challenger with what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from loyalty.services.progress import Progress
from recommender import registry
from recommender.engine.base import Recommender
from recommender.engine.contests.tuning import HALF_LIFE, Budget, Tuned, tune
from recommender.engine.lineup import lineup
from recommender.engine.popularity import Popularity
from recommender.engine.splits import SpanTooShort
from recommender.models import DecayChoice, ModelVersion, Tuning, TuningTrial
from recommender.queries.decay import half_life_days
from recommender.services.searching import TpeSearch
from recommender.services.training import (
    HALF_LIFE_DAYS,
    Terms,
    TooLittleHistory,
    hold_contest,
    known_purchases,
    publish_all,
    rules_of,
)


class NothingToTune(Exception):
    """There is no such recommender, or it has no settings to search."""


@dataclass(frozen=True)
class TuningRequest:
    """What is searched, as of when, for how long."""

    kind: str
    as_of: datetime
    at: datetime
    seed: int
    budget: Budget


def tunable(random_state: int = 0) -> dict[str, Recommender]:
    """Recommenders that declare what may be changed, by kind."""
    return {kind: one for kind, one in lineup(random_state).items() if one.space}


def tune_recommender(request: TuningRequest, *, report: Progress, recommender: Recommender | None = None) -> Tuning:
    """Search on weeks before the test, keep every try, train the best as challenger. The same job does it once.

    Raises NothingToTune and TooLittleHistory.
    """
    kept = Tuning.objects.filter(job_id=report.job_id, algorithm=request.kind).first() if report.job_id else None
    if kept is not None:
        return kept
    estimator = recommender or _recommender(request.kind, request.seed)
    report(0, 100, "Reading purchases")
    found = _searched(estimator, request, report)
    settings = {name: value for name, value in found.best.params.items() if name != HALF_LIFE}
    terms = Terms(request.as_of, request.at, request.seed, found.best.params[HALF_LIFE], waits=True)
    held = hold_contest((Popularity(), estimator.set_params(**settings)), terms, report)
    with report.writing():
        version = registry.challenge(publish_all(held, report)[1])
        return _keep(found, request, version, report)


def search_settings(request: TuningRequest, *, report: Progress) -> Tuned:
    """The search alone: nothing is kept. Raises NothingToTune and TooLittleHistory."""
    return _searched(_recommender(request.kind, request.seed), request, report)


def _recommender(kind: str, seed: int) -> Recommender:
    known = tunable(seed)
    if kind not in known:
        raise NothingToTune(f"“{kind}” has no settings to search. There are: {', '.join(known)}.")
    return known[kind]


def _searched(estimator: Recommender, request: TuningRequest, report: Progress) -> Tuned:
    half_life = half_life_days(DecayChoice.Task.BUY_AGAIN, as_of=request.as_of, unless_known=HALF_LIFE_DAYS)
    terms = Terms(request.as_of, request.at, request.seed, half_life)
    try:
        return tune(
            estimator,
            known_purchases(terms),
            rules_of(terms),
            TpeSearch(request.seed),
            budget=request.budget,
            rng=np.random.default_rng(request.seed),
            told=lambda done, spent: report(round(70 * spent), 100, f"{done} settings tried on earlier weeks"),
        )
    except SpanTooShort as error:
        raise TooLittleHistory(
            f"There is too little to choose from: {error}. Import at least four months of orders first."
        ) from error


def _keep(found: Tuned, request: TuningRequest, version: ModelVersion, report: Progress) -> Tuning:
    gain = {"value": found.gain.mid, "low": found.gain.low, "high": found.gain.high}
    tuning = Tuning.objects.create(
        algorithm=request.kind,
        version=version,
        budget_seconds=request.budget.seconds,
        gain=gain,
        as_of=request.as_of,
        seed=request.seed,
        job_id=report.job_id,
        made_at=request.at,
    )
    TuningTrial.objects.bulk_create(_rows(tuning, found))
    return tuning


def _rows(tuning: Tuning, found: Tuned) -> Sequence[TuningTrial]:
    return [
        TuningTrial(
            tuning=tuning,
            number=trial.number,
            params=trial.params,
            value=trial.value.mid,
            low=trial.value.low,
            high=trial.value.high,
            seconds=trial.seconds,
            is_chosen=trial is found.best,
        )
        for trial in found.trials
    ]
