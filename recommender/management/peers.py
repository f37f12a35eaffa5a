"""What our recommenders are held against: other people's, set up as they advise and tuned on the same window.

They are measured, never served, so they are no part of the product and need the development packages only.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import implicit.als
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from recommender.engine.base import Artefact, Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.history import CustomerHistory
from recommender.engine.metrics import ndcg_at_k
from recommender.engine.splits import EvaluationSlice

VALIDATION_K = 10


class Peer(Recommender):
    """Tries each of its settings on the validation window, where there is one, and keeps the best."""

    grid: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        self.product_ids_ = data.products.ids
        self.learning_curve_: list[dict[str, float]] = []
        self.best_: Mapping[str, Any] = {}
        if validation is not None:
            self.best_ = max(self.grid, key=lambda tried: self._quality(tried, data, validation))
            self.set_params(**self.best_)
        self._learn(data.matrix)
        return self

    def _quality(self, tried: Mapping[str, Any], data: InteractionMatrix, validation: EvaluationSlice) -> float:
        fitted = clone(self).set_params(**tried).fit(data)
        exclude_seen = not validation.answers.multiply(validation.history.weights > 0).nnz
        items, _ = fitted.recommend(validation.history, VALIDATION_K, exclude_seen=exclude_seen)
        return float(ndcg_at_k(items, validation.answers).mean())

    def _learn(self, purchases: sparse.csr_matrix) -> None:
        raise NotImplementedError

    def settled(self) -> Self:
        unfitted: Self = clone(self)
        return unfitted

    def to_artefact(self) -> Artefact:
        self._fitted("product_ids_")
        raise TypeError("A peer is measured, never served.")

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        raise TypeError("A peer is measured, never served.")


class ImplicitAls(Peer):
    """`implicit`'s alternating least squares (Hu, Koren, Volinsky 2008), customers folded in from their history."""

    kind = "implicit_als"
    grid = tuple(
        {"factors": factors, "regularization": ridge, "alpha": alpha}
        for factors in (64, 128)
        for ridge in (0.01, 1.0, 10.0)
        for alpha in (1.0, 10.0)
    )

    def __init__(
        self,
        *,
        factors: int = 64,
        regularization: float = 0.01,
        alpha: float = 1.0,
        iterations: int = 15,
        random_state: int = 0,
    ) -> None:
        self.factors = factors
        self.regularization = regularization
        self.alpha = alpha
        self.iterations = iterations
        self.random_state = random_state

    def _learn(self, purchases: sparse.csr_matrix) -> None:
        with threadpool_limits(1, "blas"):
            self.model_ = implicit.als.AlternatingLeastSquares(**self.get_params())
            self.model_.fit(purchases, show_progress=False)

    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        with threadpool_limits(1, "blas"):
            customers = self.model_.recalculate_user(np.arange(len(history)), history.weights.tocsr())
        return np.asarray(np.atleast_2d(customers) @ self.model_.item_factors.T, dtype=np.float32)


class PlainEase(Peer):
    """EASE^R (Steck 2019) as its paper prints it, in NumPy: what was bought or not, one ridge."""

    kind = "numpy_ease"
    grid = tuple({"ridge": ridge} for ridge in (20.0, 100.0, 300.0, 1000.0))

    def __init__(self, *, ridge: float = 300.0, max_products: int = 6000) -> None:
        self.ridge = ridge
        self.max_products = max_products

    def _learn(self, purchases: sparse.csr_matrix) -> None:
        buyers = np.asarray((purchases > 0).sum(axis=0)).ravel()
        self.head_ = np.sort(np.argsort(-buyers, kind="stable")[: self.max_products])
        bought = (purchases[:, self.head_] > 0).astype(np.float32)
        gram = (bought.T @ bought).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += self.ridge
        inverse = np.linalg.inv(gram)
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0.0)
        self.weights_ = weights.astype(np.float32)
        self.tie_break_ = (1e-6 * buyers / max(buyers.max(), 1)).astype(np.float32)

    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        scores = np.tile(self.tie_break_, (len(history), 1))
        scores[:, self.head_] += (history.weights[:, self.head_] > 0).astype(np.float32) @ self.weights_
        return scores
