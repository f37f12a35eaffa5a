"""Lists in which the brand-new have a part: customers who bought nothing get one, and new products a few places."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender import registry
from recommender.engine.artefacts import ArtefactDamaged
from recommender.engine.attributes import Attributes
from recommender.engine.base import Recommender
from recommender.engine.cold import EVERY, ColdStart, TraitLists, learn_cold_start, with_launches
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.ids import IdMap
from recommender.models import ScoringRun
from recommender.queries.descriptions import product_facts
from recommender.queries.newcomers import cold_start_traits, new_products

# So many customers find a new product among ten: the most that cost under half a percent of recall earlier on.
TOLD_SHARE = 0.1
LENGTH = 100


@dataclass(frozen=True)
class Listed:
    """What customers are shown, shape (n_customers, k) each, ``-1`` where there is nothing.

    `traits` are None with those whose purchases are known, and ``""`` where no trait speaks for the product.
    """

    product_ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    because_ids: NDArray[np.int64]
    traits: NDArray[np.object_]
    is_new: NDArray[np.bool_]


def learn_newcomers(frame: pa.Table, *, as_of: datetime, at: datetime, half_life_days: float | None) -> ColdStart:
    """From all purchases before `as_of`; traits only as far as the shop lets them speak."""
    fresh = new_products(frame, as_of=as_of, at=at)
    products = IdMap(np.concatenate([frame["product_id"].to_numpy(), fresh]))
    bare = InteractionMatrix.from_frame(frame, until=as_of, products=products, half_life_days=half_life_days)
    data = bare.described(
        log=None,
        traits=Attributes.from_frame(cold_start_traits(), "customer_id", bare.customers),
        facts=Attributes.from_frame(product_facts(), "product_id", products),
    )
    return learn_cold_start(data, np.isin(products.ids, fresh), told_share=TOLD_SHARE)


def listed(
    recommender: Recommender, cold: ColdStart, history: InteractionMatrix, wide: InteractionMatrix, k: int
) -> Listed:
    """The recommender's lists for those it knows, with places for new products, and lists by traits for the others.

    `history` and `wide` are the same customers' purchases, in the recommender's products and in all.
    """
    n = len(history.customers)
    lists = Listed(
        np.full((n, k), -1, dtype=np.int64),
        np.full((n, k), -np.inf, dtype=np.float32),
        np.full((n, k), -1, dtype=np.int64),
        np.full((n, k), None, dtype=object),
        np.zeros((n, k), dtype=np.bool_),
    )
    is_known = np.diff(history.matrix.indptr) > 0
    if is_known.any():
        _fill(lists, np.flatnonzero(is_known), _by_history(recommender, cold, history, wide, is_known, k))
    if not is_known.all():
        strangers = np.flatnonzero(~is_known)
        _fill(lists, strangers, _by_traits(cold, wide.customers.ids[strangers], k))
    return lists


def _fill(lists: Listed, rows: NDArray[np.int64], part: Listed) -> None:
    for name, values in vars(part).items():
        getattr(lists, name)[rows, : values.shape[1]] = values


def _by_history(
    recommender: Recommender,
    cold: ColdStart,
    history: InteractionMatrix,
    wide: InteractionMatrix,
    is_known: NDArray[np.bool_],
    k: int,
) -> Listed:
    rows = np.flatnonzero(is_known)
    known, all_known = history.history[rows], wide.history[rows]
    items, scores = recommender.recommend(known, k, exclude_seen=False)
    because = recommender.products.ids_of(recommender.because(known, items))
    launches = cold.launches(all_known, k // EVERY, known=recommender.products)
    places = with_launches(recommender.products.ids_of(items), launches)
    because = np.take_along_axis(because, places.from_place, axis=1)
    fresh = np.where(places.is_new, cold.products.rows_of(places.product_ids), -1)
    like = cold.products.ids_of(cold.content.because(all_known, fresh))
    return Listed(
        places.product_ids,
        np.take_along_axis(scores, places.from_place, axis=1),
        np.where(places.is_new, like, because),
        np.full(items.shape, None, dtype=object),
        places.is_new,
    )


def _by_traits(cold: ColdStart, customer_ids: NDArray[np.int64], k: int) -> Listed:
    ids = IdMap(customer_ids)
    traits = Attributes.from_frame(cold_start_traits((int(ids.ids[0]), int(ids.ids[-1]))), "customer_id", ids)
    found = cold.by_traits(traits, k)
    nothing = np.full(found.product_ids.shape, -1, dtype=np.int64)
    return Listed(found.product_ids, found.scores, nothing, found.traits.astype(object), nothing >= 0)


def stranger_list(run: ScoringRun, customer_id: int) -> tuple[Sequence[int], Sequence[str]]:
    """Products and the trait that speaks for each, for a customer whom the last run did not know.

    The same list as a run would write. Raises ArtefactDamaged.
    """
    if not run.cold_start:
        raise ArtefactDamaged("this run was made before customers without purchases had lists")
    table = cold_start_traits((customer_id, customer_id))
    traits = tuple((name, str(table[name][0])) for name in table.column_names[1:]) if table.num_rows else ()
    return _of_traits(run.cold_start, run.cold_start_sha256, traits)


@lru_cache(maxsize=1024)
def _of_traits(folder: str, sha256: str, traits: tuple[tuple[str, str], ...]) -> tuple[Sequence[int], Sequence[str]]:
    cold = registry.open_cold_start(folder, sha256)
    found: TraitLists = cold.by_traits(Attributes(1, {name: np.array([value]) for name, value in traits}), LENGTH)
    kept = found.product_ids[0] >= 0
    return found.product_ids[0][kept].tolist(), found.traits[0][kept].tolist()
