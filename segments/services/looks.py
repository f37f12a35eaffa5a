"""Have a worker look for segments, save what was found, or put customers where they belong now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from loyalty.models import Job
from loyalty.services.jobs import create_job
from segments.models import Segmentation
from segments.queries.choices import EXPLORE_TASK, SAVE_TASK


class SegmentationSaved(Exception):
    """It became segments, which campaigns may use: it cannot be thrown away."""


def start_look(*, spec: Mapping[str, Any], by: User, at: datetime) -> Job:
    """Queue a look with these settings."""
    return create_job(task=EXPLORE_TASK, label="Look for segments", params={"spec": dict(spec)}, by=by, at=at)


def start_saving(*, segmentation: Segmentation, names: Mapping[int, str], by: User, at: datetime) -> Job:
    """Queue making segments of it; `names` by group are those that a person gave. Asked twice it is one job."""
    return create_job(
        task=SAVE_TASK,
        label=f"Save the segments “{segmentation.name}”"[:200],
        params={"segmentation_id": segmentation.pk, "names": {str(label): name for label, name in names.items()}},
        by=by,
        at=at,
        key=f"save-segmentation-{segmentation.pk}",
    )


@transaction.atomic
def discard_segmentation(*, segmentation: Segmentation) -> None:
    """Throw away what was only looked at. Raises SegmentationSaved."""
    held = Segmentation.objects.select_for_update().get(pk=segmentation.pk)
    if held.saved_at is not None:
        raise SegmentationSaved("This was saved as segments, so it stays.")
    held.delete()
