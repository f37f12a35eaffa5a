"""Learn which products go together, with the evidence for every pair."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from loyalty.models import Product
from loyalty.services.progress import Progress
from recommender import registry
from recommender.engine.baskets import baskets_from_frame
from recommender.engine.ids import IdMap
from recommender.engine.prod2vec import Neighbours, Prod2Vec, RelationsLearnt, TooFewBaskets, learn_relations
from recommender.models import ModelVersion, ProductRelation
from recommender.queries.interactions import purchases_until

N_NEIGHBOURS = 6
ROWS_PER_INSERT = 5000
LABEL = "Products bought in the same company"


def learn_product_relations(
    *, as_of: datetime, at: datetime, random_state: int, report: Progress, learner: Prod2Vec | None = None
) -> ModelVersion:
    """Learn from the orders before `as_of` which products are bought alike. The same job writes them once.

    `learner` is the one tuned for retail when not given.
    """
    done = _published(report.job_id)
    if done is not None:
        return done
    report(0, 1, "Reading orders")
    frame = purchases_until(as_of)
    baskets = baskets_from_frame(frame)
    if not baskets:
        raise TooFewBaskets("No order holds two products: import more orders first.")
    estimator = learner if learner is not None else Prod2Vec(random_state=random_state)
    learnt = learn_relations(
        estimator,
        baskets,
        k=N_NEIGHBOURS,
        progress=lambda done, total: report(done, total + 1, f"Read the orders {done} of {total} times"),
    )
    facts = _facts(learnt, frame, len(baskets), as_of, at)
    with report.writing():
        version = registry.promote(registry.publish(learnt.estimator.to_artefact(), facts, report=report))
        ProductRelation.objects.bulk_create(_relations(version, learnt), batch_size=ROWS_PER_INSERT)
    report.note(facts.verdict)
    return version


def _published(job_id: int | None) -> ModelVersion | None:
    """Version and relations are written in one transaction, so a version of this job means that all is there."""
    if job_id is None:
        return None
    return ModelVersion.objects.filter(job_id=job_id, purpose=ModelVersion.Purpose.PRODUCT_RELATION).first()


def _facts(
    learnt: RelationsLearnt, frame: pa.Table, n_baskets: int, as_of: datetime, at: datetime
) -> registry.VersionFacts:
    n_products = len(learnt.neighbours.product_ids)
    return registry.VersionFacts(
        purpose=ModelVersion.Purpose.PRODUCT_RELATION,
        label=LABEL,
        is_baseline=False,
        data_from=pc.min(frame["occurred_at"]).as_py(),
        data_until=as_of,
        data_fingerprint=learnt.data_fingerprint,
        seed=learnt.estimator.random_state,
        fit_seconds=learnt.fit_seconds,
        trained_at=at,
        params={**learnt.estimator.get_params(), "n_baskets": n_baskets, "n_products": n_products},
        metrics=_metrics(learnt.neighbours),
        verdict=f"Learnt from {n_baskets:,} orders which of {n_products:,} products are bought alike.",
    )


def _metrics(found: Neighbours) -> dict[str, Any]:
    """How often a neighbour is of the product's own category, which learning never saw, and how often by chance."""
    categories = dict(Product.objects.exclude(category=None).values_list("pk", "category_id"))
    own = np.array([categories.get(product_id, -1) for product_id in found.product_ids.tolist()])
    others = IdMap(found.product_ids).rows_of(found.neighbour_ids)
    comparable = (others >= 0) & (own[others] >= 0) & (own[:, None] >= 0)
    if not comparable.any():
        return {}
    same = (own[others] == own[:, None])[comparable].mean()
    shares = np.unique(own[own >= 0], return_counts=True)[1] / (own >= 0).sum()
    return {
        "same_category_share": {"value": float(same)},
        "same_category_share_by_chance": {"value": float((shares**2).sum())},
    }


def _relations(version: ModelVersion, learnt: RelationsLearnt) -> Iterator[ProductRelation]:
    found = learnt.neighbours
    for row, place in np.argwhere(found.neighbour_ids >= 0):
        yield ProductRelation(
            product_id=int(found.product_ids[row]),
            other_id=int(found.neighbour_ids[row, place]),
            kind=ProductRelation.Kind.SIMILAR,
            score=float(found.similarity[row, place]),
            evidence={
                "orders": int(found.baskets[row]),
                "other_orders": int(found.neighbour_baskets[row, place]),
                "orders_together": int(learnt.together[row, place]),
            },
            model_version=version,
        )
