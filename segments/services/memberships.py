"""Who is in a segment from now on, written in one statement; what was true before stays written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from segments.models import Segment

# One statement, so that nobody is seen in between. Both sides are laid beside each other whole: were each who comes
# looked up among those who are there, the look-up would wade through all who have come just before.
KEEP = """
WITH inside AS MATERIALIZED ({members}),
there AS MATERIALIZED (
    SELECT m.id, m.customer_id FROM segments_segmentmembership m
    WHERE m.segment_id = %s AND m.valid_until IS NULL {among}
),
moved AS MATERIALIZED (
    SELECT there.id, inside.customer_id FROM inside FULL JOIN there ON there.customer_id = inside.customer_id
    WHERE there.id IS NULL OR inside.customer_id IS NULL
),
gone AS (
    UPDATE segments_segmentmembership m SET valid_until = %s, left_because = %s
    FROM moved WHERE m.id = moved.id RETURNING 1
),
come AS (
    INSERT INTO segments_segmentmembership (segment_id, customer_id, valid_from, entered_because, left_because)
    SELECT %s, customer_id, %s, %s, '' FROM moved WHERE id IS NULL RETURNING 1
)
SELECT (SELECT count(*) FROM come), (SELECT count(*) FROM gone), (SELECT count(*) FROM inside)
"""


@dataclass(frozen=True)
class Members:
    """A question whose only column is `customer_id`, each customer once; never text that a person typed."""

    sql: str
    params: Sequence[Any] = ()

    @classmethod
    def of(cls, customer_ids: Sequence[int]) -> "Members":
        return cls("SELECT DISTINCT unnest(%s::bigint[]) AS customer_id", [list(customer_ids)])


@dataclass(frozen=True)
class Moved:
    """How many came, how many left and how many there are."""

    n_entered: int
    n_left: int
    n_members: int


def keep_members(
    *, segment: Segment, members: Members, at: datetime, because: str = "", among: Sequence[int] | None = None
) -> Moved:
    """Those of `members` who are not in the segment enter it at `at`, those in it who are not of them leave.

    With `among` only these customers were asked about: nobody else leaves, and they alone are counted as members.
    `at` must be later than when the last of them entered: a membership lasts for a moment at least.
    """
    asked = [] if among is None else [list(among)]
    params = [*members.params, segment.pk, *asked, at, because, segment.pk, at, because]
    only = "" if among is None else "AND m.customer_id = ANY(%s)"
    with connection.cursor() as cursor:
        cursor.execute(KEEP.format(members=members.sql, among=only), params)
        return Moved(*cursor.fetchone())
