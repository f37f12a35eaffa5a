"""Conditions about events: what is counted of which rows, and which of them can be read at once."""

import re
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from segments.engine.rules.tree import Comparison, Condition, Events, Span, Value
from segments.engine.rules.truth import asks_whether
from segments.queries.rules.sources import MeasureSource, event_sources

COUNTED = re.compile(r"(orders|spend)_(7|30|90|365|all)")
# Different values are told apart by sorting all rows: that costs more than another pass over few of them.
SORTS = "DISTINCT"


def as_events(condition: Condition) -> Condition:
    """How many orders and how much spend are asked of the orders themselves: the same numbers, several times as fast.

    The feature store adds up every order first, for what else it wants to know of it.
    """
    found = COUNTED.fullmatch(condition.name) if isinstance(condition, Value) else None
    if found is None or not isinstance(condition, Value) or condition.test.operator == "known":
        return condition
    counted, window = found.groups()
    span = Span() if window == "all" else Span((int(window), 0))
    return Events("bought", (), span, (("times" if counted == "orders" else "spend", condition.test),))


def read_together(events: Sequence[Events], as_of: datetime) -> list[list[Events]]:
    """Conditions in as few passes as can be, those first in each that read every row which the others are about."""
    passes: list[list[Events]] = []
    for one in sorted(events, key=lambda wide: -sum(_covers(wide, other, as_of) for other in events)):
        begun = next((others for others in passes if _covers(others[0], one, as_of)), None)
        if begun is None:
            passes.append([one])
        elif one not in begun:
            begun.append(one)
    return passes


def _covers(wide: Events, other: Events, as_of: datetime) -> bool:
    """Whether all rows of `other` are read for `wide` anyway, and need no sorting there."""
    if wide.kind != other.kind or wide.about:
        return False
    source, joins = event_sources()[wide.kind], joins_needed(wide)
    if not joins_needed(other) <= joins or not _contains(wide.span, other.span, as_of):
        return False
    return wide == other or not any(
        SORTS in measured(source.measures[name], test, bool(joins), ()) for name, test in other.counts
    )


def _contains(wide: Span, other: Span, as_of: datetime) -> bool:
    (since, until), (later, earlier) = span_moments(wide, as_of), span_moments(other, as_of)
    begins = since is None or (later is not None and since <= later)
    return begins and (until is None or (earlier is not None and earlier <= until))


def joins_needed(events: Events) -> set[str]:
    """What must be joined to the events to tell them apart and to count them."""
    source = event_sources()[events.kind]
    told = [source.fields[name].joins for name, _ in events.about]
    counted = [source.measures[name].joins for name, _ in events.counts]
    return {join for joins in (*told, *counted) for join in joins}


def measured(measure: MeasureSource, test: Comparison, is_joined: bool, within: Collection[str]) -> str:
    """The measure of those rows that are `within`. Whether there is any at all is seen of rows as well as of events."""
    is_told_apart = is_joined and measure.of_joined and not asks_whether(test)
    only = [*([measure.only] if measure.only else []), *within]
    filtered = f" FILTER (WHERE {' AND '.join(only)})" if only else ""
    told = f"{measure.of_joined if is_told_apart else measure.aggregate}{filtered}"
    return f"greatest({told}, 0)" if measure.is_never_negative else told


def span_moments(span: Span, as_of: datetime) -> tuple[datetime | None, datetime | None]:
    """Begin and end of a span, asked at a moment."""
    if span.days is not None:
        first, last = span.days
        return as_of - timedelta(days=first), as_of - timedelta(days=last) if last else None
    return _day(span.since), _day(span.before)


def _day(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(settings.TIME_ZONE)) if day else None
