"""Have a worker look for segments, save what was found, or put customers where they belong now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from loyalty.models import Job
from loyalty.queries.marks import change_mark
from loyalty.services.jobs import Step, create_job, create_steps, one_at_a_time
from segments.models import Segmentation
from segments.queries.assigning import FINISH_TASK, SHARD_TASK, customer_ranges
from segments.queries.choices import EXPLORE_TASK, SAVE_TASK

CUSTOMERS_PER_SHARD = 20_000


class NothingSaved(Exception):
    """There are no segments that customers could be put into."""


class SegmentationSaved(Exception):
    """It became segments, which campaigns may use: it cannot be thrown away."""


@transaction.atomic
def start_look(*, spec: Mapping[str, Any], by: User, at: datetime) -> Job:
    """Queue a look with these settings, unless the same one waits or runs already."""
    one_at_a_time(EXPLORE_TASK)
    params = {"spec": dict(spec)}
    under_way = Job.objects.filter(task=EXPLORE_TASK, params=params, state__in=Job.OPEN_STATES).first()
    return under_way or create_job(task=EXPLORE_TASK, label="Look for segments", params=params, by=by, at=at)


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


@transaction.atomic
def start_assigning(*, by: User | None, at: datetime, size: int = CUSTOMERS_PER_SHARD) -> Job:
    """Have the workers put everybody where they belong now, each shard a step that any of them may do; one at a time.

    Raises NothingSaved.
    """
    one_at_a_time(FINISH_TASK)
    last_step = Job.objects.select_related("parent").filter(task=FINISH_TASK, state__in=Job.OPEN_STATES).first()
    if last_step is not None and last_step.parent is not None:
        return last_step.parent
    current = Segmentation.objects.filter(is_current=True, division__isnull=False).first()
    if current is None:
        raise NothingSaved("There are no segments to put customers into. Look for segments and save them first.")
    about = {"segmentation_id": current.pk, "mark": change_mark()}
    ranges = customer_ranges(size)
    steps = [
        Step(
            SHARD_TASK,
            f"Put customers where they belong, part {number} of {len(ranges)}",
            {**about, "first": first, "last": last},
            beside=True,
        )
        for number, (first, last) in enumerate(ranges, start=1)
    ]
    finish = Step(FINISH_TASK, "Count who moved", about)
    return create_steps(label="Put everybody where they belong", steps=[*steps, finish], by=by, at=at)
