"""Customers by whom an algorithm chooses while it learns: what they had, and what it should have ranked first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.base import top_k
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.metrics import ndcg_at_k
from recommender.engine.splits import EvaluationSlice, part_hidden

# So many customers decide: more would cost as much as the learning itself.
MAX_JUDGES = 800
JUDGES_SHARE = 0.1
HIDDEN_SHARE = 0.2
# A list of next purchases is short; where only what was never bought counts, hits are rare and a longer one is surer.
NEXT_K, FIRST_K = 10, 100


@dataclass(frozen=True)
class Judges:
    """Some customers and what they should get.

    Attributes
    ----------
    weights : csr_matrix of float32, shape (n, n_products)
    answers : csr_matrix of float32, shape (n, n_products)
    first_only : bool
        No answer is in the history, so what is in the history does not compete.
    """

    weights: sparse.csr_matrix
    answers: sparse.csr_matrix
    first_only: bool

    @classmethod
    def of(cls, validation: EvaluationSlice) -> Self:
        """At most ``MAX_JUDGES`` customers of a validation slice."""
        weights = validation.history.weights[:MAX_JUDGES].tocsr()
        answers = validation.answers[:MAX_JUDGES].tocsr()
        return cls(weights, answers, answers.multiply(weights > 0).nnz == 0)

    def quality(self, scores: NDArray[np.float32], columns: NDArray[np.int64]) -> float:
        """Mean NDCG (0–1) of a ranking of these columns.

        Parameters
        ----------
        scores : ndarray of float32, shape (n, n_columns)
        columns : ndarray of int64, shape (n_columns,)
        """
        scores = np.array(scores, dtype=np.float32)
        if self.first_only:
            scores[self.weights[:, columns].nonzero()] = -np.inf
        items, _ = top_k(scores, FIRST_K if self.first_only else NEXT_K)
        return float(ndcg_at_k(items, self.answers[:, columns].tocsr()).mean())


def held_out_judges(data: InteractionMatrix, rng: np.random.Generator) -> tuple[NDArray[np.int64], Judges | None]:
    """Keep some customers out of the learning, and hide a part of each one's purchases.

    Parameters
    ----------
    data : InteractionMatrix
    rng : numpy.random.Generator

    Returns
    -------
    others : ndarray of int64
        Rows of the customers to learn from.
    judges : Judges or None
        None where there are too few customers to spare some, or none of them bought two products.
    """
    order = rng.permutation(len(data.customers))
    n_judges = min(MAX_JUDGES, int(JUDGES_SHARE * len(order)))
    shown, hidden = part_hidden(data.matrix[np.sort(order[:n_judges])].tocsr(), HIDDEN_SHARE, rng)
    kept = np.diff(hidden.indptr) > 0
    if not kept.any():
        return np.arange(len(order)), None
    return np.sort(order[n_judges:]), Judges(shown[kept], hidden[kept], first_only=True)
