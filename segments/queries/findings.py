"""What was found of every group, as its page shows it."""

from dataclasses import dataclass
from typing import Any

from segments.charts.divisions import STABLE, Branches, Difference
from segments.charts.segmentations import SegmentSummary
from segments.models import Segmentation
from segments.queries.explorer import labels_of, summaries_of

N_DIFFERENCES = 3
METHODS = {"kmeans": "K-Means", "ward": "Ward", "dbscan": "DBSCAN", "hdbscan": "HDBSCAN"}
SCALERS = {"standard": "mean and spread", "minmax": "lowest to highest", "robust": "the middle half"}


@dataclass(frozen=True)
class ProductLift:
    """A product that has a larger part in what a group buys than in what others buy."""

    product_id: int
    name: str
    lift: float
    low: float
    high: float


@dataclass(frozen=True)
class Group:
    """One group of a segmentation; `label` is its place in what was found, `url` its segment's page once saved."""

    label: int
    summary: SegmentSummary
    description: str
    lifts: list[ProductLift]
    url: str


@dataclass(frozen=True)
class Facts:
    """What else was found. Shares are between 0 and 1."""

    advice: list[str]
    disagreement: str
    n_unassigned: int
    n_judged: int
    missing: list[tuple[str, float]]
    offered: list[int]
    silhouette_note: str
    going_on: str
    agreement_note: str


def groups_of(segmentation: Segmentation) -> list[Group]:
    """By number; those of earlier runs without what was not found then."""
    summaries = {one.number: one for one in summaries_of(segmentation)}
    numbers = segmentation.findings.get("numbers") or sorted(summaries)
    facts = segmentation.findings.get("segments") or [{}] * len(numbers)
    pages = {one.number: one.get_absolute_url() for one in segmentation.segments.all()}
    found = [
        Group(label, summaries[number], one.get("description", ""), _lifts(one), pages.get(number, ""))
        for label, (number, one) in enumerate(zip(numbers, facts, strict=True))
        if number in summaries
    ]
    return sorted(found, key=lambda one: one.summary.number)


def facts_of(segmentation: Segmentation) -> Facts:
    told, labels = segmentation.findings, labels_of(segmentation)
    missing = [(labels.get(name, name), share) for name, share in told.get("missing", {}).items()]
    chosen: dict[str, Any] = next((one for one in segmentation.scores if one["k"] == segmentation.k), {})
    return Facts(
        advice=told.get("advice", []),
        disagreement=told.get("disagreement", ""),
        n_unassigned=told.get("n_unassigned", 0),
        n_judged=told.get("n_judged", 0),
        missing=sorted(missing, key=lambda one: -one[1]),
        offered=[k for k in offered_of(segmentation) if k != segmentation.k],
        silhouette_note=_silhouette_note(chosen),
        going_on=told.get("going_on", ""),
        agreement_note=_agreement_note(told.get("continues")),
    )


def offered_of(segmentation: Segmentation) -> list[int]:
    """Numbers of segments that are stable and leave none that is tiny."""
    least = segmentation.spec.get("min_share", 0.05)
    scores = segmentation.scores
    return [one["k"] for one in scores if one["stability"] >= STABLE and one["smallest_share"] >= least]


def differences_of(segmentation: Segmentation) -> list[Difference]:
    """The largest of every group, with intervals."""
    names = {one.number: one.name for one in summaries_of(segmentation)}
    found = zip(segmentation.findings.get("numbers", []), segmentation.findings.get("segments", []), strict=True)
    return [
        Difference(names[number], number, one["label"], one["effect_size"], one["low"], one["high"])
        for number, facts in sorted(found, key=lambda pair: pair[0])
        for one in facts["distinctions"][:N_DIFFERENCES]
    ]


def branches_of(segmentation: Segmentation) -> Branches | None:
    tree = segmentation.findings.get("tree")
    return Branches(tree["branches"], tree["leaves"], tree["cut"]) if tree else None


def settings_of(segmentation: Segmentation) -> list[tuple[str, str]]:
    """How it was made, for people."""
    spec = segmentation.spec
    told = [
        ("Divided by", ", ".join(labels_of(segmentation).values())),
        ("Method", METHODS.get(spec.get("method", "kmeans"), "")),
        ("Made comparable by", SCALERS.get(spec.get("scaler", "standard"), "")),
        ("Large values", "damped" if spec.get("is_damped", True) else "as they are"),
    ]
    if spec.get("keep"):
        told.append(("Combined", f"directions that keep {spec['keep']:.0%} of the differences"))
    return told


def _silhouette_note(chosen: dict[str, Any]) -> str:
    """What the same number of groups reaches where there is nothing to find, and how far a sample may be off."""
    null, error = chosen.get("null_silhouette"), chosen.get("silhouette_error")
    told = ["1 is far apart, 0 is one crowd"]
    if null is not None and null >= 0:
        told.append(f"mixed at random {null:.2f}")
    if error:
        told.append(f"±{1.96 * error:.3f} by the sample")
    return "; ".join(told)


def _agreement_note(told: dict[str, Any] | None) -> str:
    scale = "1 is identical, 0 is chance"
    return f"{told['low']:.2f}–{told['high']:.2f} with other customers; {scale}" if told else scale


def _lifts(facts: dict[str, Any]) -> list[ProductLift]:
    return [
        ProductLift(one["product_id"], one["product"], one["lift"], one["low"], one["high"])
        for one in facts.get("lifts", [])
    ]
