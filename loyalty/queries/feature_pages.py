"""Features as their pages show them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from loyalty.engine.features import Feature
from loyalty.models import Customer, FeatureFact, FeatureSurvey, Job
from loyalty.queries.features import customer_features

SURVEY_TASK = "loyalty.survey_features"
SHOWS = {"": "All of them", "telling": "Only those that tell something", "silent": "Only those that say nothing"}
WINDOWS = {
    "": "Every time span",
    "7": "Last 7 days",
    "30": "Last 30 days",
    "90": "Last 90 days",
    "365": "Last 365 days",
    "all": "All time",
}
SKETCH_WIDTH, SKETCH_HEIGHT = 96, 26
ALL_TIME = 10**9


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Told:
    """What a feature tells of one outcome; `width` is a share (0-1) of what the best feature tells."""

    label: str
    bits: float
    low: float
    high: float
    tells: bool


@dataclass(frozen=True)
class Row:
    """One feature of the list."""

    fact: FeatureFact
    bars: list[Bar]
    told: list[Told]

    @property
    def window(self) -> str:
        return window_words(self.fact.window_days, self.fact.name)

    @property
    def spread(self) -> str:
        """In words, for those who do not see the sketch."""
        sketch = self.fact.sketch
        if sketch.get("words"):
            return f"Most often {sketch['words'][0]}"
        if sketch.get("median") is None:
            return "Nothing is known"
        return f"Half are below {short(sketch['median'], self.fact.kind)}"


def window_words(days: int | None, name: str) -> str:
    """A feature without a window, such as the age group, has none to tell."""
    if days:
        return f"last {days} days"
    return "all time" if name.partition(":")[0].endswith("_all") else ""


def short(value: float, kind: str) -> str:
    return f"{value:.0%}" if kind == "share" else f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2g}"


def newest_survey() -> FeatureSurvey | None:
    return FeatureSurvey.objects.first()


def survey_job() -> Job | None:
    """The look that is being taken now."""
    return Job.objects.filter(task=SURVEY_TASK, state__in=Job.OPEN_STATES).first()


def families(survey: FeatureSurvey) -> list[str]:
    return list(survey.facts.order_by("family").values_list("family", flat=True).distinct())


def facts(
    survey: FeatureSurvey, *, family: str = "", window: str = "", show: str = "", text: str = ""
) -> QuerySet[FeatureFact]:
    found = survey.facts.all()
    if family:
        found = found.filter(family=family)
    if window == "all":
        found = found.filter(window_days=None)
    elif window.isdecimal() and len(window) < 6:
        found = found.filter(window_days=int(window))
    if show in ("telling", "silent"):
        found = found.filter(tells=show == "telling")
    return found.filter(Q(label__icontains=text) | Q(name__icontains=text)) if text else found


def rows(survey: FeatureSurvey, found: Sequence[FeatureFact]) -> list[Row]:
    return [Row(fact, _bars(fact.sketch.get("bars", [])), _told(survey, fact)) for fact in found]


def _bars(shares: Sequence[float]) -> list[Bar]:
    tallest, width = max(shares, default=0) or 1, SKETCH_WIDTH / max(len(shares), 1)
    heights = [max(share / tallest * SKETCH_HEIGHT, 1 if share else 0) for share in shares]
    return [
        Bar(round(n * width, 2), round(SKETCH_HEIGHT - height, 2), round(width - 1, 2), round(height, 2))
        for n, height in enumerate(heights)
    ]


def _told(survey: FeatureSurvey, fact: FeatureFact) -> list[Told]:
    return [
        Told(one["label"], found["bits"], found["low"], found["high"], found["tells"])
        for one in survey.outcomes
        if (found := fact.told.get(one["name"])) is not None
    ]


def most_telling(survey: FeatureSurvey, outcome: str, n: int) -> list[FeatureFact]:
    """The features that tell most of one outcome, each over the time span in which it tells most."""
    found = [fact for fact in survey.facts.filter(tells=True) if fact.told[outcome]["tells"]]
    best: dict[str, FeatureFact] = {}
    for fact in sorted(found, key=lambda fact: -float(fact.told[outcome]["bits"])):
        best.setdefault(fact.label, fact)
    return list(best.values())[:n]


def fact_cells(survey: FeatureSurvey, found: QuerySet[FeatureFact]) -> Iterator[list[Any]]:
    for row in rows(survey, list(found)):
        fact = row.fact
        told = [value for one in row.told for value in (one.bits, one.low, one.high, one.tells)]
        yield [fact.name, fact.label, fact.family, fact.unit, fact.window_days or "", fact.missing_share, *told]


@dataclass(frozen=True)
class Line:
    """One thing over several time spans; empty where it is not told over one."""

    label: str
    note: str
    values: list[str]


@dataclass(frozen=True)
class Family:
    """Lines that stand in one table, and the time spans that are its columns."""

    name: str
    spans: list[str]
    lines: list[Line]


def customer_vector(customer: Customer, *, as_of: datetime, names: Sequence[str] | None) -> list[Family]:
    """Families of features with their values for one customer, just before `as_of`."""
    frame = customer_features(as_of=as_of, names=names, customer_ids=[customer.pk])
    values = frame.row(customer.pk)
    by_family: dict[str, list[Feature]] = {}
    for feature in frame.features:
        by_family.setdefault(feature.family, []).append(feature)
    return [_family(name, features, values) for name, features in by_family.items()]


def _family(name: str, features: list[Feature], values: dict[str, Any]) -> Family:
    """One line a label, one column a time span, the shortest first."""
    days = sorted({one.window_days for one in features}, key=lambda one: one or ALL_TIME)
    by_label: dict[str, dict[int | None, Feature]] = {}
    for one in features:
        by_label.setdefault(one.label, {})[one.window_days] = one
    lines = [
        Line(label, _note(spans), [said(spans[n], values[spans[n].name]) if n in spans else "" for n in days])
        for label, spans in by_label.items()
    ]
    return Family(name, [f"{n} days" if n else "so far" for n in days], lines)


def _note(spans: dict[int | None, Feature]) -> str:
    """The unit, where the label does not say it already."""
    one = next(iter(spans.values()))
    return "" if one.kind != "number" or one.unit in one.label.lower() else one.unit


def said(feature: Feature, value: Any) -> str:
    if value is None or value == "" or value != value:
        return "–"
    if feature.kind == "category":
        return str(value)
    if feature.kind == "share":
        return f"{value:.0%}"
    return f"{value:,.2f}" if feature.unit == "money" else f"{value:,.1f}".removesuffix(".0")
