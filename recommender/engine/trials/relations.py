"""Do products found alike belong together, and do substitutes name what customers took instead?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recommender.engine.attributes import Attributes
from recommender.engine.base import Recommender
from recommender.engine.benchmark import BenchmarkRow, Effort, effort, row
from recommender.engine.ids import IdMap
from recommender.engine.meta_prod2vec import MetaProd2Vec
from recommender.engine.metrics import bootstrap_mean
from recommender.engine.prod2vec import Prod2Vec
from recommender.engine.relations.baskets import baskets_from_frame
from recommender.engine.relations.finding import SIMILAR, SUBSTITUTE, RelationFinder, Rules
from recommender.engine.relations.learning import MICROSECONDS_PER_DAY, known_products, visits_of
from recommender.engine.relations.needs import shelves
from recommender.engine.relations.pairs import PairCounter, Visits
from recommender.engine.relations.stockouts import Lines, Stockout, hit_rates, stockouts
from recommender.engine.shop import Shop

K = 10
WINDOW_DAYS = 28
MIN_BASKETS = 20
# Labels that say on which shelf a product stands: what is measured must not be learnt from.
SHELF_WORDS = ("category", "type", "department")
SUBSTITUTES, COUNTS, COUNTS_ON_SHELF = "substitutes", "co-occurrence counts", "co-occurrence counts, same shelf"


@dataclass(frozen=True)
class Past:
    """What was known of a shop when the window began."""

    shop: Shop
    lines: pa.Table
    products: IdMap

    @cached_property
    def facts(self) -> Attributes | None:
        found = self.shop.products
        return None if found is None else Attributes.from_frame(found, "product_id", self.products)


def relations(shop: Shop, estimators: Mapping[str, Recommender], rng: np.random.Generator) -> Iterator[BenchmarkRow]:
    """Vectors against shelves they never saw; then substitutes against what was taken in the last four weeks.

    Everything is learnt from what was bought before those weeks. Recommenders take no part.
    """
    lines = _before(shop, WINDOW_DAYS)
    baskets = baskets_from_frame(lines)
    seed = int(rng.integers(2**31))
    with effort() as fitting:
        fitted = Prod2Vec(min_baskets=MIN_BASKETS, random_state=seed).fit(baskets)
    past = Past(shop, lines, IdMap(fitted.product_ids_))
    yield from _same_shelf(past, fitted, fitting, rng)
    unseen = _without_shelves(past.facts)
    if unseen is not None:
        with effort() as fitting:
            meta = MetaProd2Vec(min_baskets=MIN_BASKETS, random_state=seed)
            meta.fit(baskets, products=past.products, facts=unseen)
        yield from _same_shelf(past, meta, fitting, rng)
    yield from _masked_stock(past, fitted, rng)


def _before(shop: Shop, days: float) -> pa.Table:
    everything = with_orders(shop.purchases)
    since = pa.scalar(shop.until - timedelta(days=days), everything["occurred_at"].type)
    return everything.filter(pc.less(everything["occurred_at"], since))


def with_orders(lines: pa.Table) -> pa.Table:
    """Lines with an order each: where no orders are known, what a customer bought at one moment is one."""
    if "order_id" in lines.column_names:
        return lines
    moments = lines["occurred_at"].to_numpy().astype("datetime64[us]").astype(np.int64)
    pairs = np.stack([lines["customer_id"].to_numpy(), moments])
    _, orders = np.unique(pairs, axis=1, return_inverse=True)
    return lines.append_column("order_id", pa.array(orders.ravel().astype(np.int64)))


def _without_shelves(facts: Attributes | None) -> Attributes | None:
    if facts is None:
        return None
    kept = {name: v for name, v in facts.labels.items() if not any(word in name for word in SHELF_WORDS)}
    return Attributes(facts.n, kept, facts.numbers) if kept else None


def _same_shelf(past: Past, fitted: Prod2Vec, fitting: Effort, rng: np.random.Generator) -> Iterator[BenchmarkRow]:
    """Share of the ten nearest that stand on the product's shelf, by the coarser and by the finer one."""
    found = fitted.neighbours(K)
    others = past.products.rows_of(found.neighbour_ids)
    own_rows = past.products.rows_of(found.product_ids)
    for name, labels in zip(("type", "category"), shelves(past.facts, len(past.products)), strict=True):
        known = labels[own_rows] >= 0
        if not known.any():
            continue
        same = (labels[others] == labels[own_rows][:, None])[known].mean(axis=1)
        shares = np.bincount(labels[labels >= 0]) / (labels >= 0).sum()
        taken = {"fit_s": fitting.seconds, "peak_mb": fitting.peak_mb}
        split = f"products in {MIN_BASKETS} orders or more"
        yield row(past.shop, split, fitted.kind, f"same_{name}_share@{K}", bootstrap_mean(same, rng), taken)
        yield row(past.shop, split, fitted.kind, f"same_{name}_share_by_chance", float((shares**2).sum()))


def _masked_stock(past: Past, fitted: Prod2Vec, rng: np.random.Generator) -> Iterator[BenchmarkRow]:
    known = known_products(fitted, past.lines, past.shop.products)
    visits = visits_of(past.lines, past.products)
    fine, _ = shelves(past.facts, len(past.products))
    finder = RelationFinder(visits, known, Rules(n_substitutes=K, n_similar=K))
    splits: dict[str, NDArray[np.int64] | None] = {"instead, anything new": None}
    if (fine >= 0).any():
        splits = {"instead, from the same shelf": fine, **splits}
    for split, needs in splits.items():
        cases = _cases(past, needs)
        if not cases:
            continue
        asked = np.unique([case.product_row for case in cases])
        yield from _compared(past, split, cases, _rankings(finder, visits, known.needs, asked), rng)


def _cases(past: Past, needs: NDArray[np.int64] | None) -> list[Stockout]:
    everything = past.shop.purchases
    days = everything["occurred_at"].to_numpy().astype("datetime64[us]").astype(np.int64) / MICROSECONDS_PER_DAY
    rows = past.products.rows_of(everything["product_id"].to_numpy())
    kept = rows >= 0
    lines = Lines(everything["customer_id"].to_numpy()[kept], rows[kept], days[kept])
    until = past.shop.until.timestamp() / 86_400
    return stockouts(lines, since=until - WINDOW_DAYS, until=until, needs=needs)


def _rankings(
    finder: RelationFinder, visits: Visits, needs: NDArray[np.int64], asked: NDArray[np.int64]
) -> dict[str, dict[int, NDArray[np.int64]]]:
    """For each product what to offer instead, ten by each way of ranking."""
    found = finder.find(asked)
    counter = PairCounter(visits)
    together = counter.met(asked).toarray() + 1e-6 * counter.n_baskets
    together[np.arange(len(asked)), asked] = -1.0
    on_shelf = np.where((needs[asked][:, None] == needs) & (needs >= 0), together, -1.0)
    lists: dict[str, dict[int, NDArray[np.int64]]] = {SUBSTITUTES: {}, COUNTS: {}, COUNTS_ON_SHELF: {}}
    for place, product in enumerate(asked.tolist()):
        instead = np.concatenate([found[kind].others[found[kind].rows == product] for kind in (SUBSTITUTE, SIMILAR)])
        # As they are served: substitutes first, then what is only bought in the same company.
        lists[SUBSTITUTES][product] = instead[np.sort(np.unique(instead, return_index=True)[1])][:K]
        for name, scores in ((COUNTS, together), (COUNTS_ON_SHELF, on_shelf)):
            best = np.argsort(-scores[place], kind="stable")[:K]
            lists[name][product] = best[scores[place][best] > 0]
    return lists


def _compared(
    past: Past,
    split: str,
    cases: list[Stockout],
    lists: dict[str, dict[int, NDArray[np.int64]]],
    rng: np.random.Generator,
) -> Iterator[BenchmarkRow]:
    rates = {name: hit_rates(cases, ranked) for name, ranked in lists.items()}
    for name, rate in rates.items():
        yield row(past.shop, split, name, f"hit_rate@{K}", bootstrap_mean(rate, rng))
        if name != SUBSTITUTES:
            gain = bootstrap_mean(rates[SUBSTITUTES] - rate, rng)
            yield row(past.shop, split, f"{SUBSTITUTES} against {name}", f"hit_rate@{K} gained", gain)
    yield row(past.shop, split, SUBSTITUTES, "cases", float(len(cases)))
