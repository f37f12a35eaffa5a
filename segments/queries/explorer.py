"""One segmentation as its charts need it."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from loyalty.models import Customer
from loyalty.templatetags.formats import day as on_day
from segments.charts.profile import FeatureDifference, SegmentDifferences
from segments.charts.segmentations import (
    MAP_POINTS,
    UNASSIGNED,
    Axis,
    DivisionScore,
    MapPoint,
    Segments,
    SegmentSummary,
)
from segments.engine.files import unpacked
from segments.models import Division, Segment, Segmentation, SegmentMembership

# Adjusted Rand index with the borders before, and what it means to somebody who has never heard of it.
CONTINUITY = (
    (0.9, "Nearly everybody is where the borders before would put them today."),
    (0.6, "Most customers are where the borders before would put them today."),
)
ELSEWHERE = "Many customers are elsewhere than the borders before would put them today: compare with earlier with care."


def current_segmentation() -> Segmentation | None:
    return Segmentation.objects.filter(is_current=True).first()


def continuity(segmentation: Segmentation) -> str:
    """Whether these segments are those that were in use before; empty at the first time."""
    if segmentation.agreement is None:
        return ""
    alike = next((said for least, said in CONTINUITY if segmentation.agreement >= least), ELSEWHERE)
    told = segmentation.findings.get("continues")
    return f"{_gone_on(told)} {alike}" if told else alike


def _gone_on(told: dict[str, Any]) -> str:
    n_before, n_on = told["k"], len(told["before_of"])
    if n_on == n_before:
        return f"All {n_before} segments before go on."
    return f"{n_on or 'None'} of the {n_before} segments before {'goes' if n_on < 2 else 'go'} on."


@dataclass(frozen=True)
class Fit:
    """Whether segments still fit the customers, in a sentence."""

    sentence: str
    has_drifted: bool


def fit_of(segmentation: Segmentation) -> Fit | None:
    """By the last look at whether customers are as they were; None before the first."""
    told = segmentation.findings.get("drift")
    if not told:
        return None
    until = on_day(datetime.fromisoformat(told["as_of"]))
    if told["has_drifted"]:
        sentence = (
            f"By {until} customers had changed since these segments were found, most in “{told['furthest']}”. "
            "Rehearsal looked again; these stay in use until you save others."
        )
    else:
        sentence = f"Customers were spread as before on {until}, so the borders stay where they are."
    return Fit(sentence, told["has_drifted"])


def segments_of(segmentation: Segmentation) -> Segments:
    """Everything but the map's dots; one query where it is saved."""
    nulls = [score["null_silhouette"] for score in segmentation.scores if "null_silhouette" in score]
    return Segments(
        as_of=segmentation.as_of,
        verdict=segmentation.verdict,
        summaries=summaries_of(segmentation),
        labels=labels_of(segmentation),
        axes=[Axis(axis["features"], axis["share"]) for axis in segmentation.projection["axes"]],
        scores=[_score(score) for score in segmentation.scores],
        k=segmentation.k,
        null_silhouette=nulls[0] if nulls else None,
        n_unassigned=segmentation.findings.get("n_unassigned", 0),
    )


def labels_of(segmentation: Segmentation) -> dict[str, str]:
    """What people read of each feature, in the order of the features: JSON in the database forgets it."""
    labels: dict[str, str] = segmentation.spec["labels"]
    return {name: labels[name] for name in segmentation.feature_names or labels}


def summaries_of(segmentation: Segmentation) -> list[SegmentSummary]:
    """By number, under the names that their segments have by now; one query."""
    segments = list(segmentation.segments.order_by("number"))
    findings = segmentation.findings
    if "segments" not in findings:
        return [_summary(segment) for segment in segments]
    names = {segment.number: segment.name for segment in segments}
    found = [
        _found(number, {**facts, "found_name": names.get(number, facts["found_name"])})
        for number, facts in zip(findings["numbers"], findings["segments"], strict=True)
    ]
    return sorted(found, key=lambda one: one.number)


def map_points(segmentation: Segmentation, *, at_most: int = MAP_POINTS) -> tuple[list[MapPoint], int]:
    """Evenly picked customers with their places, and how many customers there are."""
    division = Division.objects.filter(segmentation=segmentation).only("people").first()
    if division is None:
        return _points_of_memberships(segmentation, at_most)
    people = unpacked(division.people)
    # The same customers every time: a map whose dots jump on reload is not believed.
    step = max(-(-len(people["map_rows"]) // at_most), 1)
    rows, places = people["map_rows"][::step], people["places"][::step]
    ids, labels = people["customer_ids"][rows].tolist(), people["labels"][rows].tolist()
    names = dict(Customer.objects.filter(pk__in=ids).values_list("pk", "external_id"))
    numbers = [*segmentation.findings["numbers"], UNASSIGNED]
    points = [
        MapPoint(numbers[label], names[pk], float(x), float(y))
        for pk, label, (x, y) in zip(ids, labels, places, strict=True)
        if pk in names
    ]
    return points, len(people["customer_ids"])


def _points_of_memberships(segmentation: Segmentation, at_most: int) -> tuple[list[MapPoint], int]:
    """Where places were still kept with the memberships."""
    members = SegmentMembership.objects.filter(segment__segmentation=segmentation, map_x__isnull=False)
    n_customers = members.count()
    step = max(-(-n_customers // at_most), 1)
    picked = members.order_by("customer_id").values_list("segment__number", "customer__external_id", "map_x", "map_y")
    points = [MapPoint(number, name, x or 0.0, y or 0.0) for number, name, x, y in picked[::step]]
    return points, n_customers


def _score(told: dict[str, Any]) -> DivisionScore:
    """Those of earlier runs lack what was not measured then."""
    known = {field.name for field in fields(DivisionScore)}
    return DivisionScore(**{name: value for name, value in told.items() if name in known})


def _found(number: int, facts: dict[str, Any]) -> SegmentSummary:
    return SegmentSummary(
        number=number,
        name=facts["found_name"],
        n_customers=facts["n_customers"],
        share=facts["share"],
        means_z=facts["means_z"],
    )


def _summary(segment: Segment) -> SegmentSummary:
    return replace(_found(segment.number, {"found_name": segment.name, **segment.profile}), name=segment.name)


def profile_of(segment: Segment) -> SegmentDifferences | None:
    """How a segment that was found in the data differs from all customers; None for one of another kind."""
    segmentation = segment.segmentation
    if segmentation is None or "means_z" not in segment.profile:
        return None
    facts, labels = segment.profile, labels_of(segmentation)
    features = [
        FeatureDifference(
            feature=feature,
            label=label,
            usual=facts["usual"][feature],
            usual_of_all=facts["usual_of_all"][feature],
            z=facts["means_z"][feature],
        )
        for feature, label in labels.items()
    ]
    return SegmentDifferences(_summary(segment), features, segmentation.as_of)
