"""Score customers by one version, a shard at a time: what a page shows, and what a request chooses from.

A run is begun once and knows its moment; each shard is written whole or not at all and may be done by any worker, in
any order, twice. Memory is that of one shard, whatever the shop's size, but for the neighbours, which need all orders.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loyalty.queries.marks import customer_stamps
from loyalty.queries.orders import data_horizon
from loyalty.services.copying import copy_rows
from loyalty.services.progress import Progress
from recommender import registry
from recommender.engine.attributes import Attributes
from recommender.engine.dataset import InteractionMatrix, purchase_log
from recommender.engine.ids import IdMap
from recommender.engine.neighbours import ItemNeighbours, learn_neighbours
from recommender.engine.reasons import Evidence, evidence
from recommender.models import ModelVersion, Recommendation, ScoringRun, Shortlist
from recommender.queries.descriptions import customer_traits
from recommender.queries.interactions import interactions_frame, purchases_until
from recommender.queries.ratings import said_frame
from recommender.queries.shards import Shard
from recommender.services.newcomers import learn_newcomers, listed
from recommender.services.shortlists import (
    RECOMMENDATION,
    SHORTLIST,
    Scored,
    recommendation_rows,
    shortlist_rows,
)

TOP_K = 10
SHORTLIST_LENGTH = 100
CUSTOMERS_PER_SHARD = 5000


class RunGone(Exception):
    """The run that this shard belongs to no longer exists."""


def begin_run(*, version: ModelVersion, key: str, as_of: datetime, at: datetime, report: Progress) -> ScoringRun:
    """Learn what goes together from all orders before `as_of`, and open a run for the shards. The same key, once."""
    begun = ScoringRun.objects.filter(key=key, model_version=version).first()
    if begun is not None:
        return begun
    report(0, 1, "Reading what is bought together")
    frame = interactions_frame(purchases_until(as_of))
    files = _kept(frame, version, as_of=as_of, at=at)
    values = {"model_version": version, "as_of": as_of, "begun_at": at}
    with report.writing():
        return ScoringRun.objects.get_or_create(key=key, defaults={**values, **files})[0]


def _kept(frame: pa.Table, version: ModelVersion, *, as_of: datetime, at: datetime) -> dict[str, str]:
    neighbours, neighbours_sha256 = registry.keep_neighbours(_neighbours(frame, as_of))
    half_life = version.params.get("half_life_days")
    found = learn_newcomers(frame, as_of=as_of, at=at, half_life_days=half_life)
    cold_start, cold_start_sha256 = registry.keep_cold_start(found)
    return {
        "neighbours": neighbours,
        "neighbours_sha256": neighbours_sha256,
        "cold_start": cold_start,
        "cold_start_sha256": cold_start_sha256,
    }


def _neighbours(frame: pa.Table, as_of: datetime) -> ItemNeighbours:
    customers, products = IdMap(frame["customer_id"].to_numpy()), IdMap(frame["product_id"].to_numpy())
    log = purchase_log(frame, until=as_of, customers=customers, products=products)
    return learn_neighbours(log, products.ids)


def score_shard(
    run: ScoringRun,
    shard: Shard,
    *,
    k: int,
    at: datetime,
    report: Progress,
    only: NDArray[np.int64] | None = None,
) -> int:
    """Write the recommendations and shortlists of a range of customers, or of `only` some; how many of the first.

    What this version had for them before is replaced; raises ArtefactDamaged.
    """
    # Before the purchases are read: what comes in between makes the stamp old, and never the list.
    stamps = customer_stamps(*shard.span) if _knows_everything(run) else None
    known = registry.open_run_neighbours(run)
    scored = _scored(run, shard, known, only, max(k, SHORTLIST_LENGTH))
    if scored is None:
        return 0
    version_id, customer_ids = run.model_version_id, scored.history.customers.ids.tolist()
    best = recommendation_rows(scored, version_id=version_id, k=k, at=at)
    lists = shortlist_rows(scored, known, stamps, version_id=version_id, run_id=run.pk, at=at)
    with report.writing():
        for model in (Recommendation, Shortlist):
            model.objects.filter(model_version_id=version_id, customer_id__in=customer_ids).delete()
        n = copy_rows(Recommendation._meta.db_table, RECOMMENDATION, best)
        copy_rows(Shortlist._meta.db_table, SHORTLIST, lists)
    return n


def _knows_everything(run: ScoringRun) -> bool:
    """A run as of an earlier moment has not seen the orders since: then no stamp may say that nothing came."""
    horizon = data_horizon()
    return horizon is None or run.as_of >= horizon


def _scored(
    run: ScoringRun, shard: Shard, known: ItemNeighbours, only: NDArray[np.int64] | None, length: int
) -> Scored | None:
    recommender = registry.open_recommender(run.model_version)
    cold = registry.open_cold_start(run.cold_start, run.cold_start_sha256)
    frame = interactions_frame(purchases_until(run.as_of, customers=shard.span))
    traits = customer_traits(shard.span)
    ids = traits["customer_id"].to_numpy()
    customers = IdMap(ids if only is None else np.intersect1d(ids, only))
    if not len(customers):
        return None
    said = said_frame(run.as_of, shard.span)
    logged = partial(purchase_log, until=run.as_of, customers=customers, products=recommender.products)
    history = _history(frame, run, customers, recommender.products).described(
        log=logged(frame),
        traits=Attributes.from_frame(traits, "customer_id", customers),
        ratings=None if said is None else logged(said),
    )
    wide = _history(frame, run, customers, cold.products)
    lists = listed(recommender, cold, history.heard(), wide, length)
    found = evidence(frame, wide, cold.products.rows_of(lists.product_ids), until=run.as_of)
    rows = known.rows_of(lists.product_ids)
    share = np.where(rows >= 0, known.buyers_share[rows], 0.0)
    return Scored(history, lists, Evidence(found.times_bought, found.last_bought, share))


def _history(frame: pa.Table, run: ScoringRun, customers: IdMap, products: IdMap) -> InteractionMatrix:
    half_life = run.model_version.params.get("half_life_days")
    return InteractionMatrix.from_frame(
        frame, until=run.as_of, products=products, customers=customers, half_life_days=half_life
    )


def finish_run(run: ScoringRun, *, at: datetime, report: Progress) -> None:
    """All shards are written. What earlier runs left goes, but for the version in use and the one tried last.

    So the version before can serve again at once.
    """
    kept = {run.model_version_id, *_last_tried(run)}
    with report.writing():
        ScoringRun.objects.filter(model_version=run.model_version_id, pk__lt=run.pk).delete()
        ScoringRun.objects.exclude(model_version__in=kept).delete()
        ScoringRun.objects.filter(pk=run.pk).update(finished_at=at)
    files = ScoringRun.objects.values_list("neighbours", "cold_start")
    registry.forget_run_files(keep=[name for names in files for name in names])


def _last_tried(run: ScoringRun) -> list[int]:
    others = ScoringRun.objects.exclude(model_version=run.model_version_id).order_by("-pk")
    in_use = others.filter(model_version__alias=ModelVersion.Alias.CHAMPION)
    return [one.model_version_id for one in (*others[:1], *in_use[:1])]


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

    One after the other in this process; `serving.start_scoring` has workers share the shards. A job that is done
    again goes on after the last shard that it wrote. Raises ArtefactDamaged.
    """
    once = f"job {report.job_id}" if report.job_id is not None else f"as of {as_of.isoformat()} at {at.isoformat()}"
    key = f"version {version.pk} {once}"
    run = begin_run(version=version, key=key, as_of=as_of, at=at, report=report)
    parts = list(_parts(customer_ids))
    n = 0
    for number, (shard, only) in enumerate(parts):
        report(number, len(parts), f"Recommending to customers, part {number + 1} of {len(parts)}")
        written = _written(run, shard) if report.job_id is not None else 0
        n += written or score_shard(run, shard, k=k, at=at, report=report, only=only)
    with report.writing():
        ScoringRun.objects.filter(pk=run.pk).update(finished_at=at)
    return n


def _parts(customer_ids: Sequence[int] | NDArray[np.int64]) -> Iterator[tuple[Shard, NDArray[np.int64]]]:
    ids = np.unique(np.asarray(customer_ids, dtype=np.int64))
    for start in range(0, len(ids), CUSTOMERS_PER_SHARD):
        some = ids[start : start + CUSTOMERS_PER_SHARD]
        yield Shard(int(some[0]), int(some[-1])), some


def _written(run: ScoringRun, shard: Shard) -> int:
    """How many recommendations a shard has that this run wrote before its worker died."""
    lists = Shortlist.objects.filter(run=run, **_of(shard))
    if not lists.exists():
        return 0
    return Recommendation.objects.filter(model_version=run.model_version, **_of(shard)).count()


def _of(shard: Shard) -> dict[str, int]:
    return {"customer_id__gte": shard.first, "customer_id__lte": shard.last}
