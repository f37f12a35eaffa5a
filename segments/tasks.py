from datetime import datetime
from typing import Any

import structlog
from celery import shared_task
from django.utils.timezone import now

from loyalty.queries.orders import data_horizon
from loyalty.services.progress import Progress
from loyalty.tasks import Refused, job_task, wake
from segments.engine.lifecycle import LifecycleSpec
from segments.models import Segmentation
from segments.queries.assigning import FINISH_TASK, SHARD_TASK, customers_between
from segments.queries.choices import DRIFT_TASK, EXPLORE_TASK, SAVE_TASK
from segments.queries.groups import READ_LIFECYCLE, READ_LIFETIME, READ_RFM
from segments.queries.vectors import VectorsMissing
from segments.services import drifting, refreshing, rhythm
from segments.services.assigning import assign_changed, assign_shard, finish_assigning
from segments.services.groups import read_lifecycle, read_rfm
from segments.services.lifetime import read_lifetime
from segments.services.rules import TASK as REFRESH_TASK
from segments.services.saving import save_segmentation
from segments.services.segmentations import explore_customers, segment_customers
from segments.services.specs import SegmentSpec

log = structlog.get_logger(__name__)


@job_task("segments.segment_customers")
def segment_customers_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Find segments as of `as_of` (ISO), by default as of the newest order."""
    spec = SegmentSpec(seed=int(params.get("seed", 0)))
    segmentation = segment_customers(spec=spec, as_of=_as_of(params), at=now(), report=report)
    return {"segmentation_id": segmentation.pk, "k": segmentation.k, "silhouette": segmentation.silhouette}


@job_task(READ_RFM)
def read_rfm_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Score customers as of `as_of` (ISO), by default as of the newest order."""
    told = read_rfm(spec=rhythm.spec_of(params), as_of=_as_of(params), at=now(), report=report)
    return {"refusal": told.refusal}


@job_task(READ_LIFECYCLE)
def read_lifecycle_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Say where customers are as of `as_of` (ISO), by default as of the newest order."""
    told = read_lifecycle(spec=LifecycleSpec(), as_of=_as_of(params), at=now(), report=report)
    return {"refusal": told.refusal}


@job_task(READ_LIFETIME)
def read_lifetime_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Expect orders and spend as of `as_of` (ISO), by default as of the newest order."""
    told = read_lifetime(as_of=_as_of(params), at=now(), report=report)
    return {"n_customers": told.n_customers, "refusal": told.refusal}


@shared_task(name="segments.read_rhythm_when_due")  # type: ignore[untyped-decorator]
def read_rhythm_when_due() -> None:
    job = rhythm.make_due(at=now(), horizon=data_horizon())
    if job is not None:
        wake(job)


@job_task(EXPLORE_TASK)
def explore_customers_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Divide the customers as the settings in `spec` say, only to be looked at."""
    spec = SegmentSpec.of(params["spec"])
    segmentation = explore_customers(spec=spec, as_of=_as_of(params), at=now(), report=report)
    return {"segmentation_id": segmentation.pk, "k": segmentation.k, "silhouette": segmentation.silhouette}


@job_task(DRIFT_TASK)
def look_when_drifted_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """See whether the segments in use still fit as of `as_of` (ISO), by default as of the newest order."""
    found = drifting.look_when_drifted(as_of=_as_of(params), at=now(), report=report)
    return {"has_drifted": found is not None, "segmentation_id": found.pk if found else None}


@shared_task(name="segments.look_when_due")  # type: ignore[untyped-decorator]
def look_when_due() -> None:
    job = drifting.make_due(at=now(), horizon=data_horizon())
    if job is not None:
        wake(job)


@job_task(REFRESH_TASK)
def refresh_segments_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Refresh the segments of `segment_ids`, by default all that are due; `is_full` looks at everybody."""
    ids, is_full = params.get("segment_ids"), bool(params.get("is_full"))
    return refreshing.refresh_segments(segment_ids=ids, is_full=is_full, at=now(), report=report)


@shared_task(name="segments.refresh_when_due")  # type: ignore[untyped-decorator]
def refresh_when_due() -> None:
    job = refreshing.make_due(at=now())
    if job is not None:
        wake(job)


@job_task(SAVE_TASK)
def save_segmentation_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Make segments of what was looked at."""
    segmentation = Segmentation.objects.filter(pk=params["segmentation_id"]).first()
    if segmentation is None:
        raise Refused("What was to be saved has been thrown away in the meantime.")
    report(0, 1, "Putting every customer into a segment")
    names = {int(label): name for label, name in params.get("names", {}).items()}
    with report.writing():
        saved = save_segmentation(segmentation=segmentation, at=now(), names=names)
    return {"segmentation_id": saved.pk, "k": saved.k}


@job_task(SHARD_TASK)
def assign_shard_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Put the customers of a range where they belong."""
    ids = customers_between(params["first"], params["last"])
    assigned = assign_shard(about=params, ids=ids, at=now(), report=report)
    return {"n_entered": assigned.n_entered, "n_left": assigned.n_left}


@job_task(FINISH_TASK)
def finish_assigning_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    finish_assigning(about=params, at=now())
    return {"segmentation_id": params["segmentation_id"]}


@shared_task(name="segments.assign_when_changed")  # type: ignore[untyped-decorator]
def assign_when_changed() -> None:
    """A new customer has a segment a moment after the first order; who changed is looked at again."""
    try:
        assign_changed(at=now())
    except VectorsMissing as missing:
        log.warning("segments.not_assigned", told=str(missing))


def _as_of(params: dict[str, Any]) -> datetime:
    if params.get("as_of"):
        return datetime.fromisoformat(params["as_of"])
    return data_horizon() or now()
