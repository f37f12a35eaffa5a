"""A learned ranker over other recommenders' candidates: what won, given what was known, in the windows before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from recommender.engine.base import ROWS_PER_BLOCK, Progress
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.hybrid_serving import AGAIN, FIRST, HEADS, HybridScorer
from recommender.engine.ranking.boosting import Examples, Growth, grown
from recommender.engine.ranking.signals import names, signals, view
from recommender.engine.ranking.sources import Sources
from recommender.engine.space import Dimension, Real, Whole
from recommender.engine.splits import EvaluationSlice, SpanTooShort

# About so many candidates that were not bought are learnt from, for each window: twice as many taught the first head
# nothing more, and the other one, where they are rarely bought, a little.
MAX_REFUSED = {AGAIN: 75_000, FIRST: 150_000}
# Candidates of first purchases come from so many sources, most of them from one only.
SOURCES_OF_FIRST = 5


class HistoryTooShort(SpanTooShort):
    """No window of the history has purchases both before and in it."""


class Hybrid(HybridScorer):
    """Learns what is bought next from other recommenders' scores and from how each customer shops.

    State and labels are strictly apart in time: for every window the parts are fitted anew on what was known before.
    See ``HybridScorer`` for the parameters.

    References
    ----------
    Covington, Adams, Sargin: Deep Neural Networks for YouTube Recommendations, RecSys 2016 (candidates, then ranking).
    Ke et al.: LightGBM, NeurIPS 2017 (histogram trees).
    """

    space: ClassVar[Mapping[str, Dimension]] = {
        "n_windows": Whole(1, 4),
        "n_again": Whole(50, 300),
        "n_first": Whole(20, 150),
        "n_trees": Whole(40, 300, log=True),
        "learning_rate": Real(0.02, 0.2, log=True),
        "max_leaves": Whole(7, 63),
        "min_leaf": Whole(20, 500, log=True),
        "ridge": Real(0.1, 100.0, log=True),
    }

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Learn from the last windows of ``data`` itself; nothing is left for a validation window to choose.

        Raises
        ------
        HistoryTooShort
        TimesUnknown
        """
        steps = self.n_windows + len(HEADS) + 1

        def told(done: int) -> None:
            if progress is not None:
                progress(done, steps)

        rng = np.random.default_rng(self.random_state)
        seen: dict[str, list[Examples]] = {head: [] for head in HEADS}
        for done, (past, bought) in enumerate(self._windows(data), start=1):
            sources = Sources.of(past, max_products=self.max_products)
            self._collect(past, bought, sources, rng, seen)
            told(done)
        if not all(seen.values()):
            raise HistoryTooShort(f"nobody has purchases both before and in the last {self.window_days:g} days")
        self.sources_ = Sources.of(data, max_products=self.max_products)
        self.trees_, self.importances_ = {}, {}
        for done, head in enumerate(HEADS, start=self.n_windows + 1):
            self._grow(head, _joined(seen.pop(head)))
            told(done)
        self.product_ids_ = data.products.ids
        self.learning_curve_: list[dict[str, float]] = []
        told(steps)
        return self

    def _windows(self, data: InteractionMatrix) -> Iterator[tuple[InteractionMatrix, sparse.csr_matrix]]:
        """What was known when each window began, and what was bought in it; of those who did both."""
        for number in range(self.n_windows):
            later = data if number == 0 else data.earlier(number * self.window_days)
            past = later.earlier(self.window_days)
            bought = later.history.dated().latest(self.window_days).matrix(len(data.products)) > 0
            if (np.diff(past.matrix.indptr) * np.diff(bought.indptr)).any():
                yield past, bought

    def _collect(
        self,
        past: InteractionMatrix,
        bought: sparse.csr_matrix,
        sources: Sources,
        rng: np.random.Generator,
        seen: dict[str, list[Examples]],
    ) -> None:
        customers = np.flatnonzero(np.diff(bought.indptr) * np.diff(past.matrix.indptr))
        rates = self._rates(len(customers))
        for start in range(0, len(customers), ROWS_PER_BLOCK):
            rows = customers[start : start + ROWS_PER_BLOCK]
            known, answers = view(past.history[rows], sources), bought[rows].toarray()
            for head in HEADS:
                cells = self.candidates(head, known, sources)
                chosen = answers[cells.rows, cells.columns]
                kept = chosen | (rng.random(len(cells)) < rates[head])
                cells, chosen = cells.at(kept), chosen[kept]
                x = signals(known, cells, sources, again=head == AGAIN)
                # A refused candidate stands for all that were left out, or the two heads would not agree.
                weights = np.where(chosen, 1.0, 1.0 / rates[head]).astype(np.float32)
                seen[head].append(Examples(x, chosen, weights))

    def _rates(self, n_customers: int) -> dict[str, float]:
        """Share (0-1) of the refused candidates to learn from."""
        most = {AGAIN: n_customers * self.n_again, FIRST: n_customers * self.n_first * SOURCES_OF_FIRST}
        return {head: min(1.0, MAX_REFUSED[head] / n) for head, n in most.items()}

    def _grow(self, head: str, examples: Examples) -> None:
        growth = Growth(
            n_trees=self.n_trees,
            learning_rate=self.learning_rate,
            max_leaves=self.max_leaves,
            min_leaf=self.min_leaf,
            ridge=self.ridge,
            random_state=self.random_state,
        )
        self.trees_[head], gains = grown(examples, growth)
        of = names(self.sources_, again=head == AGAIN)
        self.importances_[head] = {name: round(float(gain), 6) for name, gain in zip(of, gains, strict=True)}


def _joined(examples: list[Examples]) -> Examples:
    return Examples(
        np.concatenate([one.x for one in examples]),
        np.concatenate([one.y for one in examples]),
        np.concatenate([one.weights for one in examples]),
    )
