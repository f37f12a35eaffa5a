"""When behaviour is read again: at somebody's word, and once a day when orders came in."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from loyalty.models import Job
from loyalty.queries.silence import newest_report
from loyalty.services.jobs import Step, create_steps, one_at_a_time

LOOK_FOR_SILENCE = "loyalty.look_for_silence"
DERIVE_RATINGS = "loyalty.derive_ratings"
# Silences first: ratings are read from them, too.
STEPS = (
    Step(LOOK_FOR_SILENCE, "Find who fell silent, and after which products"),
    Step(DERIVE_RATINGS, "Read from behaviour what customers think of products"),
)
LABEL = "Read what customers' behaviour says"
A_DAY = timedelta(days=1)


def open_reading() -> Job | None:
    """The job that reads behaviour now or soon, alone or as a step of a larger one."""
    return Job.objects.filter(task=LOOK_FOR_SILENCE, state__in=Job.OPEN_STATES).order_by("-pk").first()


@transaction.atomic
def start_reading(*, by: User | None, at: datetime) -> Job:
    """Queue it, unless it waits or runs already."""
    one_at_a_time(LOOK_FOR_SILENCE)
    under_way = open_reading()
    if under_way is not None:
        return under_way.parent or under_way
    return create_steps(label=LABEL, steps=STEPS, by=by, at=at)


def make_due(*, at: datetime, horizon: datetime | None) -> Job | None:
    """Queue the daily reading: when the last one is a day old and orders came in since."""
    told = newest_report()
    if horizon is None or (told is not None and (told.as_of == horizon or at - told.made_at < A_DAY)):
        return None
    return start_reading(by=None, at=at)
