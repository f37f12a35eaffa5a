"""Find segments among the customers and write them down."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loyalty.services.progress import Progress
from segments.engine.clustering import Clustering, cluster
from segments.engine.features import FeatureFrame
from segments.engine.matching import CarriedOver, carried_over, numbered
from segments.engine.profiles import SegmentProfile, profile
from segments.engine.projection import Projection, project
from segments.models import Segment, Segmentation, SegmentMembership
from segments.queries.features import customer_features
from segments.queries.members import segment_numbers

ROWS_PER_INSERT = 5000


@dataclass(frozen=True)
class SegmentSpec:
    """All that is needed to find the same segments again."""

    name: str = "What customers buy, how often and how much"
    habits: tuple[str, ...] = ("recency_days", "n_orders", "spend")
    n_categories: int = 3
    k_min: int = 3
    k_max: int = 8
    min_share: float = 0.05
    seed: int = 0

    @property
    def k_range(self) -> range:
        return range(self.k_min, self.k_max + 1)


@dataclass(frozen=True)
class Found:
    """Segments, not yet written down."""

    features: FeatureFrame
    clustering: Clustering
    projection: Projection
    profiles: tuple[SegmentProfile, ...]


def segment_customers(*, spec: SegmentSpec, as_of: datetime, at: datetime, report: Progress) -> Segmentation:
    """Divide the customers as they were at `as_of`. The same job gives the same segmentation, once."""
    done = Segmentation.objects.filter(job_id=report.job_id).first() if report.job_id else None
    if done is not None:
        return done
    found = find_segments(spec, as_of, report)
    with report.writing():
        segmentation = _write(found, spec, as_of, at, report.job_id)
    report.note(f"{found.clustering.k} segments among {len(found.features.customer_ids):,} customers.")
    return segmentation


def find_segments(spec: SegmentSpec, as_of: datetime, report: Progress) -> Found:
    n_steps = len(spec.k_range) + 2
    report(0, n_steps, "Reading what customers did")
    features = customer_features(as_of=as_of, habits=spec.habits, n_categories=spec.n_categories)
    clustering = cluster(
        features.values,
        k_range=spec.k_range,
        rng=np.random.default_rng(spec.seed),
        min_share=spec.min_share,
        progress=lambda done, total: report(1 + done, n_steps, f"Compared {done} of {total} divisions"),
    )
    scaled = clustering.scaling.apply(features.values)
    profiles = profile(features.values, scaled, clustering.labels, features.words)
    return Found(features, clustering, project(scaled), profiles)


@dataclass(frozen=True)
class _Before:
    """The segmentation that this one follows, and what of it goes on."""

    segments: dict[int, Segment]
    carried: CarriedOver

    @classmethod
    def of(cls, segmentation: Segmentation | None, found: Found) -> "_Before":
        known = segment_numbers(segmentation)
        before = np.array([known.get(pk, -1) for pk in found.features.customer_ids.tolist()], dtype=np.int64)
        in_both = before >= 0
        segments = {} if segmentation is None else {one.number: one for one in segmentation.segments.all()}
        return cls(segments, carried_over(before[in_both], found.clustering.labels[in_both]))

    def segment(self, label: int) -> Segment | None:
        return self.segments.get(self.carried.before_of.get(label, -1))

    @property
    def agreement(self) -> float | None:
        return self.carried.agreement if self.carried.n_customers else None


def _write(found: Found, spec: SegmentSpec, as_of: datetime, at: datetime, job_id: int | None) -> Segmentation:
    current = Segmentation.objects.select_for_update(no_key=True).filter(is_current=True)
    before = _Before.of(current.first(), found)
    Segmentation.objects.filter(pk__in=[one.pk for one in current]).update(is_current=False)
    segmentation = Segmentation.objects.create(
        name=spec.name,
        spec={**asdict(spec), "labels": {words.name: words.label for words in found.features.words}},
        as_of=as_of,
        k=found.clustering.k,
        silhouette=found.clustering.silhouette,
        scores=_scores(found.clustering),
        feature_names=list(found.features.names),
        verdict=found.clustering.verdict,
        projection=_axes(found),
        agreement=before.agreement,
        is_current=True,
        job_id=job_id,
        created_at=at,
    )
    numbers = numbered(before.carried, found.clustering.k)
    segments = Segment.objects.bulk_create(
        [
            _segment(one, segmentation, found, number=number, before=before.segment(one.number))
            for one, number in zip(found.profiles, numbers, strict=True)
        ]
    )
    _write_memberships(found, segments, as_of)
    return segmentation


def _segment(
    one: SegmentProfile, segmentation: Segmentation, found: Found, *, number: int, before: Segment | None
) -> Segment:
    names = found.features.names
    facts = {
        "found_name": one.name,
        "n_customers": one.n_customers,
        "share": one.share,
        "means": _by_name(names, one.means),
        "means_z": _by_name(names, one.means_z),
        "distinctions": [asdict(distinction) for distinction in one.distinctions],
    }
    return Segment(
        kind=Segment.Kind.CLUSTER,
        name=_name(one, before),
        description=one.description,
        segmentation=segmentation,
        number=number,
        continues=before,
        profile=facts,
        created_at=segmentation.created_at,
    )


def _name(one: SegmentProfile, before: Segment | None) -> str:
    """What a person called a segment stays; a name out of the data follows the data."""
    if before is not None and before.name != before.profile.get("found_name", before.name):
        return before.name
    return one.name


def _write_memberships(found: Found, segments: list[Segment], as_of: datetime) -> None:
    rows = zip(found.features.customer_ids, found.clustering.labels, found.projection.coordinates, strict=True)
    SegmentMembership.objects.bulk_create(
        [
            SegmentMembership(
                segment=segments[label],
                customer_id=int(customer_id),
                valid_from=as_of,
                map_x=float(x),
                map_y=float(y),
            )
            for customer_id, label, (x, y) in rows
        ],
        batch_size=ROWS_PER_INSERT,
    )


def _scores(clustering: Clustering) -> list[dict[str, Any]]:
    """Every k that was tried; the chosen one also says what structure-free data would have reached."""
    scores = [asdict(score) for score in clustering.scores]
    for score in scores:
        if score["k"] == clustering.k:
            score["null_silhouette"] = clustering.null_silhouette
    return scores


def _axes(found: Found) -> dict[str, Any]:
    labels = tuple(words.label for words in found.features.words)
    shares = [float(share) for share in found.projection.explained_shares]
    features = [list(names) for names in found.projection.axis_features(labels)]
    return {"axes": [{"features": names, "share": share} for names, share in zip(features, shares, strict=True)]}


def _by_name(names: tuple[str, ...], values: NDArray[np.float64]) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}
