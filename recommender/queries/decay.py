"""How fast purchases grow old, as last found."""

from datetime import datetime

from loyalty.models import Job
from recommender.models import DecayChoice

TASK = "recommender.choose_half_lives"


def newest_choices() -> list[DecayChoice]:
    """The newest choice of every task, in the tasks' order."""
    newest = DecayChoice.objects.order_by("task", "-pk").distinct("task").select_related("job")
    by_task = {choice.task: choice for choice in newest}
    return [by_task[task] for task in DecayChoice.Task.values if task in by_task]


def half_life_days(task: str, *, as_of: datetime, unless_known: float | None) -> float | None:
    """The half-life chosen on what was known by `as_of`; a later choice knows what came after and has no say."""
    known = DecayChoice.objects.filter(task=task, as_of__lte=as_of).order_by("-as_of", "-pk").first()
    return unless_known if known is None else known.half_life_days


def open_decay_job() -> Job | None:
    """The search that is under way."""
    return Job.objects.filter(task=TASK, state__in=Job.OPEN_STATES).first()
