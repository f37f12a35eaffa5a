"""What people ask to be learnt, searched or told: jobs for a worker. Nothing here loads a learning library."""

from datetime import datetime

from django.contrib.auth.models import User

from loyalty.models import Job
from loyalty.services.jobs import create_job
from recommender.models import ModelVersion, Retraining
from recommender.queries.tunings import TUNABLE

TUNING_TASK = "recommender.tune_recommender"
EXPLAINING_TASK = "recommender.explain_version"
LONGEST_SECONDS = 4 * 3600


class NotExplainable(Exception):
    """Only what recommends can be told in such rules."""


def start_tuning(*, kind: str, seconds: int, by: User, at: datetime) -> Job:
    """Begin a search, or return the one that is at it."""
    at_it = Job.objects.filter(task=TUNING_TASK, params__kind=kind, state__in=Job.OPEN_STATES).first()
    params = {"kind": kind, "seconds": min(seconds, LONGEST_SECONDS)}
    label = f"Search better settings for “{TUNABLE.get(kind, kind)}”"
    return at_it or create_job(task=TUNING_TASK, label=label, params=params, by=by, at=at)


def start_explaining(*, version: ModelVersion, by: User, at: datetime) -> Job:
    """Begin to find the rules of a version, or return the job that is at it. Raises NotExplainable."""
    if version.purpose != ModelVersion.Purpose.RECOMMENDATION:
        raise NotExplainable("Only what recommends products can be told in rules.")
    params = {"model_version_id": version.pk}
    at_it = Job.objects.filter(task=EXPLAINING_TASK, params=params, state__in=Job.OPEN_STATES).first()
    label = f"Tell “{version.label}” in plain rules"[:200]
    return at_it or create_job(task=EXPLAINING_TASK, label=label, params=params, by=by, at=at)


def set_retraining(*, mode: str, every_days: int, window_months: int | None) -> Retraining:
    """Say whether, how often and on how much history it is trained again."""
    values = {"mode": mode, "every_days": every_days, "window_months": window_months}
    return Retraining.objects.update_or_create(pk=1, defaults=values)[0]
