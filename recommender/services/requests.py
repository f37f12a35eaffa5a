"""What people ask to be learnt, searched or told: jobs for a worker. Nothing here loads a learning library."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from loyalty.models import Job
from loyalty.services.jobs import create_job, one_at_a_time
from recommender.models import ModelVersion, Retraining
from recommender.queries.tunings import TUNABLE

TUNING_TASK = "recommender.tune_recommender"
EXPLAINING_TASK = "recommender.explain_version"
COMPRESSING_TASK = "recommender.compress_version"
WAYS_TO_COMPRESS = {
    "float16": "Every number with half the digits",
    "int8": "Every number as one of 255 steps",
    "pruned": "Only the numbers that matter most",
}
LONGEST_SECONDS = 4 * 3600


class NotExplainable(Exception):
    """Only what recommends can be told in such rules."""


class NotCompressible(Exception):
    """There is nothing to make smaller."""


@transaction.atomic
def start_tuning(*, kind: str, seconds: int, by: User, at: datetime) -> Job:
    """Begin a search, or return the one that is at it."""
    one_at_a_time(f"{TUNING_TASK} {kind}")
    at_it = Job.objects.filter(task=TUNING_TASK, params__kind=kind, state__in=Job.OPEN_STATES).first()
    params = {"kind": kind, "seconds": min(seconds, LONGEST_SECONDS)}
    label = f"Search better settings for “{TUNABLE.get(kind, kind)}”"
    return at_it or create_job(task=TUNING_TASK, label=label, params=params, by=by, at=at)


@transaction.atomic
def start_explaining(*, version: ModelVersion, by: User, at: datetime) -> Job:
    """Begin to find the rules of a version, or return the job that is at it. Raises NotExplainable."""
    if version.purpose != ModelVersion.Purpose.RECOMMENDATION:
        raise NotExplainable("Only what recommends products can be told in rules.")
    one_at_a_time(f"{EXPLAINING_TASK} {version.pk}")
    params = {"model_version_id": version.pk}
    at_it = Job.objects.filter(task=EXPLAINING_TASK, params=params, state__in=Job.OPEN_STATES).first()
    label = f"Tell “{version.label}” in plain rules"[:200]
    return at_it or create_job(task=EXPLAINING_TASK, label=label, params=params, by=by, at=at)


@transaction.atomic
def start_compressing(*, version: ModelVersion, how: str, tolerated_percent: float, by: User, at: datetime) -> Job:
    """Begin to make a smaller copy, or return the job that is at it. Raises NotCompressible."""
    if version.purpose != ModelVersion.Purpose.RECOMMENDATION:
        raise NotCompressible("Only what recommends products can be made smaller.")
    if version.parent_id is not None:
        raise NotCompressible("This is a smaller copy already. Make the version it was made from smaller.")
    params = {"model_version_id": version.pk, "how": how, "tolerated_share": tolerated_percent / 100}
    one_at_a_time(f"{COMPRESSING_TASK} {version.pk}")
    at_it = Job.objects.filter(task=COMPRESSING_TASK, params=params, state__in=Job.OPEN_STATES).first()
    label = f"Make “{version.label}” smaller"[:200]
    return at_it or create_job(task=COMPRESSING_TASK, label=label, params=params, by=by, at=at)


def set_retraining(*, mode: str, every_days: int, window_months: int | None) -> Retraining:
    """Say whether, how often and on how much history it is trained again."""
    values = {"mode": mode, "every_days": every_days, "window_months": window_months}
    return Retraining.objects.update_or_create(pk=1, defaults=values)[0]
