"""Make segments of what was found, and put every customer into theirs."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from django.db import connection, transaction
from numpy.typing import NDArray

from segments.engine.files import unpacked
from segments.engine.matching import CarriedOver, numbered
from segments.models import Segment, Segmentation
from segments.services.continuing import continued, placed_before, restored, told_of

# Who was taken away since the division was made is left out; the table itself is written in one go.
STAGED = "CREATE TEMPORARY TABLE staged_members (customer_id bigint, segment_id bigint) ON COMMIT DROP"
COPIED = "COPY staged_members (customer_id, segment_id) FROM STDIN (FORMAT csv)"
KEPT = """
INSERT INTO segments_segmentmembership (segment_id, customer_id, valid_from, entered_because, left_because)
SELECT s.segment_id, s.customer_id, %s, %s, '' FROM staged_members s JOIN loyalty_customer c ON c.id = s.customer_id
"""
Ids = NDArray[np.int64]
FOUND = "Found among all customers"


@dataclass(frozen=True)
class Placed:
    """Customers and the segment that each belongs in."""

    customer_ids: Ids
    segment_ids: Ids


@dataclass(frozen=True)
class People:
    """Customers by rising key and the group of each, -1 for none."""

    customer_ids: Ids
    labels: Ids


@transaction.atomic
def save_segmentation(
    *, segmentation: Segmentation, at: datetime, names: Mapping[int, str] | None = None
) -> Segmentation:
    """Make segments of it, which are the current ones from now on; `names` by group are a person's.

    Saved twice it is saved once.
    """
    held = Segmentation.objects.select_for_update(no_key=True).get(pk=segmentation.pk)
    if held.saved_at is not None:
        return held
    current = Segmentation.objects.select_for_update(no_key=True).filter(is_current=True).first()
    people = _people(held)
    carried = _carried(held, current, people)
    if current is not None:
        current.is_current = False
        current.save(update_fields=["is_current"])
    segments = Segment.objects.bulk_create(_named(_segments(held, current, carried, at), names or {}))
    write_members(_placed(people, segments), at=held.as_of)
    held.agreement = carried.agreement if carried.n_customers else None
    held.findings["numbers"] = [segment.number for segment in segments]
    held.is_current, held.saved_at = True, at
    held.save(update_fields=["is_current", "saved_at", "agreement", "findings"])
    return held


def _carried(held: Segmentation, current: Segmentation | None, people: People) -> CarriedOver:
    """As it was told when this was found, unless others have become current since."""
    told = held.findings.get("continues") or {}
    if current is not None and told.get("segmentation_id") == current.pk:
        return restored(told)
    before = placed_before(as_of=held.as_of)
    carried = continued(before, people.customer_ids, people.labels)
    held.findings["continues"] = told_of(before, carried)
    return carried


def write_members(placed: Placed, *, at: datetime) -> None:
    """Put customers into segments that nobody is in yet, a million within a minute."""
    rows, file = pa.table({"customer_id": placed.customer_ids, "segment_id": placed.segment_ids}), io.BytesIO()
    pacsv.write_csv(rows, file, pacsv.WriteOptions(include_header=False))
    file.seek(0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS staged_members")
        cursor.execute(STAGED)
        cursor.copy_expert(COPIED, file)
        cursor.execute(KEPT, [at, FOUND])
        cursor.execute("DROP TABLE staged_members")


def _segments(
    segmentation: Segmentation, current: Segmentation | None, carried: CarriedOver, at: datetime
) -> list[Segment]:
    """One a group, in the order of the groups."""
    before = {} if current is None else {one.number: one for one in current.segments.all()}
    facts = segmentation.findings["segments"]
    numbers = numbered(carried, len(facts))
    return [
        _segment(facts[label], segmentation, numbers[label], before.get(carried.before_of.get(label, -1)), at)
        for label in range(len(facts))
    ]


def _named(segments: list[Segment], names: Mapping[int, str]) -> list[Segment]:
    for label, segment in enumerate(segments):
        # What was left as it was found follows the data; what continues a renamed segment keeps that name.
        if label in names and names[label] != segment.profile["found_name"]:
            segment.name = names[label][:100]
    return segments


def _segment(
    facts: dict[str, Any], segmentation: Segmentation, number: int, before: Segment | None, at: datetime
) -> Segment:
    return Segment(
        kind=Segment.Kind.CLUSTER,
        name=_name(facts["found_name"], before)[:100],
        description=facts["description"][:300],
        segmentation=segmentation,
        number=number,
        continues=before,
        profile={name: value for name, value in facts.items() if name != "description"},
        created_at=at,
    )


def _name(found: str, before: Segment | None) -> str:
    """What a person called a segment stays; a name out of the data follows the data."""
    if before is not None and before.name != before.profile.get("found_name", before.name):
        return before.name
    return found


def _people(segmentation: Segmentation) -> People:
    arrays = unpacked(segmentation.division.people)
    return People(arrays["customer_ids"].astype(np.int64), arrays["labels"].astype(np.int64))


def _placed(people: People, segments: list[Segment]) -> Placed:
    ids = np.array([segment.pk for segment in segments], dtype=np.int64)
    inside = people.labels >= 0
    return Placed(people.customer_ids[inside], ids[people.labels[inside]])
