"""Learn how products stand to each other, with the evidence for every pair."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from numpy.typing import NDArray

from loyalty.models import Product
from loyalty.services.progress import Progress
from recommender import registry
from recommender.engine.ids import IdMap
from recommender.engine.prod2vec import Prod2Vec
from recommender.engine.relations.finding import COMPLEMENT, SIMILAR, SUBSTITUTE, UPSELL, Pairs, Rules
from recommender.engine.relations.learning import RelationsLearnt, learn_relations
from recommender.models import ModelVersion, ProductPlace, ProductRelation
from recommender.queries.descriptions import product_facts
from recommender.queries.interactions import shop_purchases

RULES = Rules(n_similar=6)
ROWS_PER_INSERT = 5000
LABEL = "Products bought in the same company"
# What is kept of the evidence: enough for the sentence that tells it, and no more, for there are many relations.
ALWAYS = ("orders", "other_orders", "orders_together", "alike")
KEPT = {
    SIMILAR: ALWAYS,
    SUBSTITUTE: (*ALWAYS, "orders_expected", "customers", "moves", "moves_back", "price_ratio"),
    COMPLEMENT: (*ALWAYS, "orders_expected", "lift", "lift_low"),
    UPSELL: (*ALWAYS, "moves", "moves_back", "moves_expected", "price_ratio"),
}
# In the order in which rows are written.
COLUMNS = "product_id, other_id, kind, score, evidence, model_version_id"
COUNTS = {"orders", "other_orders", "orders_together", "customers", "moves", "moves_back"}


def learn_product_relations(
    *, as_of: datetime, at: datetime, random_state: int, report: Progress, learner: Prod2Vec | None = None
) -> ModelVersion:
    """Learn from the orders before `as_of` how products stand to each other. The same job writes it once.

    `learner` is the one tuned for retail when not given.
    """
    done = _published(report.job_id)
    if done is not None:
        return done
    report(0, 1, "Reading orders")
    frame = shop_purchases(as_of)
    learnt = learn_relations(
        learner if learner is not None else Prod2Vec(random_state=random_state),
        frame,
        product_facts(),
        rules=RULES,
        progress=lambda done, total: report(done, total + 1, "Learning from the orders"),
    )
    facts = _facts(learnt, frame, as_of, at)
    with report.writing():
        version = registry.promote(registry.publish(learnt.estimator.to_artefact(), facts, report=report))
        for kind, pairs in learnt.relations.items():
            _write(version, kind, pairs, learnt.products)
        ProductPlace.objects.bulk_create(_places(version, learnt), batch_size=ROWS_PER_INSERT)
    report.note(facts.verdict)
    return version


def _published(job_id: int | None) -> ModelVersion | None:
    """Version and relations are written in one transaction, so a version of this job means that all is there."""
    if job_id is None:
        return None
    return ModelVersion.objects.filter(job_id=job_id, purpose=ModelVersion.Purpose.PRODUCT_RELATION).first()


def _facts(learnt: RelationsLearnt, frame: pa.Table, as_of: datetime, at: datetime) -> registry.VersionFacts:
    found = {f"n_{kind}": len(pairs) for kind, pairs in learnt.relations.items()}
    counts = {"n_baskets": learnt.n_baskets, "n_products": len(learnt.products), **found}
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
        params={**learnt.estimator.get_params(), **counts},
        metrics=_metrics(learnt),
        verdict=f"Learnt from {learnt.n_baskets:,} orders how {len(learnt.products):,} products stand to each other.",
    )


def _metrics(learnt: RelationsLearnt) -> dict[str, Any]:
    """How often a neighbour is of the product's own category, which vectors never saw, and how often by chance."""
    categories = dict(Product.objects.exclude(category=None).values_list("pk", "category_id"))
    own = np.array([categories.get(product_id, -1) for product_id in learnt.products.ids.tolist()])
    return _shares(own, learnt.relations[SIMILAR])


def _shares(own: NDArray[np.int64], pairs: Pairs) -> dict[str, Any]:
    comparable = (own[pairs.rows] >= 0) & (own[pairs.others] >= 0)
    if not comparable.any():
        return {}
    same = (own[pairs.rows] == own[pairs.others])[comparable].mean()
    shares = np.unique(own[own >= 0], return_counts=True)[1] / (own >= 0).sum()
    return {
        "same_category_share": {"value": float(same)},
        "same_category_share_by_chance": {"value": float((shares**2).sum())},
    }


def _write(version: ModelVersion, kind: str, pairs: Pairs, products: IdMap) -> None:
    """There are more than a hundred thousand relations in a shop of some size: COPY is ten times as fast as INSERT."""
    text = io.StringIO()
    csv.writer(text).writerows(_rows(version, kind, pairs, products))
    text.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {ProductRelation._meta.db_table} ({COLUMNS}) FROM STDIN (FORMAT csv)", text)


def _rows(version: ModelVersion, kind: str, pairs: Pairs, products: IdMap) -> Iterator[tuple[object, ...]]:
    product_ids, other_ids = products.ids_of(pairs.rows).tolist(), products.ids_of(pairs.others).tolist()
    for number, (product_id, other_id) in enumerate(zip(product_ids, other_ids, strict=True)):
        evidence = json.dumps({name: _told(name, pairs.evidence, number) for name in KEPT[kind]})
        yield product_id, other_id, kind, float(pairs.scores[number]), evidence, version.pk


def _told(name: str, evidence: Mapping[str, NDArray[np.float32]], number: int) -> int | float | None:
    value = float(evidence[name][number])
    if not np.isfinite(value):
        return None
    return round(value) if name in COUNTS else round(value, 3)


def _places(version: ModelVersion, learnt: RelationsLearnt) -> Iterator[ProductPlace]:
    orders = learnt.estimator.baskets_[learnt.map_rows].tolist()
    ids = learnt.products.ids_of(learnt.map_rows).tolist()
    for product_id, (x, y), n_orders in zip(ids, learnt.places.tolist(), orders, strict=True):
        yield ProductPlace(model_version=version, product_id=product_id, x=x, y=y, n_orders=n_orders)
