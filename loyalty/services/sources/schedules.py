"""When a source is due, and the rows that say so: one a source and moment, whoever asks and how often."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from loyalty.models import ImportSource, Job, SourceVisit
from loyalty.services.jobs import create_job

TASK = "loyalty.visit_source"
STEPS = {ImportSource.Every.MINUTES: timedelta(minutes=1), ImportSource.Every.HOURS: timedelta(hours=1)}


def next_due(source: ImportSource, *, after: datetime) -> datetime:
    """The first moment after `after`. What was missed meanwhile, while nothing ran, is not made up for one by one."""
    if source.every == ImportSource.Every.DAY and source.day_time is not None:
        return next_daily(source.day_time, after=after, zone=ZoneInfo(settings.TIME_ZONE))
    step = STEPS[ImportSource.Every(source.every)] * source.every_n
    return source.created_at + step * ((after - source.created_at) // step + 1)


def next_daily(at: time, *, after: datetime, zone: ZoneInfo) -> datetime:
    """Once each day of the calendar, in UTC.

    A time that the clocks skip falls as much later as they are put forward; one that they show twice is its first.
    """
    today = after.astimezone(zone).date()
    for days in (-1, 0, 1, 2):
        due = datetime.combine(today + timedelta(days=days), at, tzinfo=zone).astimezone(UTC)
        if due > after:
            return due
    raise AssertionError("No day is longer than two days.")


@transaction.atomic
def make_due(*, at: datetime) -> list[Job]:
    """A visit and its job for every source that is due. Two beats at once make one: the row is locked, and unique."""
    due = ImportSource.objects.filter(is_active=True, next_due_at__lte=at).order_by("pk")
    sources = due.select_for_update(skip_locked=True, no_key=True)
    jobs = [make_visit(source, due_at=source.next_due_at or at, by=None, at=at) for source in sources]
    return [job for job in jobs if job is not None]


@transaction.atomic
def make_visit(source: ImportSource, *, due_at: datetime, by: User | None, at: datetime) -> Job | None:
    """The job of one visit; None while an earlier one is under way, which will see the same files."""
    source.next_due_at = next_due(source, after=at) if source.is_active else None
    source.save(update_fields=["next_due_at"])
    if is_being_visited(source):
        return None
    visit, _ = SourceVisit.objects.get_or_create(source=source, due_at=due_at)
    params = {"source_id": source.pk, "visit_id": visit.pk}
    key = f"source visit {visit.pk}"
    label = f"Look for new files of “{source.name}”"
    visit.job = create_job(task=TASK, label=label, params=params, by=by, at=at, key=key)
    visit.save(update_fields=["job"])
    return visit.job


def is_being_visited(source: ImportSource) -> bool:
    return SourceVisit.objects.filter(source=source, job__state__in=Job.OPEN_STATES).exists()
