"""Let another version serve, or learn again: begun in the browser, done by a worker."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from loyalty.models import Job
from loyalty.services.jobs import create_job, one_at_a_time
from loyalty.services.trail import because
from recommender import registry
from recommender.engine.artefacts import ArtefactDamaged
from recommender.models import ModelVersion
from recommender.queries.decay import TASK as DECAY_TASK
from recommender.queries.decay import open_decay_job
from recommender.queries.promotions import version_before
from recommender.queries.purposes import LEARNING_TASKS, open_learning_jobs
from recommender.services.shards import start_scoring

Purpose = ModelVersion.Purpose
LEARNING_LABELS = {
    Purpose.RECOMMENDATION: "Learn what customers buy next",
    Purpose.PRODUCT_RELATION: "Learn which products go together",
}
# A job in the background: there is time for all that may be better.
LEARNING_PARAMS: dict[str, dict[str, Any]] = {Purpose.RECOMMENDATION: {"thorough": True}}
DECAY_LABEL = "Find out how fast purchases grow old"


class NothingToLearn(Exception):
    """This purpose is not learnt on demand."""


@transaction.atomic
def put_in_use(*, version: ModelVersion, by: User, at: datetime, override_reason: str = "") -> Job | None:
    """Let a version serve, the newest or an older one. Return the job that makes its recommendations afresh, if any.

    Raises PromotionRefused, unless `override_reason` says why it should serve although the gate refuses it.
    """
    if version.purpose in (Purpose.RECEPTION, Purpose.LAUNCH):
        raise registry.PromotionRefused(
            "Each forecast uses the version that won on its own data: nothing to choose here."
        )
    if version.alias == ModelVersion.Alias.CHAMPION:
        raise registry.PromotionRefused(f"“{version}” is in use already.")
    reason = override_reason.strip()
    with because(reason):
        registry.promote(version, by=by, reason=reason, override=bool(reason))
    _check_opens(version)
    return _recommend_by(version, by, at)


@transaction.atomic
def roll_back(*, purpose: str, to: int | None, by: User, at: datetime) -> Job | None:
    """Let the version before serve again. Raises PromotionRefused when there is none, or its files are gone.

    `to` is the version that somebody saw would serve: clicked twice, or after somebody else, it goes no further back.
    """
    former = version_before(purpose)
    if former is not None and former.pk != to:
        raise registry.PromotionRefused(
            "Which version serves has changed since you opened the page. Look again before you go back."
        )
    if former is not None:
        _check_opens(former)
    return _recommend_by(registry.roll_back(purpose, by=by), by, at)


def _recommend_by(version: ModelVersion, by: User, at: datetime) -> Job | None:
    if version.purpose != Purpose.RECOMMENDATION:
        return None
    return start_scoring(version=version, by=by, at=at)


def _check_opens(version: ModelVersion) -> None:
    try:
        registry.open_artefact(version)
    except ArtefactDamaged as error:
        raise registry.PromotionRefused(
            f"The files of “{version}” are damaged or gone, so it cannot be put to use. Learn again instead."
        ) from error


@transaction.atomic
def start_learning(*, purpose: str, by: User, at: datetime) -> Job:
    """Begin to learn for a purpose, or return the job that is at it. Raises NothingToLearn."""
    if purpose not in LEARNING_TASKS:
        raise NothingToLearn("This is learnt anew with each rehearsal of a campaign.")
    one_at_a_time(LEARNING_TASKS[purpose])  # type: ignore[index]
    at_it = open_learning_jobs().get(purpose)
    if at_it is not None:
        return at_it
    task, label = LEARNING_TASKS[purpose], LEARNING_LABELS[purpose]  # type: ignore[index]
    return create_job(task=task, label=label, params=LEARNING_PARAMS.get(purpose, {}), by=by, at=at)


@transaction.atomic
def start_choosing_half_lives(*, by: User, at: datetime) -> Job:
    """Begin to look how fast purchases grow old, or return the job that is at it."""
    one_at_a_time(DECAY_TASK)
    return open_decay_job() or create_job(task=DECAY_TASK, label=DECAY_LABEL, params={}, by=by, at=at)
