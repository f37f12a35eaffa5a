"""Groups of customers that can be laid over each other: segments, and what apps above register."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from segments.engine.overlap import Overlap, overlap
from segments.models import Segment

# More make neither a matrix nor a picture that anybody can read.
MOST_AT_ONCE, AT_FIRST = 10, 6
OF_A_READING = (Segment.Kind.RFM, Segment.Kind.LIFECYCLE)
IN_SEGMENT = "SELECT customer_id FROM segments_segmentmembership WHERE segment_id = %s AND valid_until IS NULL"
COMBINATIONS = """
SELECT groups, count(*) FROM (
    SELECT customer_id, array_agg(number ORDER BY number) AS groups FROM ({parts}) AS parts GROUP BY customer_id
) AS combined GROUP BY groups
"""


@dataclass(frozen=True)
class Crowd:
    """Customers under a name: `sql` has the one column `customer_id`, each customer once; never text of a person's."""

    key: str
    name: str
    kind: str
    url: str
    sql: str
    params: Sequence[Any]


Source = Callable[[], Iterable[Crowd]]
_SOURCES: list[Source] = []


def register_crowds(source: Source) -> None:
    """Let an app above lay its own groups over segments, when Django starts."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def crowds() -> list[Crowd]:
    """What apps above have comes first, then segments of today, those that people made before those of a reading."""
    above = [crowd for source in _SOURCES for crowd in source()]
    found = list(segments_of_today().order_by("kind", "number", "pk"))
    ordered = sorted(found, key=lambda one: one.kind in OF_A_READING)
    return above + [_of_segment(segment) for segment in ordered]


def segments_of_today() -> QuerySet[Segment]:
    """Segments but those of a segmentation that was replaced."""
    return Segment.objects.filter(Q(segmentation=None) | Q(segmentation__is_current=True))


def _of_segment(segment: Segment) -> Crowd:
    name = f"{segment.get_kind_display()}: {segment.name}" if segment.kind in OF_A_READING else segment.name
    return Crowd(
        key=f"segment-{segment.pk}",
        name=name,
        kind=segment.get_kind_display(),
        url=segment.get_absolute_url(),
        sql=IN_SEGMENT,
        params=[segment.pk],
    )


def chosen_crowds(known: Sequence[Crowd], keys: Sequence[str]) -> list[Crowd]:
    """Those that were asked for, in the order of the list; the first few where none was."""
    asked = [crowd for crowd in known if crowd.key in keys]
    return asked[:MOST_AT_ONCE] or list(known)[:AT_FIRST]


def overlap_of(chosen: Sequence[Crowd]) -> Overlap:
    """How many customers are in which of them; one query."""
    if not chosen:
        return overlap([], 0)
    parts = " UNION ALL ".join(
        f"SELECT {number} AS number, customer_id FROM ({crowd.sql}) AS part{number}"  # noqa: S608 - our own statements
        for number, crowd in enumerate(chosen)
    )
    with connection.cursor() as cursor:
        cursor.execute(COMBINATIONS.format(parts=parts), [value for crowd in chosen for value in crowd.params])
        return overlap(cursor.fetchall(), len(chosen))
