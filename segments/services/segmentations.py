"""Write down what was found among the customers: to be looked at first, to be saved as segments after."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loyalty.models import Product
from loyalty.queries.marks import change_mark
from loyalty.services.progress import Progress
from segments.engine.advice import advice, disagreement, going_on
from segments.engine.clustering import Clustering
from segments.engine.dividing.ward import WardDivider
from segments.engine.files import packed
from segments.engine.matching import CarriedOver, numbered
from segments.engine.profiles import SegmentProfile
from segments.models import Division, Segmentation
from segments.services.continuing import Before, continued, k_before, placed_before, told_of
from segments.services.finding import Found, find_segments
from segments.services.saving import save_segmentation
from segments.services.specs import SegmentSpec


def segment_customers(*, spec: SegmentSpec, as_of: datetime, at: datetime, report: Progress) -> Segmentation:
    """Divide the customers as they were at `as_of` and make segments of it. The same job gives the same, once."""
    done = _of_job(report)
    if done is not None:
        return done
    mark = change_mark()
    found = find_segments(spec, as_of, report, k_before=k_before(spec))
    before = placed_before(as_of=as_of, features=found.features)
    with report.writing():
        draft = write_found(found, spec, as_of=as_of, at=at, job_id=report.job_id, mark=mark, before=before)
        segmentation = save_segmentation(segmentation=draft, at=at)
    report.note(f"{found.clustering.k} segments among {len(found.features.customer_ids):,} customers.")
    return segmentation


def explore_customers(*, spec: SegmentSpec, as_of: datetime, at: datetime, report: Progress) -> Segmentation:
    """The same, only to be looked at: nothing becomes a segment before somebody saves it."""
    done = _of_job(report)
    if done is not None:
        return done
    mark = change_mark()
    found = find_segments(spec, as_of, report, k_before=k_before(spec))
    before = placed_before(as_of=as_of, features=found.features)
    with report.writing():
        segmentation = write_found(found, spec, as_of=as_of, at=at, job_id=report.job_id, mark=mark, before=before)
    report.note(segmentation.verdict)
    return segmentation


def _of_job(report: Progress) -> Segmentation | None:
    return Segmentation.objects.filter(job_id=report.job_id).first() if report.job_id else None


def write_found(
    found: Found,
    spec: SegmentSpec,
    *,
    as_of: datetime,
    at: datetime,
    job_id: int | None,
    mark: int,
    before: Before | None = None,
) -> Segmentation:
    """Write down what was found, only to be looked at. `mark` is of the changes before the features were read, and
    `before` says where the borders in use put the same customers."""
    carried = continued(before, found.features.customer_ids, found.clustering.labels)
    segmentation = Segmentation.objects.create(
        name=spec.name,
        spec=_settings(found, spec),
        as_of=as_of,
        k=found.clustering.k,
        silhouette=found.clustering.silhouette,
        scores=_scores(found.clustering),
        feature_names=list(found.features.names),
        verdict=found.clustering.verdict,
        projection=_axes(found),
        findings={**_findings(found, carried), "continues": told_of(before, carried)},
        agreement=carried.agreement if carried.n_customers else None,
        job_id=job_id,
        created_at=at,
    )
    Division.objects.create(
        segmentation=segmentation,
        learnt=packed({**found.clustering.preparation.arrays(), **_prefixed(found.clustering)}),
        people=packed(
            {
                "customer_ids": found.features.customer_ids,
                "labels": found.clustering.labels.astype(np.int16),
                "map_rows": found.map_rows,
                "places": found.projection.coordinates.astype(np.float32),
            }
        ),
        marks_until=mark,
        assigned_at=at,
    )
    return segmentation


def _settings(found: Found, spec: SegmentSpec) -> dict[str, Any]:
    words = found.features.words
    labels = {one.name: one.label for one in words}
    return {**spec.told(), "labels": labels, "sources": list(found.features.sources)}


def _prefixed(clustering: Clustering) -> dict[str, NDArray[np.generic]]:
    return {f"divider_{name}": array for name, array in clustering.divider.arrays().items()}


def _findings(found: Found, carried: CarriedOver) -> dict[str, Any]:
    clustering, labels = found.clustering, found.clustering.labels
    components = clustering.preparation.components
    names = _product_names(found)
    return {
        "segments": [_segment(one, found, names) for one in found.profiles],
        "numbers": numbered(carried, clustering.k),
        "n_customers": len(labels),
        "n_unassigned": int((labels < 0).sum()),
        "n_judged": clustering.n_judged,
        "missing": _missing(found),
        "advice": list(advice(clustering, found.plan, len(found.features.words))),
        "disagreement": disagreement(clustering, found.plan),
        "going_on": going_on(clustering, found.plan),
        "explained": [float(share) for share in components.explained_shares] if components else [],
        "tree": asdict(clustering.divider.tree()) if isinstance(clustering.divider, WardDivider) else {},
    }


def _segment(one: SegmentProfile, found: Found, product_names: dict[int, str]) -> dict[str, Any]:
    names = found.features.names
    lifts = [
        {"product": product_names[lift.product_id], "product_id": lift.product_id, **asdict(lift.lift)}
        for lift in found.lifts[one.number]
        if lift.product_id in product_names
    ]
    return {
        "found_name": one.name,
        "description": one.description,
        "n_customers": one.n_customers,
        "share": one.share,
        "usual": _by_name(names, one.usual),
        "usual_of_all": _by_name(names, one.usual_of_all),
        "means_z": _by_name(names, one.means_z),
        "distinctions": [asdict(distinction) for distinction in one.distinctions],
        "lifts": lifts,
    }


def _product_names(found: Found) -> dict[int, str]:
    ids = {lift.product_id for lifts in found.lifts for lift in lifts}
    return {product.pk: str(product) for product in Product.objects.filter(pk__in=ids)}


def _missing(found: Found) -> dict[str, float]:
    """Share of customers for whom a feature is not known, where there are any."""
    shares = _by_name(found.features.names, np.isnan(found.features.values).mean(axis=0))
    return {name: share for name, share in shares.items() if share > 0}


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
    """Means of what is nowhere known are told as 0: JSON has no other word for them."""
    return {name: float(np.nan_to_num(value)) for name, value in zip(names, values, strict=True)}
