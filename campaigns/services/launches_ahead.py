"""Learn from past launches before somebody asks, so that whoever tries a new product does not wait for it."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from campaigns.engine.launches.model import TooFewLaunches
from campaigns.services.launch_learning import fingerprint, is_learnt, learn_from_launches, learnt_until
from loyalty.models import Job
from loyalty.queries.orders import data_horizon
from loyalty.services.jobs import create_job
from loyalty.services.progress import Progress

TASK = "campaigns.learn_launches"
LABEL = "Learn from past launches who buys something new"
# Products are described anew all day long; who asks in between has it learnt on the spot.
AT_MOST_EVERY = timedelta(hours=6)


@transaction.atomic
def make_due(*, at: datetime) -> Job | None:
    """Queue the learning when a day of orders has come in; each day only once, and while nothing else is at work."""
    as_of = data_horizon()
    if as_of is None or Job.objects.filter(state__in=Job.OPEN_STATES).exists():
        return None
    if Job.objects.filter(task=TASK, created_at__gt=at - AT_MOST_EVERY).exists() or is_learnt(as_of):
        return None
    key = f"learn-launches-{fingerprint(learnt_until(as_of))[:32]}"
    job = create_job(task=TASK, label=LABEL, params={}, by=None, at=at, key=key)
    return job if job.state == Job.State.QUEUED else None


def learn_ahead(*, at: datetime, report: Progress) -> dict[str, Any]:
    """Learn from everything that was over; a shop without enough launches is told so and waits for more."""
    try:
        learnt = learn_from_launches(as_of=data_horizon() or at, at=at, report=report)
    except TooFewLaunches as reason:
        return {"told": str(reason)}
    return {"model_version_id": learnt.version.pk, "told": learnt.version.verdict}
