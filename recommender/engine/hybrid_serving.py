"""The learned ranker at work: candidates from several sources, ordered by trees that NumPy walks."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recommender.engine.base import ROWS_PER_BLOCK, Artefact, Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.history import CustomerHistory, History, as_history
from recommender.engine.ranking.product_signals import SOLD_NOW
from recommender.engine.ranking.signals import (
    Cells,
    View,
    again_candidates,
    cells_of,
    first_candidates,
    signals,
    view,
)
from recommender.engine.ranking.sources import Sources
from recommender.engine.ranking.trees import Trees
from recommender.engine.splits import EvaluationSlice

# Log-odds of what is no candidate: below any that trees give, so that popularity orders the rest behind.
BEHIND = -60.0
AGAIN, FIRST = "again", "first"
HEADS = (AGAIN, FIRST)
# Of what would be a first purchase, the purchase behind it is looked for in so many places: each takes a look of its
# own at a customer without that purchase, and far down a list nobody asks.
TOLD = 20
# An own purchase speaks for the next if, new to the customer and all else as it is, the product stood lower by so much
# log-odds: what else would change without that purchase moves it less.
SURE = 0.5


class HybridScorer(Recommender):
    """A fitted hybrid that scores; ``hybrid.Hybrid`` is the one that learns.

    Two heads share one currency, the log-odds that the customer buys the product within the window: one for what the
    customer has bought before, one for what would be a first purchase. So one ranking serves both.

    Parameters
    ----------
    window_days : float
        How far ahead it looks.
    n_windows : int
        Windows before the end of the history that it learns from, each from what was known when it began.
    n_again : int
        Candidates from a customer's own history.
    n_first : int
        Candidates from each source of first purchases.
    max_products : int
        Products at the head of the catalogue that the EASE parts know.
    n_trees, learning_rate, max_leaves, min_leaf, ridge
        Of the trees of each head.
    random_state : int

    Attributes
    ----------
    sources_ : Sources
    trees_ : dict of str to Trees
        By head.
    importances_ : dict of str to dict of str to float
        By head, the share (0-1) of what was learnt that each signal brought.
    """

    kind = "hybrid"

    def __init__(  # noqa: PLR0913 (scikit-learn wants every parameter by name)
        self,
        *,
        window_days: float = 28.0,
        n_windows: int = 2,
        n_again: int = 150,
        n_first: int = 60,
        max_products: int = 3000,
        n_trees: int = 150,
        learning_rate: float = 0.04,
        max_leaves: int = 31,
        min_leaf: int = 50,
        ridge: float = 5.0,
        random_state: int = 0,
    ) -> None:
        self.window_days = window_days
        self.n_windows = n_windows
        self.n_again = n_again
        self.n_first = n_first
        self.max_products = max_products
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.max_leaves = max_leaves
        self.min_leaf = min_leaf
        self.ridge = ridge
        self.random_state = random_state

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Not here: learning needs scikit-learn's trees, which serving processes do not load."""
        raise NotImplementedError("fit recommender.engine.hybrid.Hybrid instead")

    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        """Log-odds of the candidates; all else behind them by how it sells now."""
        return self._scored(view(history, self._fitted("sources_")))

    def _scored(self, seen: View) -> NDArray[np.float32]:
        scores = np.tile(self._behind(), (len(seen.history), 1))
        for head in HEADS:
            cells = self.candidates(head, seen, self.sources_)
            scores[cells.rows, cells.columns] = self._judged(head, seen, cells)
        return scores

    def candidates(self, head: str, seen: View, sources: Sources) -> Cells:
        """What a head ranks."""
        if head == AGAIN:
            return again_candidates(seen, self.n_again)
        return first_candidates(seen, sources, self.n_first)

    def because(self, history: History, items: NDArray[np.int64]) -> NDArray[np.int64]:
        """Their own earlier purchase of it, or the one that speaks most for it; named only if without it it falls."""
        known = as_history(history)
        starts = range(0, max(len(items), 1), ROWS_PER_BLOCK)
        blocks = [self._named(known[at : at + ROWS_PER_BLOCK], items[at : at + ROWS_PER_BLOCK]) for at in starts]
        return np.concatenate(blocks)

    def _named(self, known: CustomerHistory, items: NDArray[np.int64]) -> NDArray[np.int64]:
        seen = view(known, self._fitted("sources_"))
        named = self._suspects(known, items)
        rows, places = np.nonzero(named >= 0)
        columns, reasons = items[rows, places], named[rows, places]
        own, before, after = columns == reasons, self._scored(seen)[rows, columns], np.empty(len(rows), np.float32)
        as_new = Cells(rows[own], columns[own], np.full(int(own.sum()), -1, dtype=np.int64))
        after[own] = self._judged(FIRST, seen, as_new) + SURE
        after[~own] = self._without(known, rows[~own], columns[~own], reasons[~own])
        vain = after >= before
        named[rows[vain], places[vain]] = -1
        return named

    def _suspects(self, history: CustomerHistory, items: NDArray[np.int64]) -> NDArray[np.int64]:
        part = self.sources_.parts["ease"]
        named = part.recommender.because(part.aged(history), items)
        named[:, TOLD:] = -1
        rows = np.arange(len(items))[:, None]
        bought = np.asarray(history.weights.tocsr()[rows, np.maximum(items, 0)].toarray() > 0)
        return np.where(bought & (items >= 0), items, named)

    def _without(
        self,
        known: CustomerHistory,
        rows: NDArray[np.int64],
        columns: NDArray[np.int64],
        reasons: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        """What these cells would score had the customer never bought the reason: one look a customer and reason."""
        pairs, of = np.unique(rows * known.shape[1] + reasons, return_inverse=True)
        after = np.empty(len(rows), dtype=np.float32)
        for start in range(0, len(pairs), ROWS_PER_BLOCK):
            who, gone = np.divmod(pairs[start : start + ROWS_PER_BLOCK], known.shape[1])
            inside = np.flatnonzero(of // ROWS_PER_BLOCK == start // ROWS_PER_BLOCK)
            seen = view(known[who].without(gone), self.sources_)
            after[inside] = self._asked(seen, of[inside] - start, columns[inside])
        return after

    def _asked(self, seen: View, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float32]:
        """What these cells would score as candidates."""
        cells = cells_of(seen, rows, columns)
        scores = np.empty(len(cells), dtype=np.float32)
        for head, of_head in ((AGAIN, cells.pairs >= 0), (FIRST, cells.pairs < 0)):
            scores[of_head] = self._judged(head, seen, cells.at(of_head))
        return scores

    def _judged(self, head: str, seen: View, cells: Cells) -> NDArray[np.float32]:
        x = signals(seen, cells, self.sources_, again=head == AGAIN)
        return self.trees_[head].predict(x).astype(np.float32)

    def _behind(self) -> NDArray[np.float32]:
        sold = self.sources_.products[:, SOLD_NOW]
        share = sold / np.maximum(sold.max(initial=0.0), np.float32(1e-12))
        return (np.float32(BEHIND) + share).astype(np.float32)

    def to_artefact(self) -> Artefact:
        """Parameters, product keys, all sources and the trees."""
        arrays: dict[str, NDArray[Any]] = {"product_ids": self._fitted("product_ids_"), **self.sources_.arrays()}
        for head, trees in self.trees_.items():
            arrays |= trees.arrays(head)
        settled = {"sources": self.sources_.params(), "importances": self.importances_}
        return Artefact(self.kind, {**self.get_params(), **settled}, arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The fitted hybrid again."""
        params, arrays = dict(artefact.params), artefact.arrays
        sources, importances = params.pop("sources"), params.pop("importances")
        loaded = cls(**params)
        loaded.product_ids_ = arrays["product_ids"]
        loaded.sources_ = Sources.from_arrays(sources, arrays)
        loaded.trees_ = {head: Trees.from_arrays(head, arrays) for head in HEADS}
        loaded.importances_, loaded.learning_curve_ = importances, []
        return loaded

    product_ids_: NDArray[np.int64]
    sources_: Sources
    trees_: dict[str, Trees]
    importances_: dict[str, dict[str, float]]
