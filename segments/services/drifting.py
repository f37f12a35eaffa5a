"""Whether the segments in use still fit. Borders stay where they are until customers have drifted; then Rehearsal looks
again, and a person decides."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from loyalty.models import Job
from loyalty.services.jobs import create_job, one_at_a_time
from loyalty.services.progress import Progress
from segments.engine.drift import Drift, drift
from segments.engine.matching import CarriedOver
from segments.models import Segmentation
from segments.queries.assigning import Numbers
from segments.queries.choices import DRIFT_TASK, open_look
from segments.queries.explorer import current_segmentation
from segments.queries.features import source_features
from segments.services.continuing import Before, continued
from segments.services.finding import Found, find_segments
from segments.services.looks import NothingSaved
from segments.services.segmentations import explore_customers
from segments.services.specs import SegmentSpec

# By the shop's orders: while none come, nothing drifts.
LOOKED_AT_EVERY = timedelta(days=7)


@dataclass(frozen=True)
class Later:
    """What was found at a moment, and again at a later one; `carried` compares the borders of both on the later
    customers."""

    then: Found
    now: Found
    drift: Drift
    carried: CarriedOver


@transaction.atomic
def make_due(*, at: datetime, horizon: datetime | None) -> Job | None:
    """Queue the look at whether segments still fit: when the last one is a week of orders old, and nobody looks now."""
    one_at_a_time(DRIFT_TASK)
    current = current_segmentation()
    if current is None or horizon is None or "sources" not in current.spec or open_look() is not None:
        return None
    last = current.findings.get("drift", {}).get("as_of")
    if horizon - (datetime.fromisoformat(last) if last else current.as_of) < LOOKED_AT_EVERY:
        return None
    return create_job(task=DRIFT_TASK, label="See whether segments still fit", params={}, by=None, at=at)


def look_when_drifted(*, as_of: datetime, at: datetime, report: Progress) -> Segmentation | None:
    """Compare customers with those that the segments in use were found among; where they drifted, look again with the
    same settings. Nothing becomes a segment before somebody saves it. Raises NothingSaved, VectorsMissing."""
    current = current_segmentation()
    if current is None:
        raise NothingSaved("There are no segments in use. Look for segments and save them first.")
    report(0, 1, "Comparing customers with those of then")
    sources = tuple(current.spec["sources"])
    then, now = (source_features(as_of=moment, sources=sources, words=()) for moment in (current.as_of, as_of))
    moved = drift(then.values, now.values)
    with report.writing():
        _write(current, moved, as_of)
    if not moved.has_drifted:
        report.note("Customers are spread as they were: the segments stay as they are.")
        return None
    report.note(f"{_furthest(current, moved)} moved most: looking again.")
    # A number that a person chose then is tried first and need not be possible any more.
    spec = replace(SegmentSpec.of(current.spec), k=None)
    return explore_customers(spec=spec, as_of=as_of, at=at, report=report)


def _write(current: Segmentation, moved: Drift, as_of: datetime) -> None:
    held = Segmentation.objects.select_for_update(no_key=True).get(pk=current.pk)
    held.findings["drift"] = told_of(moved, _furthest(current, moved), as_of)
    held.save(update_fields=["findings"])


def told_of(moved: Drift, furthest: str, as_of: datetime) -> dict[str, Any]:
    """As plain JSON."""
    return {
        "as_of": as_of.isoformat(),
        "has_drifted": moved.has_drifted,
        "furthest": furthest,
        "index": float(moved.index[moved.furthest]),
        "limit": float(moved.limit[moved.furthest]),
    }


def _furthest(current: Segmentation, moved: Drift) -> str:
    labels: dict[str, str] = current.spec["labels"]
    name = current.feature_names[moved.furthest]
    return labels.get(name, name)


def looked_again(spec: SegmentSpec, *, then: datetime, now: datetime, report: Progress) -> Later:
    """Find segments at two moments, the later ones going on from the earlier ones. Nothing is written."""
    first = find_segments(spec, then, report)
    again = find_segments(spec, now, report, k_before=first.clustering.k)
    later = source_features(as_of=now, sources=first.features.sources, words=())
    placed = Before(None, Numbers(later.customer_ids, first.clustering.predict(later.values)))
    carried = continued(placed, again.features.customer_ids, again.clustering.labels)
    return Later(first, again, drift(first.features.values, later.values), carried)
