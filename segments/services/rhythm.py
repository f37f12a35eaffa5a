"""When groups and lifetime are read again: at somebody's word, and once a day when orders came in."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from loyalty.models import Job
from loyalty.services.jobs import Step, create_job, create_steps, one_at_a_time
from segments.engine.rfm import RfmSpec
from segments.models import GroupReport
from segments.queries.groups import READ_LIFECYCLE, READ_LIFETIME, READ_RFM, group_report, open_reading, saved_rfm_spec

LABEL = "Read how customers come and go"
RFM_LABEL = "Score customers by last order, orders and spend"
STEPS = (
    Step(READ_RFM, RFM_LABEL),
    Step(READ_LIFECYCLE, "Find where customers are by their own rhythm"),
    Step(READ_LIFETIME, "Expect orders and spend"),
)
A_DAY = timedelta(days=1)


@transaction.atomic
def start_reading(*, by: User | None, at: datetime) -> Job:
    """Queue all of it, unless it waits or runs already."""
    one_at_a_time(LABEL)
    under_way = open_reading()
    if under_way is not None:
        return under_way.parent or under_way
    return create_steps(label=LABEL, steps=STEPS, by=by, at=at)


@transaction.atomic
def start_scoring(*, spec: RfmSpec, by: User, at: datetime) -> Job:
    """Queue RFM alone, with so many scores a letter from now on; one at a time."""
    one_at_a_time(LABEL)
    under_way = open_reading()
    if under_way is not None:
        return under_way.parent or under_way
    return create_job(task=READ_RFM, label=RFM_LABEL, params=asdict(spec), by=by, at=at)


def make_due(*, at: datetime, horizon: datetime | None) -> Job | None:
    """Queue the daily reading: when the last one is a day old and orders came in since."""
    told = group_report(GroupReport.Kind.LIFECYCLE)
    if horizon is None or (told is not None and (told.as_of == horizon or at - told.made_at < A_DAY)):
        return None
    return start_reading(by=None, at=at)


def spec_of(params: dict[str, int]) -> RfmSpec:
    """What a job was asked for; what was saved last, where it was asked for nothing."""
    asked = {name: int(params[name]) for name in ("recency", "frequency", "monetary") if name in params}
    return replace(saved_rfm_spec(), **asked)
