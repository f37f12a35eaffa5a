"""How well customers are served that were never learnt from, a part of whose purchases is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from recommender.engine.base import Recommender
from recommender.engine.benchmark import BenchmarkRow, NotPossible, effort, efforts, row
from recommender.engine.dataset import InteractionMatrix, TimesUnknown
from recommender.engine.ids import IdMap
from recommender.engine.metrics import bootstrap_mean, bootstrap_ratio, ndcg_at_k, recall_at_k
from recommender.engine.shop import Shop
from recommender.engine.splits import UnseenSplit, strong_generalisation

SPLIT = "unseen customers"
N_SEEDS = 3
NDCG = "ndcg@100"
LONGEST = 100
# The first is held against each of the others, customer by customer.
COMPARED = ("autoencoder", ("numpy_ease", "implicit_als", "item_knn", "popularity"))


@dataclass
class _Tally:
    """What one estimator reached, a value a customer, all seeds one after the other."""

    values: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)
    efforts: list[dict[str, float]] = field(default_factory=list)

    def all(self, metric: str) -> NDArray[np.float64]:
        return np.concatenate(self.values[metric])

    def taken(self) -> dict[str, float]:
        """The median seed's seconds, memory and rate."""
        return {name: float(np.median([one[name] for one in self.efforts])) for name in self.efforts[0]}


def unseen_customers(
    shop: Shop, estimators: Mapping[str, Recommender], rng: np.random.Generator
) -> Iterator[BenchmarkRow]:
    """Strong generalisation: NDCG@100, recall@20 and recall@50 over three draws of unseen customers.

    A tenth of the customers is for the test, a tenth to choose settings by; four fifths of each one's products are
    shown and do not compete. Every estimator chooses on the second tenth, then learns again from all but the first,
    and ``fit_s`` is both. Intervals are over customers; who is drawn twice counts as two.

    Yields
    ------
    BenchmarkRow
        Of each estimator that can do without times, and of the autoencoder over each peer: the ratio of their NDCG,
        paired by customer.

    References
    ----------
    Liang, Krishnan, Hoffman, Jebara: Variational Autoencoders for Collaborative Filtering, WWW 2018.
    """
    data = catalogue(shop)
    seeds = rng.integers(2**31, size=N_SEEDS)
    splits = [strong_generalisation(data, np.random.default_rng(seed)) for seed in seeds]
    tallies: dict[str, _Tally] = {}
    for name, estimator in estimators.items():
        try:
            tallies[name] = _tally(estimator, splits)
        except TimesUnknown:
            continue  # what learns from the order of purchases has nothing to learn from here
        for metric in tallies[name].values:
            reached = bootstrap_mean(tallies[name].all(metric), rng)
            yield row(shop, SPLIT, name, metric, reached, tallies[name].taken())
    ours, peers = COMPARED
    for peer in peers:
        if ours in tallies and peer in tallies:
            ratio = bootstrap_ratio(tallies[ours].all(NDCG), tallies[peer].all(NDCG), rng)
            yield row(shop, SPLIT, ours, f"{NDCG} over {peer}", ratio)


def catalogue(shop: Shop) -> InteractionMatrix:
    """All purchases of the products that enough customers bought, without times: an unseen customer has no later."""
    everything = InteractionMatrix.from_frame(shop.purchases)
    kept = everything.customers_per_product() >= shop.min_customers
    if not kept.any():
        raise NotPossible(f"No product has {shop.min_customers} or more buyers.")
    return InteractionMatrix.from_frame(shop.purchases, products=IdMap(everything.products.ids[kept]))


def _tally(estimator: Recommender, splits: list[UnseenSplit]) -> _Tally:
    tally = _Tally()
    for split in splits:
        with effort() as fitting:
            watched = clone(estimator).fit(split.train, validation=split.validation)
            final = watched.settled().fit(split.before_test)
        with effort() as scoring:
            items, _ = final.recommend(split.test.history, LONGEST, exclude_seen=True)
        for name, values in _values(items, split).items():
            tally.values.setdefault(name, []).append(values)
        tally.efforts.append(efforts(fitting, scoring, len(items)))
    return tally


def _values(items: NDArray[np.int64], split: UnseenSplit) -> dict[str, NDArray[np.float64]]:
    answers = split.test.answers
    return {
        NDCG: ndcg_at_k(items, answers),
        "recall@20": recall_at_k(items[:, :20], answers),
        "recall@50": recall_at_k(items[:, :50], answers),
    }
