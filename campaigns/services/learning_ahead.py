"""Learn from finished campaigns before somebody asks, so that whoever rehearses a campaign does not wait for it."""

from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns.queries.history import history_size
from campaigns.services.habits import MOST_CUSTOMERS, habits_of_everybody
from campaigns.services.learning import LEARNING_SEED, fingerprint, is_learnt, learn_reception
from loyalty.models import Customer, Job
from loyalty.queries.orders import data_horizon
from loyalty.services.jobs import create_job
from loyalty.services.progress import Progress

TASK = "campaigns.learn_reception"
LABEL = "Learn from past campaigns who responds"


@transaction.atomic
def make_due(*, at: datetime) -> Job | None:
    """Queue the learning when a campaign has ended, or data have come that change what is learnt; each only once.

    It waits until nothing else is at work: an import under way would make it stale at once.
    """
    as_of = data_horizon()
    if as_of is None or Job.objects.filter(state__in=Job.OPEN_STATES).exists():
        return None
    if not history_size(as_of).is_enough or is_learnt(as_of):
        return None
    key = f"learn-reception-{fingerprint(as_of)[:32]}"
    job = create_job(task=TASK, label=LABEL, params={}, by=None, at=at, key=key)
    return job if job.state == Job.State.QUEUED else None


def learn_ahead(*, at: datetime, report: Progress) -> dict[str, Any]:
    """Learn from everything that has ended. Raises HistoryTooSmall."""
    as_of = data_horizon() or at
    learnt = learn_reception(as_of=as_of, at=at, seed=LEARNING_SEED, report=report)
    if Customer.objects.count() <= MOST_CUSTOMERS:
        habits_of_everybody(as_of=as_of)
    return {"model_version_id": learnt.version.pk, "told": learnt.version.verdict}
