"""One segmentation as its charts need it."""

from segments.charts.segmentations import (
    MAP_POINTS,
    Axis,
    DivisionScore,
    FeatureDifference,
    MapPoint,
    SegmentDifferences,
    Segments,
    SegmentSummary,
)
from segments.models import Segment, Segmentation, SegmentMembership

# Adjusted Rand index with the segmentation before, and what it means to somebody who has never heard of it.
CONTINUITY = (
    (0.9, "Nearly everybody is in the segment they were in when segments were last looked for."),
    (0.6, "Most customers are in the segment they were in when segments were last looked for."),
)


def current_segmentation() -> Segmentation | None:
    return Segmentation.objects.filter(is_current=True).first()


def continuity(segmentation: Segmentation) -> str:
    """Whether customers stayed where they were when segments were last looked for; empty at the first time."""
    if segmentation.agreement is None:
        return ""
    for least, sentence in CONTINUITY:
        if segmentation.agreement >= least:
            return sentence
    return "Most customers changed segment since segments were last looked for: compare with earlier ones with care."


def segments_of(segmentation: Segmentation) -> Segments:
    """Everything but the map's dots; one query."""
    scores = segmentation.scores
    fields = ("k", "silhouette", "davies_bouldin", "stability", "smallest_share")
    nulls = [score["null_silhouette"] for score in scores if "null_silhouette" in score]
    return Segments(
        as_of=segmentation.as_of,
        verdict=segmentation.verdict,
        summaries=[_summary(segment) for segment in segmentation.segments.order_by("number")],
        labels=segmentation.spec["labels"],
        axes=[Axis(axis["features"], axis["share"]) for axis in segmentation.projection["axes"]],
        scores=[DivisionScore(**{field: score[field] for field in fields}) for score in scores],
        k=segmentation.k,
        null_silhouette=nulls[0] if nulls else None,
    )


def map_points(segmentation: Segmentation, *, at_most: int = MAP_POINTS) -> tuple[list[MapPoint], int]:
    """Evenly picked customers with their places, and how many customers there are."""
    members = SegmentMembership.objects.filter(segment__segmentation=segmentation, map_x__isnull=False)
    n_customers = members.count()
    step = max(-(-n_customers // at_most), 1)
    # The same customers every time: a map whose dots jump on reload is not believed.
    picked = members.order_by("customer_id").values_list("segment__number", "customer__external_id", "map_x", "map_y")
    points = [MapPoint(number, name, x or 0.0, y or 0.0) for number, name, x, y in picked[::step]]
    return points, n_customers


def _summary(segment: Segment) -> SegmentSummary:
    facts = segment.profile
    return SegmentSummary(
        number=segment.number,
        name=segment.name,
        n_customers=facts["n_customers"],
        share=facts["share"],
        means=facts["means"],
        means_z=facts["means_z"],
    )


def profile_of(segment: Segment) -> SegmentDifferences | None:
    """How a segment that was found in the data differs from all customers; None for one of another kind."""
    segmentation = segment.segmentation
    if segmentation is None or "means_z" not in segment.profile:
        return None
    siblings = [_summary(one) for one in segmentation.segments.order_by("number")]
    n_customers = sum(one.n_customers for one in siblings)
    labels = segmentation.spec["labels"]
    features = [
        FeatureDifference(
            feature=feature,
            label=label,
            mean=segment.profile["means"][feature],
            mean_of_all=sum(one.means[feature] * one.n_customers for one in siblings) / n_customers,
            z=segment.profile["means_z"][feature],
        )
        for feature, label in labels.items()
    ]
    return SegmentDifferences(_summary(segment), features, segmentation.as_of)
