"""Train again by itself on a rolling window, and let what is new serve only where it surely beats what serves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from django.db import transaction

from loyalty.models import Customer, Job
from loyalty.services.jobs import create_job
from loyalty.services.progress import Progress
from recommender import registry
from recommender.engine.artefacts import ArtefactDamaged
from recommender.engine.base import Recommender
from recommender.engine.contests.contest import Round, difference
from recommender.engine.dataset import FRAME_SCHEMA
from recommender.engine.ids import IdMap
from recommender.engine.metrics import PRIMARY_METRIC, Estimate, FloatArray, recall_at_k
from recommender.models import DecayChoice, ModelVersion, Retraining
from recommender.queries.decay import half_life_days
from recommender.queries.histories import known_to
from recommender.services.evaluation import row
from recommender.services.mirror import mirror_versions
from recommender.services.scoring import TOP_K, score_customers
from recommender.services.training import (
    HALF_LIFE_DAYS,
    THOROUGH,
    Held,
    Terms,
    hold_contest,
    known_purchases,
    line_up,
    publish_all,
)

TASK = "recommender.retrain"
LABEL = "Learn again what customers buy next"
DAYS_A_MONTH = 30.44
Mode = Retraining.Mode


@dataclass(frozen=True)
class Retrained:
    """The new version that was chosen, and whether it serves now."""

    version: ModelVersion
    serves: bool
    told: str


@transaction.atomic
def make_due(*, at: datetime) -> Job | None:
    """Queue the training when its time has come; never two at once."""
    setting = Retraining.objects.select_for_update(no_key=True).filter(pk=1).exclude(mode=Mode.OFF).first()
    if setting is None or (setting.last_at and at - setting.last_at < timedelta(days=setting.every_days)):
        return None
    if Job.objects.filter(task=TASK, state__in=Job.OPEN_STATES).exists():
        return None
    job = create_job(task=TASK, label=LABEL, params={}, by=None, at=at)
    setting.last_at, setting.last_job = at, job
    setting.save(update_fields=["last_at", "last_job"])
    return job


def retrain(
    *,
    as_of: datetime,
    at: datetime,
    seed: int,
    report: Progress,
    competing: Sequence[Recommender] | None = None,
) -> Retrained:
    """Train on the rolling window and hold the new one against the one in use, on the same last four weeks.

    "Automatic" lets it serve when the gate lets it and it surely beats the one in use; else it is the challenger that
    people are asked about. The same job trains once. Raises TooLittleHistory.
    """
    done = _published(report.job_id)
    if done is not None:
        return Retrained(done, done.is_in_use, done.verdict)
    setting = Retraining.objects.filter(pk=1).first() or Retraining()
    half_life = half_life_days(DecayChoice.Task.BUY_AGAIN, as_of=as_of, unless_known=HALF_LIFE_DAYS)
    terms = Terms(as_of, at, seed, half_life, since=_since(setting, as_of), waits=True)
    held = _beside_the_champion(hold_contest(competing or line_up(seed, THOROUGH), terms, report), terms)
    with report.writing():
        versions = publish_all(held, report)
        version = versions[held.place]
        serves = setting.mode == Mode.AUTOMATIC and held.deserves_to_serve and _beats(version)
        (registry.promote if serves else registry.challenge)(version)
    mirror_versions(versions, report=report)
    if serves:
        score_customers(version, _everybody(), TOP_K, as_of=as_of, at=at, report=report)
    told = _told(version, serves)
    report.note(told)
    return Retrained(version, serves, told)


def _published(job_id: int | None) -> ModelVersion | None:
    if job_id is None:
        return None
    found = ModelVersion.objects.filter(job_id=job_id, purpose=ModelVersion.Purpose.RECOMMENDATION)
    return found.exclude(is_baseline=True).order_by("alias", "pk").last()


def _everybody() -> list[int]:
    return list(Customer.objects.values_list("pk", flat=True))


def _since(setting: Retraining, as_of: datetime) -> datetime | None:
    months = setting.window_months
    return as_of - timedelta(days=DAYS_A_MONTH * months) if months else None


def _beats(version: ModelVersion) -> bool:
    """Where nothing usable serves there is nothing to beat."""
    against = version.evaluation.get("against")
    return against is None or against["gain"]["low"] > 0


def _told(version: ModelVersion, serves: bool) -> str:
    against = version.evaluation.get("against")
    if against is None:
        beside = "nothing else was in use"
    else:
        gain = against["gain"]
        beside = f"{100 * gain['low']:+.1f} to {100 * gain['high']:+.1f} percentage points beside “{against['label']}”"
    end = "it serves now" if serves else "it waits for somebody to put it in use"
    return f"“{version.label}” was trained again: {beside}; {end}."


def _beside_the_champion(held: Held, terms: Terms) -> Held:
    """The chosen one with its paired difference to the version in use, on the test window that neither has seen."""
    champion = registry.champion(ModelVersion.Purpose.RECOMMENDATION)
    if champion is None:
        return held
    try:
        gain = _gain(held, champion, terms)
    except ArtefactDamaged:
        return held
    mine = held.measured[held.place]
    against = {"version_id": champion.pk, "label": champion.label, "gain": row(gain)}
    told = replace(mine, evaluation={**mine.evaluation, "against": against})
    measured = (*held.measured[: held.place], told, *held.measured[held.place + 1 :])
    return replace(held, measured=measured)


def _gain(held: Held, champion: ModelVersion, terms: Terms) -> Estimate:
    test = held.about.test
    theirs = _recall(registry.open_recommender(champion), champion, test, known_purchases(terms))
    mine = held.entrants[held.place].test.per_customer[PRIMARY_METRIC]
    return difference(mine, theirs, np.random.default_rng(terms.seed))


def _recall(fitted: Recommender, version: ModelVersion, test: Round, purchases: pa.Table) -> FloatArray:
    """What the version in use would have found; it knows the products of its own time only."""
    frame, customers = purchases.select(FRAME_SCHEMA.names), IdMap(test.customer_ids)
    known = known_to(fitted, version, frame, customers=customers, until=test.split.test_since)
    items, _ = fitted.recommend(known.history, TOP_K, exclude_seen=False)
    rows = test.split.before_test.products.rows_of(fitted.products.ids_of(items))
    return recall_at_k(np.where(items >= 0, rows, -1), test.cases.answers)
