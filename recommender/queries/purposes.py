"""For each purpose: what serves, what it was compared with, how good it is in words, and what there was before."""

from dataclasses import dataclass

from django.conf import settings

from loyalty.models import Job
from loyalty.templatetags.formats import decimals, money, share
from recommender.models import ModelVersion
from recommender.queries.promotions import version_before

Purpose = ModelVersion.Purpose
Alias = ModelVersion.Alias
VERSIONS_SHOWN = 12
LEARNING_TASKS = {
    Purpose.RECOMMENDATION: "recommender.train_recommenders",
    Purpose.PRODUCT_RELATION: "recommender.learn_product_relations",
}


@dataclass(frozen=True)
class Measure:
    """A metric as a marketer would ask for it. `beside` names what stands beside it where no baseline was learnt."""

    key: str
    question: str
    explanation: str
    is_less_better: bool = False
    beside: str = ""
    unit: str = "share"

    def write(self, value: float, currency: str) -> str:
        """The value as people read it."""
        if self.unit == "money":
            return money(value, currency)
        return decimals(value, 2) if self.unit == "number" else share(value)


MEASURES: dict[str, tuple[Measure, ...]] = {
    Purpose.RECOMMENDATION: (
        Measure(
            "recall_at_10",
            "Of the ten products we would show, how many did people buy?",
            "Share of what a customer bought in the next four weeks, at most ten products, that was among those shown.",
        ),
        Measure(
            "first_recall_at_10",
            "And of products new to the customer?",
            "The same, counting only products the customer had never bought before.",
        ),
        Measure(
            "revenue_at_10",
            "How much did a customer spend on them?",
            "On the ten products shown, in the next four weeks. Most of it would have been spent anyway.",
            unit="money",
        ),
        Measure(
            "redemptions_at_10",
            "How many of the ten did a customer buy?",
            "On average, in the next four weeks.",
            unit="number",
        ),
        Measure(
            "all_coverage",
            "How much of the range is shown to somebody?",
            "Share of all products that at least one customer would be shown.",
        ),
    ),
    Purpose.PRODUCT_RELATION: (
        Measure(
            "same_category_share",
            "Do products found alike belong together?",
            "Share of neighbours from the product's own category, which learning never saw.",
            beside="same_category_share_by_chance",
        ),
    ),
    Purpose.RECEPTION: (
        Measure(
            "campaign_error",
            "How far off was the number of customers who took an offer?",
            "The misses of all past campaigns together, as a share of the customers who really took one.",
            is_less_better=True,
        ),
        Measure(
            "coverage_90",
            "How often did the 90% interval hold?",
            "Share of past campaigns that ended inside their 90% interval. Nine in ten would be exactly right.",
        ),
        Measure(
            "auc",
            "Does it know who takes an offer?",
            "How often it ranks somebody who took the offer above somebody who did not. A coin toss scores 50%.",
        ),
        Measure(
            "calibration_error",
            "Are its percentages true?",
            "How far a promised chance was from the rate that came, on average.",
            is_less_better=True,
        ),
    ),
    Purpose.LAUNCH: (
        Measure(
            "launch_error",
            "How far off was the number of buyers?",
            "The misses of all past launches together, as a share of the customers who really bought.",
            is_less_better=True,
        ),
        Measure(
            "coverage_90",
            "How often did the 90% interval hold?",
            "Share of past launches that ended inside their 90% interval. Nine in ten would be exactly right.",
        ),
    ),
}


# What the measures were taken on.
TAKEN_ON = {
    Purpose.RECOMMENDATION: "Measured on the four weeks after those it learnt from.",
    Purpose.PRODUCT_RELATION: "Measured against the shop's own categories.",
    Purpose.RECEPTION: "Measured on past campaigns, each forecast with what was known the day before it began.",
    Purpose.LAUNCH: "Measured on past launches, each forecast from those whose weeks were over when it came.",
}


@dataclass(frozen=True)
class Figure:
    """A share (0-1), an amount or a number, with its 95% interval where one is known, and how people read them."""

    value: float
    low: float | None = None
    high: float | None = None
    told: str = ""
    span: str = ""

    @property
    def lowest(self) -> float:
        return self.value if self.low is None else self.low

    @property
    def highest(self) -> float:
        return self.value if self.high is None else self.high


@dataclass(frozen=True)
class Line:
    """One measure of a version beside the baseline."""

    measure: Measure
    learnt: Figure | None
    baseline: Figure | None

    @property
    def is_better(self) -> bool:
        """Surely better: where intervals are known, they must not overlap."""
        if self.learnt is None or self.baseline is None:
            return False
        if self.measure.is_less_better:
            return self.learnt.highest < self.baseline.lowest
        return self.learnt.lowest > self.baseline.highest


@dataclass(frozen=True)
class PurposeView:
    """`learnt` is the version in use, or the newest that was compared and lost; `baseline` its yardstick."""

    purpose: str
    label: str
    in_use: ModelVersion | None
    learnt: ModelVersion | None
    baseline: ModelVersion | None
    versions: list[ModelVersion]
    open_job: Job | None
    before: ModelVersion | None = None

    @property
    def name(self) -> str:
        return self.purpose.replace("_", "-")

    @property
    def shown(self) -> ModelVersion | None:
        return self.learnt or self.in_use or self.baseline

    @property
    def can_be_learnt(self) -> bool:
        return self.purpose in LEARNING_TASKS

    @property
    def lines(self) -> list[Line]:
        return measured_lines(self.purpose, self.learnt, self.baseline)

    @property
    def beside(self) -> str:
        """What stands beside the learnt version."""
        return (
            self.baseline.label
            if self.baseline
            else "By chance"
            if any(one.measure.beside for one in self.lines)
            else "–"
        )

    @property
    def taken_on(self) -> str:
        return TAKEN_ON[Purpose(self.purpose)]

    @property
    def has_intervals(self) -> bool:
        return any(line.learnt and line.learnt.low is not None for line in self.lines)

    @property
    def why(self) -> str:
        """Why the version in use serves: what the comparison said."""
        told = self.learnt or self.in_use
        return told.verdict if told else ""


def purpose_views() -> list[PurposeView]:
    """The same number of queries however many versions there are."""
    jobs = open_learning_jobs()
    return [_view(purpose, label, jobs.get(purpose)) for purpose, label in Purpose.choices]


def open_learning_jobs() -> dict[str, Job]:
    """The job, alone or a step of a larger one, that learns for a purpose at this moment or soon."""
    purposes = {task: purpose for purpose, task in LEARNING_TASKS.items()}
    found = (
        Job.objects.filter(task__in=purposes, state__in=Job.OPEN_STATES).select_related("started_by").order_by("-pk")
    )
    return {purposes[job.task]: job for job in found}


def _view(purpose: str, label: str, job: Job | None) -> PurposeView:
    versions = ModelVersion.objects.filter(purpose=purpose).select_related("job").order_by("-pk")
    newest = list(versions[:VERSIONS_SHOWN])
    in_use = versions.filter(alias=Alias.CHAMPION).first()
    # The version in use is listed however old it is.
    listed = newest if in_use is None or in_use in newest else [*newest, in_use]
    learnt = _learnt(listed, in_use)
    before = version_before(purpose) if purpose in LEARNING_TASKS else None
    return PurposeView(purpose, label, in_use, learnt, _baseline(listed, learnt), listed, job, before)


def _learnt(versions: list[ModelVersion], in_use: ModelVersion | None) -> ModelVersion | None:
    """The version in use unless it is a baseline; then the one that lost to it, the challenger first; or the newest."""
    if in_use is not None and not in_use.is_baseline:
        return in_use
    learnt = [version for version in versions if not version.is_baseline]
    learnt.sort(key=lambda version: version.alias != Alias.CHALLENGER)
    rivals = [version for version in learnt if in_use and version.data_fingerprint == in_use.data_fingerprint]
    return next(iter([*rivals, *learnt]), None)


def _baseline(versions: list[ModelVersion], learnt: ModelVersion | None) -> ModelVersion | None:
    """What was tried on the same data as the learnt version; another yardstick would mislead."""
    same = [one for one in versions if one.is_baseline and (learnt is None or _are_comparable(one, learnt))]
    return next(iter(same), None)


def _are_comparable(one: ModelVersion, other: ModelVersion) -> bool:
    return one.data_fingerprint == other.data_fingerprint


def measured_lines(purpose: str, learnt: ModelVersion | None, baseline: ModelVersion | None) -> list[Line]:
    """Every measure of a purpose that either of the two has."""
    lines = [_line(measure, learnt, baseline) for measure in MEASURES[purpose]]
    return [line for line in lines if line.learnt or line.baseline]


def _line(measure: Measure, learnt: ModelVersion | None, baseline: ModelVersion | None) -> Line:
    beside = _figure(learnt, measure, measure.beside) if measure.beside else _figure(baseline, measure, measure.key)
    return Line(measure, _figure(learnt, measure, measure.key), beside)


def _figure(version: ModelVersion | None, measure: Measure, key: str) -> Figure | None:
    found = version.metrics.get(key) if version else None
    if version is None or not found:
        return None
    currency = version.params.get("currency") or settings.DEFAULT_CURRENCY
    low, high = found.get("low"), found.get("high")
    span = "" if low is None or high is None else f"{measure.write(low, currency)} to {measure.write(high, currency)}"
    return Figure(found["value"], low, high, measure.write(found["value"], currency), span)
