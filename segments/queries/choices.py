"""What a person may choose when they look for segments: features by family, vectors, and earlier looks."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from loyalty.models import FeatureSurvey, Job
from loyalty.queries.features import feature_list
from loyalty.queries.features.season import SEASON
from segments.models import Segmentation
from segments.queries.vectors import known_vectors

EXPLORE_TASK = "segments.explore_customers"
SAVE_TASK = "segments.save_segmentation"
DRIFT_TASK = "segments.look_when_drifted"
# What divides customers in most shops, and is known in every one.
USUAL = ("recency_days", "orders_all", "spend_all")
N_DEPARTMENTS = 3
# The same for everybody at one moment.
OF_THE_SHOP = tuple(feature.name for feature in SEASON)


@dataclass(frozen=True)
class Choice:
    """A feature, as people read it."""

    name: str
    label: str
    window: str


@dataclass(frozen=True)
class Family:
    """Features about one thing."""

    name: str
    choices: list[Choice]


def feature_families(*, as_of: datetime) -> list[Family]:
    """All features that customers may be divided by: the traits of persons and words are left out."""
    families: dict[str, list[Choice]] = {}
    for family, choice in _choices(as_of):
        families.setdefault(family, []).append(choice)
    return [Family(name, choices) for name, choices in families.items()]


def usual_names(families: list[Family]) -> list[str]:
    """What is ticked at first."""
    names = [choice.name for family in families for choice in family.choices]
    departments = [name for name in names if name.startswith("category_share_all:")]
    return [name for name in USUAL if name in names] + departments[:N_DEPARTMENTS]


def vector_choices() -> list[tuple[str, str]]:
    return [(source.name, source.label) for source in known_vectors()]


def _choices(as_of: datetime) -> list[tuple[str, Choice]]:
    """By the newest look at the features, which is quick to read; without one by their definitions."""
    survey = FeatureSurvey.objects.first()
    if survey is None:
        return [
            (one.family, Choice(one.name, one.label, _window(one.window_days)))
            for one in feature_list(as_of=as_of)
            if one.kind != "category" and not one.is_protected and one.name not in OF_THE_SHOP
        ]
    facts = survey.facts.exclude(kind="category").exclude(is_protected=True).exclude(name__in=OF_THE_SHOP)
    rows = facts.values_list("family", "name", "label", "window_days")
    in_order = sorted(rows, key=lambda row: (row[0], row[2], row[3] is None, row[3] or 0))
    return [(family, Choice(name, label, _window(days))) for family, name, label, days in in_order]


def _window(days: int | None) -> str:
    return f"last {days} days" if days else ""


def segmentation_page(pk: int) -> Segmentation | None:
    return Segmentation.objects.select_related("job").filter(pk=pk).first()


def looks() -> QuerySet[Segmentation]:
    """Every time somebody looked, the newest first."""
    return Segmentation.objects.order_by("-pk")


def open_look() -> Job | None:
    """A job that looks for segments, or saves them, now or soon."""
    found = Job.objects.filter(task__in=(EXPLORE_TASK, SAVE_TASK, DRIFT_TASK), state__in=Job.OPEN_STATES)
    return found.select_related("parent").order_by("pk").first()
