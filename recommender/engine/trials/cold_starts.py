"""What lists for strangers find, and what places for new products cost the known ones: the share is chosen earlier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.attributes import Attributes
from recommender.engine.base import Recommender
from recommender.engine.benchmark import BenchmarkRow, NotPossible, row
from recommender.engine.cold import EVERY, ColdStart, heard_traits, learn_cold_start, with_launches
from recommender.engine.dataset import FRAME_SCHEMA, InteractionMatrix
from recommender.engine.demographic import DemographicPrior
from recommender.engine.frequency import PersonalFrequency
from recommender.engine.history import CustomerHistory
from recommender.engine.ids import IdMap
from recommender.engine.metrics import Estimate, bootstrap_mean, recall_at_k
from recommender.engine.popularity import Popularity
from recommender.engine.shop import Shop
from recommender.engine.splits import EvaluationSlice, SpanTooShort, TemporalSplit, temporal_split

K = 10
WINDOW_DAYS = 28
NEW_DAYS = 56
MOST_NEW = 200
N_FOLDS = 5
N_EARLIER = 2
HALF_LIFE_DAYS = 120.0
SHARES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
FloatArray = NDArray[np.float64]


def cold_starts(shop: Shop, estimators: Mapping[str, Recommender], rng: np.random.Generator) -> Iterator[BenchmarkRow]:
    """Customers first: traits beside popularity. Then products: what a share of the lists costs and finds.

    Estimators take no part: what customers buy again stands for the one that serves.

    Raises
    ------
    NotPossible
        When nothing is known of the products, or the shop's past is too short.
    """
    if shop.products is None:
        raise NotPossible("Nothing is known about the products but their keys.")
    windows = list(_windows(shop))
    yield from _strangers(shop, windows[-1], rng)
    yield from _shares(shop, "earlier windows", windows[:-1], rng)
    yield from _shares(shop, "last window", windows[-1:], rng)


def _windows(shop: Shop) -> Iterator[TemporalSplit]:
    """The last and those before it, in time order."""
    for number in range(N_EARLIER, -1, -1):
        try:
            yield temporal_split(
                shop.purchases.select(FRAME_SCHEMA.names),
                until=shop.until - timedelta(days=number * WINDOW_DAYS),
                window_days=WINDOW_DAYS,
                min_customers=shop.min_customers,
                half_life_days=HALF_LIFE_DAYS,
                facts=shop.products,
                traits=shop.customers,
            )
        except SpanTooShort as error:
            raise NotPossible(f"The shop's past is too short: {error}.") from error


def _strangers(shop: Shop, split: TemporalSplit, rng: np.random.Generator) -> Iterator[BenchmarkRow]:
    """A fifth of the customers at a time as if they had bought nothing: only their traits are shown."""
    if shop.customers is None:
        return
    folds = rng.integers(0, N_FOLDS, len(split.before_test.customers))
    found: dict[str, list[FloatArray]] = {}
    for fold in range(N_FOLDS):
        learnt_from = split.before_test.rows(np.flatnonzero(folds != fold))
        asked = np.flatnonzero(folds[split.test.customer_rows] == fold)
        for name, (recommender, traits) in _judges(split.test, learnt_from).items():
            history = CustomerHistory(sparse.csr_matrix(split.test.answers[asked].shape, dtype=np.float32))
            history = replace(history, traits=None if traits is None else traits.rows(asked))
            items, _ = recommender.recommend(history, K, exclude_seen=False)
            found.setdefault(name, []).append(recall_at_k(items, split.test.answers[asked]))
    values = {name: np.concatenate(parts) for name, parts in found.items()}
    for name, one in values.items():
        yield row(shop, "customers as if new", name, f"recall@{K}", bootstrap_mean(one, rng))
        if name != "popularity":
            gained = bootstrap_mean(one - values["popularity"], rng)
            yield row(shop, "customers as if new", name, f"recall@{K} gained on popularity", gained)


def _judges(test: EvaluationSlice, learnt_from: InteractionMatrix) -> dict[str, tuple[Recommender, Attributes | None]]:
    traits = test.history.traits
    assert traits is not None
    assert learnt_from.traits is not None
    discreet = learnt_from.described(log=learnt_from.log, traits=_discreet(learnt_from.traits))
    return {
        "popularity": (Popularity().fit(learnt_from), None),
        "all traits": (DemographicPrior().fit(learnt_from), traits),
        "traits, if they help": (heard_traits(learnt_from).fit(learnt_from), traits),
        "without income, if they help": (heard_traits(discreet).fit(discreet), _discreet(traits)),
    }


def _discreet(traits: Attributes) -> Attributes:
    return replace(traits, labels={name: one for name, one in traits.labels.items() if "income" not in name})


@dataclass(frozen=True)
class _Told:
    """Of one share in one window: recall of known products by customer, what is lost of it, and what new ones found."""

    recall: FloatArray
    lost: FloatArray
    n_shown: int
    n_bought: int
    n_displaced: int
    n_reached: int
    n_new: int


def _shares(shop: Shop, name: str, windows: list[TemporalSplit], rng: np.random.Generator) -> Iterator[BenchmarkRow]:
    exams = [_exam(shop, split) for split in windows]
    for share in SHARES:
        told = [_told(exam, share) for exam in exams]
        shown = max(sum(one.n_shown for one in told), 1)
        rows: dict[str, Estimate | float] = {
            f"recall@{K} of known products": bootstrap_mean(np.concatenate([one.recall for one in told]), rng),
            f"recall@{K} of known products lost": bootstrap_mean(np.concatenate([one.lost for one in told]), rng),
            "new products shown": float(shown),
            "of them bought, share": sum(one.n_bought for one in told) / shown,
            "what they displaced bought, share": sum(one.n_displaced for one in told) / shown,
            "new products shown to somebody, share": sum(one.n_reached for one in told)
            / max(sum(one.n_new for one in told), 1),
        }
        for metric, value in rows.items():
            yield row(shop, name, f"{share:.0%} of lists", metric, value)


@dataclass(frozen=True)
class _Exam:
    """A window with the lists of known products, and what is known of the new ones."""

    split: TemporalSplit
    items: NDArray[np.int64]
    cold: ColdStart
    everybody: CustomerHistory
    asked: CustomerHistory
    bought: sparse.csr_matrix


def _exam(shop: Shop, split: TemporalSplit) -> _Exam:
    wide, is_new, bought = _wide(shop, split)
    is_new &= split.before_test.products.rows_of(wide.products.ids) < 0
    rows = wide.customers.rows_of(split.before_test.customers.ids[split.test.customer_rows])
    items, _ = PersonalFrequency().fit(split.before_test).recommend(split.test.history, K, exclude_seen=False)
    cold = learn_cold_start(wide, is_new, told_share=0.0)
    return _Exam(split, items, cold, wide.history, wide.history[rows], bought[rows])


def _told(exam: _Exam, share: float) -> _Told:
    test, known, items = exam.split.test, exam.split.before_test.products, exam.items
    cold = exam.cold.telling(exam.everybody, share)
    launches = cold.launches(exam.asked, K // EVERY, known=known)
    left = known.rows_of(with_launches(known.ids_of(items), launches).product_ids)
    shown = np.flatnonzero(launches[:, 0] >= 0)
    new_rows = cold.products.rows_of(launches[shown, 0])
    recall = recall_at_k(items, test.answers)
    return _Told(
        recall,
        recall - recall_at_k(left, test.answers),
        len(shown),
        int((exam.bought[shown, new_rows] > 0).sum()),
        int((test.answers[shown, items[shown, -1]] > 0).sum()),
        len(np.unique(launches[shown, 0])),
        len(cold.new_rows),
    )


def _wide(shop: Shop, split: TemporalSplit) -> tuple[InteractionMatrix, NDArray[np.bool_], sparse.csr_matrix]:
    """All that was sold before the window, which of it was new, and what of it was bought in the window."""
    frame, since = shop.purchases.select(FRAME_SCHEMA.names), split.test_since
    before = frame.filter(pc.less(frame["occurred_at"], pa.scalar(since, FRAME_SCHEMA.field("occurred_at").type)))
    bare = InteractionMatrix.from_frame(before, until=since, half_life_days=HALF_LIFE_DAYS)
    traits = None if shop.customers is None else Attributes.from_frame(shop.customers, "customer_id", bare.customers)
    facts = Attributes.from_frame(shop.products, "product_id", bare.products)
    data = bare.described(log=None, traits=traits, facts=facts)
    window = InteractionMatrix.from_frame(
        frame, since=since, until=split.test_until, customers=bare.customers, products=bare.products
    )
    return data, np.isin(bare.products.ids, _newest(before, since)), window.matrix


def _newest(before: pa.Table, since: datetime) -> NDArray[np.int64]:
    first = before.group_by("product_id").aggregate([("occurred_at", "min")]).sort_by("occurred_at_min")
    border = pa.scalar(since - timedelta(days=NEW_DAYS), FRAME_SCHEMA.field("occurred_at").type)
    young = first.filter(pc.greater_equal(first["occurred_at_min"], border))["product_id"].to_numpy()
    return IdMap(young[::-1][:MOST_NEW]).ids
