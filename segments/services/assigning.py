"""Put customers into the segments that are current as they change, by the borders that were learnt when these were
found: of those who changed a moment later, of everybody by as many workers as there are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from loyalty.queries.marks import change_mark, changed_since
from loyalty.queries.orders import data_horizon
from loyalty.services.progress import Progress
from segments.engine.dividing.base import Divider
from segments.engine.files import unpacked
from segments.engine.preparing import Preparation
from segments.models import Division, Segmentation
from segments.queries.assigning import TABLES
from segments.queries.features import source_features
from segments.services.looks import NothingSaved
from segments.services.specs import SegmentSpec

# Beyond so many at once the whole is done by shards.
CHANGED_AT_ONCE = 20_000
WENT_ON, ANEW = "What they did since belongs to it", "Everybody was put where they belong"
# A customer may have moved into a segment, out of it, or from one to another; one statement, so nobody is in two.
MOVE = """
WITH now AS MATERIALIZED (
    SELECT * FROM unnest(%(customers)s::bigint[], %(segments)s::bigint[]) AS now (customer_id, segment_id)
), gone AS (
    UPDATE segments_segmentmembership m SET valid_until = %(at)s, left_because = %(because)s
    FROM now, segments_segment s
    WHERE s.segmentation_id = %(segmentation)s AND m.segment_id = s.id AND m.customer_id = now.customer_id
        AND m.valid_until IS NULL AND m.valid_from < %(at)s AND m.segment_id <> now.segment_id
    RETURNING 1
), come AS (
    INSERT INTO segments_segmentmembership (segment_id, customer_id, valid_from, entered_because, left_because)
    SELECT now.segment_id, now.customer_id, %(at)s, %(because)s, ''
    FROM now JOIN loyalty_customer c ON c.id = now.customer_id
    WHERE now.segment_id > 0 AND NOT EXISTS (
        SELECT FROM segments_segmentmembership m
        WHERE m.segment_id = now.segment_id AND m.customer_id = now.customer_id AND m.valid_until IS NULL
    )
    RETURNING 1
)
SELECT (SELECT count(*) FROM come), (SELECT count(*) FROM gone)
"""
NOWHERE = 0


@dataclass(frozen=True)
class Assigned:
    """How many customers were looked at, how many came into a segment, how many left one."""

    n_customers: int
    n_entered: int
    n_left: int


@dataclass(frozen=True)
class Borders:
    """What a segmentation learnt, ready to say where a customer belongs; `segment_ids` by group."""

    segmentation: Segmentation
    preparation: Preparation
    divider: Divider
    segment_ids: NDArray[np.int64]

    @classmethod
    def of(cls, segmentation: Segmentation) -> "Borders":
        arrays = unpacked(segmentation.division.learnt)
        learnt = {name.removeprefix("divider_"): one for name, one in arrays.items() if name.startswith("divider_")}
        plain = {name: one.astype(np.float64) for name, one in arrays.items() if not name.startswith("divider_")}
        divider = SegmentSpec.of(segmentation.spec).plan.divider(segmentation.k, 0).restore(learnt)
        by_number = dict(segmentation.segments.values_list("number", "pk"))
        ids = [by_number.get(number, NOWHERE) for number in segmentation.findings["numbers"]]
        return cls(segmentation, Preparation.restored(plain), divider, np.array([*ids, NOWHERE], dtype=np.int64))

    def segments(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """The key of each customer's segment, 0 for none; shape (n,)."""
        # -1, in no group, looks at the last place.
        return self.segment_ids[self._groups(values)]

    def numbers(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """The number of each customer's segment, -1 for none; shape (n,)."""
        numbers = np.array([*self.segmentation.findings["numbers"], -1], dtype=np.int64)
        return numbers[self._groups(values)]

    def _groups(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        return self.divider.assign(self.preparation.apply(values))


@transaction.atomic
def assign_changed(*, at: datetime) -> Assigned | None:
    """Put those of whom something changed where they belong now; None when there is nothing to do, or too much."""
    division = (
        Division.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(segmentation__is_current=True)
        .select_related("segmentation")
        .first()
    )
    if division is None:
        return None
    mark = change_mark()
    changed = changed_since(division.marks_until, tables=TABLES)
    if changed.is_everybody or not 0 < len(changed.customer_ids) <= CHANGED_AT_ONCE:
        return None
    assigned = assign(Borders.of(division.segmentation), sorted(changed.customer_ids), at=at, because=WENT_ON)
    division.marks_until, division.assigned_at = mark, at
    division.save(update_fields=["marks_until", "assigned_at"])
    return assigned


def assign(borders: Borders, customer_ids: list[int], *, at: datetime, because: str) -> Assigned:
    """Put some customers where they belong as of the newest order. Raises VectorsMissing."""
    sources = borders.segmentation.spec["sources"]
    frame = source_features(as_of=data_horizon() or at, sources=sources, words=(), customer_ids=customer_ids)
    if not len(frame.customer_ids):
        return Assigned(len(customer_ids), 0, 0)
    about = {
        "customers": frame.customer_ids.tolist(),
        "segments": borders.segments(frame.values).tolist(),
        "segmentation": borders.segmentation.pk,
        "at": at,
        "because": because,
    }
    with connection.cursor() as cursor:
        cursor.execute(MOVE, about)
        n_entered, n_left = cursor.fetchone()
    return Assigned(len(customer_ids), n_entered, n_left)


def assign_shard(*, about: dict[str, Any], ids: list[int], at: datetime, report: Progress) -> Assigned:
    """One step: done twice it moves nobody twice. Raises NothingSaved, VectorsMissing."""
    borders = Borders.of(_current(about))
    with report.writing():
        return assign(borders, ids, at=at, because=ANEW)


@transaction.atomic
def finish_assigning(*, about: dict[str, Any], at: datetime) -> None:
    """The last step: what changed before the first one began is done with."""
    Division.objects.filter(segmentation=_current(about)).update(marks_until=about["mark"], assigned_at=at)


def _current(about: dict[str, Any]) -> Segmentation:
    found = Segmentation.objects.filter(pk=about["segmentation_id"], is_current=True).first()
    if found is None:
        raise NothingSaved("Other segments are current by now: put customers into those.")
    return found
