"""Find groups among the customers; nothing is written down here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from loyalty.services.progress import Progress
from segments.engine.clustering import Clustering, cluster
from segments.engine.features import FeatureFrame
from segments.engine.judging import KScore
from segments.engine.lifts import Lift, strongest_lifts
from segments.engine.plans import Plan
from segments.engine.profiles import SegmentProfile, profile
from segments.engine.projection import Projection, project
from segments.queries.products import Buyers, buyers_by_group
from segments.services.specs import SegmentSpec

# So many are drawn on a map and looked at for what they buy: more tell nothing more.
MAP_CUSTOMERS, LIFT_CUSTOMERS = 5000, 5000
BOUGHT_SINCE = timedelta(days=365)


@dataclass(frozen=True)
class SegmentLift:
    """A product that a segment buys more often than others."""

    product_id: int
    lift: Lift


@dataclass(frozen=True)
class Found:
    """Groups, not yet written down. `map_rows` are the customers whose places the projection has."""

    features: FeatureFrame
    plan: Plan
    clustering: Clustering
    projection: Projection
    map_rows: NDArray[np.int64]
    profiles: tuple[SegmentProfile, ...]
    lifts: tuple[tuple[SegmentLift, ...], ...]


def find_segments(spec: SegmentSpec, as_of: datetime, report: Progress, *, k_before: int | None = None) -> Found:
    """`k_before` is the number of segments that this goes on from, where it divides in the same way."""
    report(0, _n_steps(spec), "Reading what customers did")
    return divided(spec.frame(as_of), spec, as_of, report, k_before=k_before)


def divided(
    features: FeatureFrame, spec: SegmentSpec, as_of: datetime, report: Progress, *, k_before: int | None = None
) -> Found:
    """The same of features that were read already."""
    n_steps, plan = _n_steps(spec), replace(spec.plan, k_before=k_before)
    report(1, n_steps, "Comparing divisions")
    clustering = cluster(features.values, plan, rng=np.random.default_rng(spec.seed), told=_telling(report, n_steps))
    report(n_steps - 2, n_steps, "Describing the segments")
    scaled = clustering.preparation.scaling.apply(features.values)
    profiles = profile(features.values, scaled, clustering.labels, features.words)
    rows = spread_rows(len(scaled), MAP_CUSTOMERS)
    report(n_steps - 1, n_steps, "Looking at what each segment buys")
    lifts = _lifts(features.customer_ids, clustering.labels, as_of)
    return Found(features, plan, clustering, project(scaled[rows]), rows, profiles, lifts)


def _n_steps(spec: SegmentSpec) -> int:
    return (1 if spec.plan.kind.finds_unassigned else len(spec.plan.k_range)) + 3


def spread_rows(n: int, at_most: int) -> NDArray[np.int64]:
    """Evenly picked rows: the same every time."""
    return np.arange(n) if n <= at_most else np.linspace(0, n - 1, at_most).round().astype(np.int64)


def _telling(report: Progress, n_steps: int) -> Callable[[KScore, int, int], None]:
    """Every division is told as soon as it is judged: the job's page shows it while others are compared."""

    def told(score: KScore, done: int, total: int) -> None:
        report(min(1 + done, n_steps - 2), n_steps, f"Compared {done} of {total} divisions")
        report.note(
            f"{score.k} segments: clearness {score.silhouette:.2f}, same again with other customers "
            f"{score.stability:.2f} ({score.stability_low:.2f}–{score.stability_high:.2f}), the smallest holds "
            f"{score.smallest_share:.0%}."
        )

    return told


def _lifts(ids: NDArray[np.int64], labels: NDArray[np.int64], as_of: datetime) -> tuple[tuple[SegmentLift, ...], ...]:
    rows = spread_rows(len(ids), LIFT_CUSTOMERS)
    found = buyers_by_group(ids[rows], labels[rows], since=as_of - BOUGHT_SINCE, until=as_of)
    return tuple(_lifts_of(found, group) for group in range(1, int(labels.max()) + 2))


def _lifts_of(found: Buyers, group: int) -> tuple[SegmentLift, ...]:
    """Of all that a segment buys, what it buys more of: who buys much buys more of nearly everything."""
    buyers = found.counts[:, group]
    others = found.counts.sum(axis=1) - buyers
    lifts = strongest_lifts(buyers, others, int(buyers.sum()), int(others.sum()))
    return tuple(SegmentLift(int(found.product_ids[one.row]), one) for one in lifts)
