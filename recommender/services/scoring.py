"""Recommend products to customers, with a reason each."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loyalty.services.progress import Progress
from recommender import registry
from recommender.engine.base import Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.ids import IdMap
from recommender.engine.reasons import Evidence, evidence
from recommender.models import ModelVersion, Recommendation
from recommender.queries.interactions import interactions_frame, purchases_until

TOP_K = 10
ROWS_PER_INSERT = 5000


def score_customers(
    version: ModelVersion,
    customer_ids: Sequence[int] | NDArray[np.int64],
    k: int,
    *,
    as_of: datetime,
    at: datetime,
    report: Progress,
) -> int:
    """Write the k best products for each customer, from what they bought before `as_of`, and return how many.

    What this version recommended to these customers before is replaced; raises ArtefactDamaged.
    """
    recommender = registry.open_recommender(version)
    frame = interactions_frame(purchases_until(as_of))
    history = _history(frame, recommender, version, as_of)
    everybody = history.customers.rows_of(np.asarray(customer_ids, dtype=np.int64))
    chosen = np.unique(everybody[everybody >= 0])
    items, scores = recommender.recommend(history.history[chosen], k, exclude_seen=False)
    rows = _rows(version, history.rows(chosen), items, scores, _evidence(frame, history, chosen, items, as_of), at)
    with report.writing():
        ids = [int(one) for one in customer_ids]
        Recommendation.objects.filter(model_version=version, customer_id__in=ids).delete()
        return len(Recommendation.objects.bulk_create(rows, batch_size=ROWS_PER_INSERT))


def _history(frame: pa.Table, recommender: Recommender, version: ModelVersion, as_of: datetime) -> InteractionMatrix:
    return InteractionMatrix.from_frame(
        frame,
        until=as_of,
        products=recommender.products,
        customers=IdMap(frame["customer_id"].to_numpy()),
        half_life_days=version.params.get("half_life_days"),
    )


def _evidence(
    frame: pa.Table,
    history: InteractionMatrix,
    chosen: NDArray[np.int64],
    items: NDArray[np.int64],
    as_of: datetime,
) -> Evidence:
    everybody = np.full((len(history.customers), items.shape[1]), -1, dtype=np.int64)
    everybody[chosen] = items
    found = evidence(frame, history, everybody, until=as_of)
    return Evidence(found.times_bought[chosen], found.last_bought[chosen], found.buyers_share[chosen])


def _rows(
    version: ModelVersion,
    history: InteractionMatrix,
    items: NDArray[np.int64],
    scores: NDArray[np.float32],
    found: Evidence,
    at: datetime,
) -> Iterator[Recommendation]:
    product_ids = history.products.ids_of(items)
    for row, customer_id in enumerate(history.customers.ids):
        for place in np.flatnonzero(items[row] >= 0).tolist():
            yield Recommendation(
                customer_id=int(customer_id),
                product_id=int(product_ids[row, place]),
                model_version=version,
                rank=place + 1,
                score=float(scores[row, place]),
                reason=reason(*found.cell(row, place)),
                made_at=at,
            )


def reason(times_bought: int, last_bought: date | None, buyers_share: float) -> str:
    """One sentence from the customer's own history, or from everybody's."""
    if last_bought is None:
        return f"New to this customer; {_percent(buyers_share)} of all customers have bought it."
    times = "once" if times_bought == 1 else f"{times_bought} times, last"
    return f"Bought {times} on {last_bought:%-d %B %Y}."


def _percent(share: float) -> str:
    return "less than 1%" if share < 0.01 else f"{share:.0%}"
