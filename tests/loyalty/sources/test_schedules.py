"""A source is due once a moment: whoever asks, however often, and whatever the clocks of the shop do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from loyalty.models import ImportSource, Job, SourceVisit
from loyalty.services.sources import schedules
from loyalty.services.sources.schedules import make_due, next_daily, next_due
from tests.loyalty.sources.conftest import AT, make_source

NEW_YORK = ZoneInfo("America/New_York")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def dues(after: str, n: int) -> list[str]:
    found, at = [], moment(after)
    for _ in range(n):
        at = next_daily(time(2, 30), after=at, zone=NEW_YORK)
        found.append(at.astimezone(NEW_YORK).isoformat())
    return found


def test_a_time_that_the_clocks_skip_falls_an_hour_later_once():
    assert dues("2017-03-11T12:00-05:00", 3) == [
        "2017-03-12T03:30:00-04:00",  # there was no 02:30 that day
        "2017-03-13T02:30:00-04:00",
        "2017-03-14T02:30:00-04:00",
    ]


def test_a_time_that_the_clocks_show_twice_is_its_first():
    assert dues("2017-11-04T12:00-04:00", 3) == [
        "2017-11-05T02:30:00-05:00",
        "2017-11-06T02:30:00-05:00",
        "2017-11-07T02:30:00-05:00",
    ]
    first = next_daily(time(1, 30), after=moment("2017-11-04T12:00-04:00"), zone=NEW_YORK)
    assert first == moment("2017-11-05T01:30-04:00")
    assert next_daily(time(1, 30), after=first, zone=NEW_YORK) == moment("2017-11-06T01:30-05:00")


@given(
    after=st.integers(0, 10 * 365 * 86_400).map(lambda seconds: AT + timedelta(seconds=seconds)),
    at=st.times(),
    zone=st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]),
)
def test_every_day_of_the_calendar_has_one_moment(after, at, zone):
    first = next_daily(at, after=after, zone=ZoneInfo(zone))
    second = next_daily(at, after=first, zone=ZoneInfo(zone))

    assert after < first <= after + timedelta(hours=26)
    assert timedelta(hours=22) <= second - first <= timedelta(hours=26)


@pytest.mark.parametrize(
    ("every", "n", "after", "expected"),
    [
        ("minutes", 15, AT, AT + timedelta(minutes=15)),
        ("minutes", 15, AT + timedelta(minutes=44), AT + timedelta(minutes=45)),
        ("hours", 6, AT + timedelta(days=9, hours=1), AT + timedelta(days=9, hours=6)),
    ],
)
def test_what_was_missed_is_not_made_up_for_one_by_one(every, n, after, expected):
    assert next_due(ImportSource(every=every, every_n=n, created_at=AT), after=after) == expected


@pytest.mark.django_db
def test_a_source_is_due_when_its_time_has_come_and_not_while_it_rests():
    make_source("/srv", name="due")
    make_source("/srv", name="later", next_due_at=AT + timedelta(minutes=1))
    make_source("/srv", name="resting", is_active=False)

    assert [job.label for job in make_due(at=AT)] == ["Look for new files of “due”"]
    assert make_due(at=AT) == []
    due = ImportSource.objects.get(name="due")
    assert due.next_due_at == moment("2017-11-02T02:30-04:00")


@pytest.mark.django_db
def test_a_source_that_is_being_visited_is_not_visited_once_more():
    source = make_source("/srv")
    (job,) = make_due(at=AT)
    ImportSource.objects.update(next_due_at=AT + timedelta(days=1))

    assert make_due(at=AT + timedelta(days=1)) == []
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)
    ImportSource.objects.update(next_due_at=AT + timedelta(days=2))
    assert len(make_due(at=AT + timedelta(days=2))) == 1
    assert source.visits.count() == 2


def two_beats_at_once(barrier: Barrier) -> list[int]:
    def beat(_: int) -> int:
        try:
            connection.ensure_connection()
            barrier.wait()
            return len(make_due(at=AT))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(beat, range(2)))


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_make_one_job():
    for round_ in range(10):
        make_source("/srv", name=f"Till {round_}")
        assert sum(two_beats_at_once(Barrier(2))) == 1
    assert (SourceVisit.objects.count(), Job.objects.count()) == (10, 10)


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_row_that_is_unique_still_makes_one_job(monkeypatch):
    monkeypatch.setattr(schedules, "is_being_visited", lambda source: False)
    source = make_source("/srv")
    for _ in range(2):
        stale = ImportSource.objects.get(pk=source.pk)
        schedules.make_visit(stale, due_at=AT, by=None, at=AT)
    assert (SourceVisit.objects.count(), Job.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_by_the_clock_instead_of_by_the_moment_two_beats_make_two_jobs(monkeypatch):
    """The negative control: what the unique moment is there for."""
    monkeypatch.setattr(schedules, "is_being_visited", lambda source: False)
    source = make_source("/srv")
    for second in (0, 1):
        schedules.make_visit(source, due_at=AT + timedelta(seconds=second), by=None, at=AT)
    assert Job.objects.count() == 2
