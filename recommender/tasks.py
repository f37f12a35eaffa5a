from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils.timezone import now

from loyalty.queries.orders import data_horizon
from loyalty.services.progress import Progress
from loyalty.tasks import job_task, wake
from recommender.engine.contests.tuning import Budget
from recommender.queries.decay import TASK as DECAY_TASK
from recommender.services import retraining
from recommender.services.compressing import Wish, compress_version
from recommender.services.decay import choose_half_lives
from recommender.services.explaining import explain_version
from recommender.services.lists import forget_lists
from recommender.services.relations import learn_product_relations
from recommender.services.requests import COMPRESSING_TASK, EXPLAINING_TASK, TUNING_TASK
from recommender.services.shards import (
    BEGIN_TASK,
    FINISH_TASK,
    SHARD_TASK,
    begin_scoring,
    finish_scoring,
    score_one_shard,
)
from recommender.services.stock import replace_what_is_out
from recommender.services.training import THOROUGH, line_up, train_recommenders
from recommender.services.tuning import TuningRequest, tune_recommender


@job_task("recommender.learn_product_relations")
def learn_product_relations_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Learn relations as of `as_of` (ISO), by default as of the newest order."""
    version = learn_product_relations(as_of=_as_of(params), at=now(), random_state=_seed(params), report=report)
    return {"model_version_id": version.pk, "n_relations": version.product_relations.count()}


@job_task("recommender.train_recommenders")
def train_recommenders_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Train and compare as of `as_of` (ISO), by default of the newest order; `thorough` adds what takes longest."""
    seed = _seed(params)
    competing = line_up(seed, THOROUGH) if params.get("thorough") else None
    trained = train_recommenders(as_of=_as_of(params), at=now(), random_state=seed, report=report, competing=competing)
    return {
        "champion_id": trained.champion.pk,
        "champion": trained.champion.algorithm,
        "recall_at_10": {version.algorithm: version.metrics["recall_at_10"]["value"] for version in trained.versions},
        "n_recommendations": trained.n_recommendations,
    }


@job_task(BEGIN_TASK)
def begin_scoring_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    return begin_scoring(about=params, at=now(), report=report)


@job_task(SHARD_TASK)
def score_shard_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    return score_one_shard(about=params, at=now(), report=report)


@job_task(FINISH_TASK)
def finish_scoring_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    return finish_scoring(about=params, at=now(), report=report)


@job_task(DECAY_TASK)
def choose_half_lives_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Choose half-lives as of `as_of` (ISO), by default as of the newest order."""
    choices = choose_half_lives(as_of=_as_of(params), at=now(), seed=_seed(params), report=report)
    return {choice.task: choice.half_life_days for choice in choices}


@job_task(TUNING_TASK)
def tune_recommender_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Search settings for the recommender `kind` for `seconds`, as of `as_of` (ISO), by default of the newest order."""
    budget = Budget(float(params["seconds"]), int(params.get("tries", 200)))
    request = TuningRequest(params["kind"], _as_of(params), now(), _seed(params), budget)
    tuning = tune_recommender(request, report=report)
    return {"model_version_id": tuning.version_id, "n_tries": tuning.trials.count()}


@job_task(EXPLAINING_TASK)
def explain_version_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Tell the version `model_version_id` in plain rules."""
    found = explain_version(version_id=params["model_version_id"], at=now(), seed=_seed(params), report=report)
    return {"model_version_id": found.version_id, "n_rules": len(found.rules)}


@job_task(COMPRESSING_TASK)
def compress_version_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Make a smaller copy of the version `model_version_id`: `how`, losing at most `tolerated_share`."""
    wish = Wish(params["how"], float(params["tolerated_share"]), _seed(params))
    found = compress_version(version_id=params["model_version_id"], wish=wish, at=now(), report=report)
    return {"model_version_id": found.pk, "bytes": found.artefact_bytes}


@job_task(retraining.TASK)
def retrain_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Train again on the rolling window as of `as_of` (ISO), by default as of the newest order."""
    found = retraining.retrain(as_of=_as_of(params), at=now(), seed=_seed(params), report=report)
    return {"model_version_id": found.version.pk, "serves": found.serves, "told": found.told}


@shared_task(name="recommender.retrain_when_due")  # type: ignore[untyped-decorator]
def retrain_when_due() -> None:
    job = retraining.make_due(at=now())
    if job is not None:
        wake(job)


@shared_task(name="recommender.replace_what_is_out")  # type: ignore[untyped-decorator]
def replace_what_is_out_task() -> None:
    replace_what_is_out(at=now())


@shared_task(name="recommender.sweep_lists")  # type: ignore[untyped-decorator]
def sweep_lists() -> None:
    forget_lists(at=now())


def _as_of(params: dict[str, Any]) -> datetime:
    if params.get("as_of"):
        return datetime.fromisoformat(params["as_of"])
    return data_horizon() or now()


def _seed(params: dict[str, Any]) -> int:
    return int(params.get("seed", 0))
