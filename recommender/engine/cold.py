"""The brand-new: lists for customers who bought nothing yet, and places on lists for products that few bought yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone

from recommender.engine.attributes import Attributes
from recommender.engine.base import Artefact
from recommender.engine.content import ContentBased
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.demographic import DemographicPrior
from recommender.engine.history import CustomerHistory
from recommender.engine.ids import IdMap
from recommender.engine.metrics import bootstrap_mean, recall_at_k

# Of a list's places one in so many may go to a new product.
EVERY = 10
# Customers on whose scores it is settled who is told of a new product: more change nothing.
MOST_ASKED = 20_000
# A bar that no score reaches.
NOBODY = np.finfo(np.float32).max
KIND = "cold_start"
# Traits are tried on the customers themselves, a part at a time; by fewer nothing would be sure.
MOST_JUDGED = 2000
N_FOLDS, N_CHOOSING = 5, 2
FEWEST_ASKED = 20
SETTINGS = tuple(DemographicPrior(smoothing=mixed, trust=trust) for mixed in (50.0, 500.0) for trust in (0.35, 0.7))
TRAITS, FACTS = "traits.", "facts."


@dataclass(frozen=True)
class TraitLists:
    """What customers of a kind buy, a list each, shape (n_customers, k); best first.

    Attributes
    ----------
    product_ids : ndarray of int64
        ``-1`` where nothing is left.
    scores : ndarray of float32
        Log of the share that has it among customers like these.
    traits : ndarray of str
        ``"kind=value"`` of the trait that speaks for the product, ``""`` where none does.
    """

    product_ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    traits: NDArray[np.str_]


@dataclass(frozen=True)
class Places:
    """A list a customer, shape (n_customers, k) each.

    Attributes
    ----------
    product_ids : ndarray of int64
        Best first, ``-1`` where nothing is left.
    from_place : ndarray of int64
        Where it stood among what is known; of a new product, where the known one before it stood.
    is_new : ndarray of bool
    """

    product_ids: NDArray[np.int64]
    from_place: NDArray[np.int64]
    is_new: NDArray[np.bool_]


@dataclass(frozen=True)
class ColdStart:
    """All that serves the brand-new, learnt from purchases, facts and traits.

    Attributes
    ----------
    prior : DemographicPrior
        For customers who bought nothing.
    content : ContentBased
        Of the same catalogue, the new products among it.
    new_rows : ndarray of int64, shape (n_new,)
        Where these stand in the catalogue.
    bars : ndarray of float32, shape (n_new,)
        A customer is told of a new product when it scores above this with them.
    """

    prior: DemographicPrior
    content: ContentBased
    new_rows: NDArray[np.int64]
    bars: NDArray[np.float32]

    @property
    def products(self) -> IdMap:
        """Catalogue."""
        return self.content.products

    def by_traits(self, traits: Attributes, k: int) -> TraitLists:
        """What to show to customers of whom only traits are known."""
        n, n_products = len(traits), len(self.products)
        if not n_products:
            return TraitLists(np.zeros((n, 0), np.int64), np.zeros((n, 0), np.float32), np.zeros((n, 0), "U1"))
        nothing = sparse.csr_matrix((n, n_products), dtype=np.float32)
        history = CustomerHistory(nothing, traits=traits)
        items, scores = self.prior.recommend(history, k, exclude_seen=False)
        return TraitLists(self.products.ids_of(items), scores, _told(traits, self.prior.trait_because(history, items)))

    def launches(self, history: CustomerHistory, n: int, *, known: IdMap) -> NDArray[np.int64]:
        """The new products that suit customers so well that they are told, the best first.

        Parameters
        ----------
        history : CustomerHistory, shape (n_customers, n_products)
        n : int
            At most, a customer.
        known : IdMap
            Products that compete by themselves and need no place kept.

        Returns
        -------
        ndarray of int64, shape (n_customers, n)
            Keys, ``-1`` where there are no more.
        """
        is_left = known.rows_of(self.products.ids[self.new_rows]) < 0
        rows, bars = self.new_rows[is_left], self.bars[is_left]
        beyond = (fresh_scores(self.content, history, rows) - bars) / np.maximum(bars, 1e-12)
        order = np.argsort(-beyond, axis=1, kind="stable")[:, :n]
        found = np.full((len(history), n), -1, dtype=np.int64)
        suits = np.take_along_axis(beyond, order, axis=1) > 0
        found[:, : order.shape[1]] = np.where(suits, self.products.ids[rows][order], -1)
        return found

    def telling(self, history: CustomerHistory, told_share: float) -> ColdStart:
        """The same, telling another share (0–1) of these customers of a new product."""
        if not 0 <= told_share <= 1:
            raise ValueError(f"told_share is {told_share}, it must lie between 0 and 1")
        scores = fresh_scores(self.content, history[:: max(1, -(-len(history) // MOST_ASKED))], self.new_rows)
        n_told = max(1, round(told_share * len(scores) / max(len(self.new_rows), 1)))
        nobody = np.full(len(self.new_rows), NOBODY, dtype=np.float32)
        return replace(self, bars=_bars(scores, n_told) if told_share else nobody)

    def to_artefact(self) -> Artefact:
        """Both recommenders and who is told of what."""
        parts = {TRAITS: self.prior.to_artefact(), FACTS: self.content.to_artefact()}
        arrays: dict[str, NDArray[Any]] = {"new_rows": self.new_rows, "bars": self.bars}
        for prefix, part in parts.items():
            arrays |= {f"{prefix}{name}": values for name, values in part.arrays.items()}
        return Artefact(KIND, {prefix: part.params for prefix, part in parts.items()}, arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """What ``to_artefact`` was made of."""
        prior, content = (
            kind.from_artefact(_part(artefact, prefix, kind.kind))
            for prefix, kind in ((TRAITS, DemographicPrior), (FACTS, ContentBased))
        )
        return cls(prior, content, artefact.arrays["new_rows"], artefact.arrays["bars"])


def _part(artefact: Artefact, prefix: str, kind: str) -> Artefact:
    arrays = {name.removeprefix(prefix): values for name, values in artefact.arrays.items() if name.startswith(prefix)}
    return Artefact(kind, artefact.params[prefix], arrays)


def _told(traits: Attributes, kinds: NDArray[np.str_]) -> NDArray[np.str_]:
    rows = [
        [f"{kind}={traits.labels[kind][row]}" if kind else "" for kind in of_row]
        for row, of_row in enumerate(kinds.tolist())
    ]
    return np.array(rows, dtype=np.str_).reshape(kinds.shape)


def learn_cold_start(data: InteractionMatrix, is_new: NDArray[np.bool_], *, told_share: float) -> ColdStart:
    """Learn what kinds of customers buy, and which customers suit each new product.

    Parameters
    ----------
    data : InteractionMatrix
        With traits and facts; the new products are among the catalogue, also where nobody has bought them.
    is_new : ndarray of bool, shape (n_products,)
    told_share : float
        Share (0–1) of the customers who are told of a new product: each of n new ones goes to the n-th part of them,
        those it suits best. None goes to all alike: what nothing is known of suits nobody more than others.
    """
    new_rows = np.flatnonzero(is_new)
    nobody = np.full(len(new_rows), NOBODY, dtype=np.float32)
    learnt = ColdStart(heard_traits(data).fit(data), ContentBased().fit(data), new_rows, nobody)
    return learnt.telling(data.history, told_share)


def heard_traits(data: InteractionMatrix) -> DemographicPrior:
    """An unfitted prior that lets traits speak as far as they surely find more than popularity does, else not at all.

    A fifth of the customers at a time is treated as if nothing but their traits were known, and what they bought is to
    be found by what the others bought. Some of them choose the settings, the rest say whether these surely find more.
    """
    rng = np.random.default_rng(0)
    some = _head(data.rows(np.arange(0, len(data.customers), max(1, -(-len(data.customers) // MOST_ASKED)))))
    silent = DemographicPrior(trust=0.0)
    if len(some.customers) < FEWEST_ASKED or not len(data.products):
        return silent
    folds = rng.integers(0, N_FOLDS, len(some.customers))
    base = _found(silent, some, folds)
    gains = [_found(one, some, folds) - base for one in SETTINGS]
    choose = folds < N_CHOOSING
    best = max(range(len(SETTINGS)), key=lambda place: float(gains[place][choose].mean()))
    return clone(SETTINGS[best]) if bootstrap_mean(gains[best][~choose], rng).low > 0 else silent


def _head(data: InteractionMatrix) -> InteractionMatrix:
    """Only what is bought most: nothing else comes among ten."""
    head = np.sort(np.argsort(-data.customers_per_product(), kind="stable")[:MOST_JUDGED])
    products = IdMap(data.products.ids[head])
    return InteractionMatrix(data.matrix[:, head].tocsr(), data.customers, products, traits=data.traits)


def _found(prior: DemographicPrior, data: InteractionMatrix, folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Recall at ten of every customer, by a fit that has not seen them; shape (n_customers,)."""
    found = np.zeros(len(data.customers))
    for fold in range(N_FOLDS):
        mine, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        nothing = sparse.csr_matrix((len(mine), len(data.products)), dtype=np.float32)
        traits = None if data.traits is None else data.traits.rows(mine)
        fitted = clone(prior).fit(data.rows(others))
        items, _ = fitted.recommend(CustomerHistory(nothing, traits=traits), EVERY, exclude_seen=False)
        answers = sparse.csr_matrix(data.matrix[mine] > 0, dtype=np.float32)
        found[mine] = recall_at_k(items, answers)
    return found


def _bars(scores: NDArray[np.float32], n_told: int) -> NDArray[np.float32]:
    """Halfway between the last who is told and the first who is not, so that those who are alike share one fate."""
    if n_told >= len(scores):
        return np.zeros(scores.shape[1], dtype=np.float32)
    border = -np.partition(-scores, (n_told - 1, n_told), axis=0)[[n_told - 1, n_told]]
    bars: NDArray[np.float32] = np.maximum(border.mean(axis=0), 0.0)
    return bars


def fresh_scores(
    content: ContentBased, history: CustomerHistory, product_rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """How well some products suit, ``-inf`` where a customer has one already; shape (n_customers, n_rows) float32."""
    if not len(product_rows):
        return np.zeros((len(history), 0), dtype=np.float32)
    scores = content.score_of(history, product_rows)
    scores[(history.weights[:, product_rows]).nonzero()] = -np.inf
    return scores


def with_launches(product_ids: NDArray[np.int64], launches: NDArray[np.int64]) -> Places:
    """Give every tenth place to a new product where there is one; what is known moves down.

    Parameters
    ----------
    product_ids : ndarray of int64, shape (n_customers, k)
        Lists of what is known, best first, ``-1`` padded.
    launches : ndarray of int64, shape (n_customers, k // EVERY)
        New products a customer, the best first, ``-1`` padded.
    """
    here = np.zeros(product_ids.shape, dtype=np.bool_)
    here[:, EVERY - 1 :: EVERY] = launches >= 0
    known = np.maximum(np.cumsum(~here, axis=1) - 1, 0)
    ids = np.take_along_axis(product_ids, known, axis=1)
    ids[here] = launches[launches >= 0]
    # A short list closes up, so that no place stands empty before a new product.
    order = np.argsort(ids < 0, axis=1, kind="stable")
    return Places(*(np.take_along_axis(one, order, axis=1) for one in (ids, known, here)))
