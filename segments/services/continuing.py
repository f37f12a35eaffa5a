"""How a look at the customers goes on from the segments that are in use: by where their borders put everybody today."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segments.engine.features import FeatureFrame
from segments.engine.matching import CarriedOver, carried_over
from segments.models import Division, Segmentation
from segments.queries.assigning import Numbers, segment_numbers
from segments.queries.explorer import current_segmentation
from segments.queries.features import source_features
from segments.queries.vectors import VectorsMissing
from segments.services.assigning import Borders
from segments.services.specs import SegmentSpec

Ids = NDArray[np.int64]
SEED = 0
# Looks that ask these alike divide by the same things in the same way.
ALIKE = ("habits", "n_categories", "features", "vectors", "method", "scaler", "is_damped", "keep", "min_share")


@dataclass(frozen=True)
class Before:
    """Where the borders before put the customers of a look; `segmentation` has them, where they were written down."""

    segmentation: Segmentation | None
    placed: Numbers


def k_before(spec: SegmentSpec) -> int | None:
    """The number of segments in use where a look divides in the same way, so that it may stay."""
    current = current_segmentation()
    if current is None:
        return None
    then = SegmentSpec.of(current.spec)
    is_alike = all(getattr(then, name) == getattr(spec, name) for name in ALIKE)
    return current.k if is_alike else None


def placed_before(*, as_of: datetime, features: FeatureFrame | None = None) -> Before | None:
    """Put customers where the borders in use say as of a moment; `features` are those read already.

    Everybody is placed anew, as customers stand at that moment: what they did since is no disagreement about borders.
    Where the borders are not known any more, customers are where they were put last.
    """
    current = current_segmentation()
    if current is None:
        return None
    if not Division.objects.filter(segmentation=current).exists():
        return Before(current, segment_numbers(current))
    sources = tuple(current.spec["sources"])
    try:
        if features is None or features.sources != sources:
            features = source_features(as_of=as_of, sources=sources, words=())
    except VectorsMissing:
        return Before(current, segment_numbers(current))
    return Before(current, Numbers(features.customer_ids, Borders.of(current).numbers(features.values)))


def continued(before: Before | None, customer_ids: Ids, labels: Ids) -> CarriedOver:
    """How groups of customers, by rising key, go on from the segments before, over those who are in both."""
    if before is None or not len(before.placed.customer_ids):
        return CarriedOver({}, 0.0, 0)
    known = before.placed.customer_ids
    rows = np.minimum(np.searchsorted(known, customer_ids), len(known) - 1)
    in_both = known[rows] == customer_ids
    rng = np.random.default_rng(SEED)
    return carried_over(before.placed.numbers[rows][in_both], labels[in_both], rng)


def told_of(before: Before | None, carried: CarriedOver) -> dict[str, Any]:
    """As plain JSON, to be kept with what was found."""
    if before is None or before.segmentation is None or not carried.n_customers:
        return {}
    return {
        "segmentation_id": before.segmentation.pk,
        "k": before.segmentation.k,
        "before_of": {str(label): number for label, number in carried.before_of.items()},
        "agreement": carried.agreement,
        "low": carried.low,
        "high": carried.high,
        "n_customers": carried.n_customers,
    }


def restored(told: dict[str, Any]) -> CarriedOver:
    """What `told_of` kept."""
    before_of = {int(label): number for label, number in told["before_of"].items()}
    return CarriedOver(before_of, told["agreement"], told["n_customers"], told["low"], told["high"])
