from datetime import datetime
from typing import Any

from django.utils.timezone import now

from loyalty.queries.orders import data_horizon
from loyalty.services.progress import Progress
from loyalty.tasks import job_task
from segments.services.segmentations import SegmentSpec, segment_customers


@job_task("segments.segment_customers")
def segment_customers_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Find segments as of `as_of` (ISO), by default as of the newest order."""
    spec = SegmentSpec(seed=int(params.get("seed", 0)))
    segmentation = segment_customers(spec=spec, as_of=_as_of(params), at=now(), report=report)
    return {"segmentation_id": segmentation.pk, "k": segmentation.k, "silhouette": segmentation.silhouette}


def _as_of(params: dict[str, Any]) -> datetime:
    if params.get("as_of"):
        return datetime.fromisoformat(params["as_of"])
    return data_horizon() or now()
