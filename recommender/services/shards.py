"""Score all customers by as many workers as there are: one job, whose steps are ranges of customers."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from loyalty.models import Job
from loyalty.queries.orders import data_horizon
from loyalty.services.jobs import Step, create_steps, one_at_a_time
from loyalty.services.progress import Progress
from recommender.models import ModelVersion, Recommendation, ScoringRun
from recommender.queries.shards import Shard, customer_shards
from recommender.services.scoring import CUSTOMERS_PER_SHARD, TOP_K, RunGone, begin_run, finish_run, score_shard

BEGIN_TASK = "recommender.begin_scoring"
SHARD_TASK = "recommender.score_shard"
FINISH_TASK = "recommender.finish_scoring"


class VersionGone(Exception):
    """There is no such version any more."""


@transaction.atomic
def start_scoring(*, version: ModelVersion, by: User | None, at: datetime, size: int = CUSTOMERS_PER_SHARD) -> Job:
    """Have the workers recommend to every customer, each shard a step that any of them may do beside the others.

    Returns the job that is at it for this version, if any.
    """
    one_at_a_time(f"{BEGIN_TASK} {version.pk}")
    at_it = _at_it(version)
    if at_it is not None:
        return at_it
    as_of = data_horizon() or at
    about = {"model_version_id": version.pk, "key": uuid.uuid4().hex, "as_of": as_of.isoformat()}
    shards = customer_shards(size)
    parts = [(f"Recommend to customers, part {n} of {len(shards)}", shard) for n, shard in enumerate(shards, start=1)]
    steps = [
        Step(BEGIN_TASK, "Read what is bought together", about),
        *(Step(SHARD_TASK, label, {**about, "first": shard.first, "last": shard.last}, True) for label, shard in parts),
        Step(FINISH_TASK, "Put the lists to use", about),
    ]
    return create_steps(label=f"Recommend by “{version.label}” to every customer", steps=steps, by=by, at=at)


def _at_it(version: ModelVersion) -> Job | None:
    last = Job.objects.filter(task=FINISH_TASK, params__model_version_id=version.pk, state__in=Job.OPEN_STATES)
    step = last.select_related("parent").first()
    return step.parent if step else None


def begin_scoring(*, about: dict[str, Any], at: datetime, report: Progress) -> dict[str, Any]:
    """The first step. Raises VersionGone."""
    version, as_of = _version(about), datetime.fromisoformat(about["as_of"])
    run = begin_run(version=version, key=about["key"], as_of=as_of, at=at, report=report)
    return {"scoring_run_id": run.pk}


def score_one_shard(*, about: dict[str, Any], at: datetime, report: Progress) -> dict[str, Any]:
    """A step between: done twice it writes the same. Raises RunGone, ArtefactDamaged."""
    shard = Shard(about["first"], about["last"])
    return {"n_recommendations": score_shard(_run(about), shard, k=TOP_K, at=at, report=report)}


def finish_scoring(*, about: dict[str, Any], at: datetime, report: Progress) -> dict[str, Any]:
    """The last step. Raises RunGone."""
    run = _run(about)
    finish_run(run, at=at, report=report)
    made = Recommendation.objects.filter(model_version=run.model_version)
    return {"model_version_id": run.model_version_id, "n_recommendations": made.count()}


def _run(about: dict[str, Any]) -> ScoringRun:
    run = ScoringRun.objects.select_related("model_version").filter(key=about["key"]).first()
    if run is None:
        raise RunGone("What this work belonged to was taken away in the meantime. Put the version to use again.")
    return run


def _version(about: dict[str, Any]) -> ModelVersion:
    version = ModelVersion.objects.filter(pk=about["model_version_id"]).first()
    if version is None:
        raise VersionGone("This version no longer exists.")
    return version
