"""What goes with what this customer bought: one linear map from history to score, solved in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from recommender.engine.base import Artefact, Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.history import CustomerHistory, History, as_history, saturated
from recommender.engine.ids import IdMap
from recommender.engine.space import Dimension, Real
from recommender.engine.splits import EvaluationSlice

TIE_BREAK = 1e-6


class Ease(Recommender):
    """EASE^R over the head of the catalogue; products past it are ordered by popularity, behind.

    Parameters
    ----------
    ridge : float
        Added to the diagonal of the Gram matrix; larger trusts rare pairs less.
    saturation : float
        A weight w counts as log(1 + saturation * w): the tenth purchase says less than the first.
    max_products : int
        Products with the most customers that take part. Time grows with its cube, memory with its square.
    activity_damping : float
        A customer of n products counts n ** -activity_damping: at 0 a wholesaler outvotes hundreds, at 1 all are equal.
    ridge_growth : float
        The ridge of a product grows with its share of all that was bought to this power; at 0 it is the same for all.

    Attributes
    ----------
    columns_ : ndarray of int64, shape (n_head,)
        Positions of these products in ``product_ids_``.
    weights_ : ndarray of float32, shape (n_head, n_head)
        What a product in the history says for another one; the diagonal is 0.

    References
    ----------
    Steck: Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019.
    Steck: Markov Random Fields for Collaborative Filtering, NeurIPS 2019.
    """

    kind = "ease"
    space: ClassVar[Mapping[str, Dimension]] = {
        "ridge": Real(30.0, 3000.0, log=True),
        "saturation": Real(0.1, 30.0, log=True),
        "activity_damping": Real(0.0, 1.0),
        "ridge_growth": Real(0.0, 1.0),
    }

    def __init__(
        self,
        *,
        ridge: float = 300.0,
        saturation: float = 3.0,
        max_products: int = 4000,
        activity_damping: float = 0.0,
        ridge_growth: float = 0.0,
    ) -> None:
        self.ridge = ridge
        self.saturation = saturation
        self.max_products = max_products
        self.activity_damping = activity_damping
        self.ridge_growth = ridge_growth

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Solve for the weights; nothing to choose, and done at once."""
        self.product_ids_ = data.products.ids
        customers = data.customers_per_product()
        self.tie_break_ = data.tie_break(TIE_BREAK)
        self.columns_: NDArray[np.int64] = np.sort(np.argsort(-customers, kind="stable")[: self.max_products])
        self.weights_: NDArray[np.float32] = self._solved(self._saturated(data.matrix))
        self.learning_curve_: list[dict[str, float]] = []
        return self

    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        """Scores of shape (n_customers, n_products), float32."""
        scores = np.tile(self._fitted("tie_break_"), (history.shape[0], 1))
        scores[:, self.columns_] += self._saturated(history.weights) @ self.weights_
        return scores

    def because(self, history: History, items: NDArray[np.int64]) -> NDArray[np.int64]:
        """The purchase that adds most to the score; exact, for the score is a sum over purchases."""
        columns = IdMap(self._fitted("columns_"))
        purchases = self._saturated(as_history(history).weights).tocsr()
        named = np.full(items.shape, -1, dtype=np.int64)
        for row, offered in enumerate(columns.rows_of(items)):
            own = purchases[row]
            if own.nnz:
                shares = own.data[:, None] * self.weights_[np.ix_(own.indices, np.maximum(offered, 0))]
                best = shares.argmax(axis=0)
                speaks = (offered >= 0) & (shares[best, np.arange(len(offered))] > 0)
                named[row, speaks] = self.columns_[own.indices[best[speaks]]]
        return named

    def to_artefact(self) -> Artefact:
        """Parameters, product keys, the head and its weights."""
        arrays = {
            "product_ids": self._fitted("product_ids_"),
            "tie_break": self.tie_break_,
            "columns": self.columns_,
            "weights": self.weights_,
        }
        return Artefact(self.kind, self.get_params(), arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The fitted recommender again."""
        loaded = cls(**artefact.params)
        loaded.product_ids_, loaded.tie_break_ = artefact.arrays["product_ids"], artefact.arrays["tie_break"]
        loaded.columns_, loaded.weights_ = artefact.arrays["columns"], artefact.arrays["weights"]
        loaded.learning_curve_ = []
        return loaded

    def _saturated(self, weights: sparse.csr_matrix) -> sparse.csr_matrix:
        return saturated(weights[:, self.columns_], self.saturation)

    def _solved(self, history: sparse.csr_matrix) -> NDArray[np.float32]:
        counted = sparse.diags_array(_votes(history, self.activity_damping)) @ history
        gram = (history.T @ counted).toarray().astype(np.float64)
        degree = np.diag(gram) / max(np.diag(gram).mean(), 1e-12)
        gram[np.diag_indices_from(gram)] += self.ridge * degree**self.ridge_growth
        inverse = linalg.inv(gram, overwrite_a=True, check_finite=False)
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0.0)
        solved: NDArray[np.float32] = weights.astype(np.float32)
        return solved


def _votes(history: sparse.csr_matrix, damping: float) -> NDArray[np.float32]:
    """How much each customer counts: 1 on average, so that a ridge means the same whatever the damping."""
    n_products = np.maximum(np.diff(history.indptr), 1)
    votes = n_products.astype(np.float64) ** -damping
    damped: NDArray[np.float32] = (votes / votes.mean()).astype(np.float32)
    return damped
