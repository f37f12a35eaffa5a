"""Implicit-feedback matrix factorisation, solved by conjugate gradient in blocks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.base import Artefact, Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.factor_search import FactorIndex
from recommender.engine.history import CustomerHistory
from recommender.engine.space import Dimension, Real, Whole
from recommender.engine.splits import EvaluationSlice

Factors = NDArray[np.float32]
FOLD_IN_STEPS = 8
# So many cells are multiplied at once: the gathered factors stay in the cache's reach and in memory's bounds.
CELLS_PER_BLOCK = 100_000


class Ials(Recommender):
    """Scores by the product of two short vectors: one of the product, one worked out from the customer's purchases.

    Parameters
    ----------
    n_factors : int
    regularisation : float
        Ridge on every vector, times (cells + unobserved_weight * other side) ** frequency_exponent.
    frequency_exponent : float
        0 regularises all alike, 1 in proportion to how much is known of a row.
    unobserved_weight : float
        Confidence in a cell without purchase, against 1 at a purchase of weight 0.
    saturation : float
        A purchase of weight w has the confidence 1 + log(1 + saturation * w).
    n_passes : int
        Over customers and products.
    n_steps : int
        Of conjugate gradient a pass, from where the pass before ended.
    random_state : int

    Attributes
    ----------
    factors_ : ndarray of float32, shape (n_products, n_factors)

    References
    ----------
    Hu, Koren, Volinsky: Collaborative Filtering for Implicit Feedback Datasets, ICDM 2008.
    Takács, Pilászy, Tikk: Applications of the Conjugate Gradient Method for Implicit Feedback CF, RecSys 2011.
    Rendle, Krichene, Zhang, Koren: Revisiting the Performance of iALS on Item Recommendation Benchmarks, RecSys 2022.
    """

    kind = "ials"
    space: ClassVar[Mapping[str, Dimension]] = {
        "n_factors": Whole(16, 256, log=True),
        "regularisation": Real(0.01, 10.0, log=True),
        "frequency_exponent": Real(0.0, 1.0),
        "unobserved_weight": Real(0.1, 10.0, log=True),
        "saturation": Real(0.01, 30.0, log=True),
        "n_passes": Whole(4, 24),
    }

    def __init__(  # noqa: PLR0913 (scikit-learn wants every parameter by name)
        self,
        *,
        n_factors: int = 64,
        regularisation: float = 0.2,
        frequency_exponent: float = 0.5,
        unobserved_weight: float = 2.0,
        saturation: float = 1.0,
        n_passes: int = 8,
        n_steps: int = 3,
        random_state: int = 0,
    ) -> None:
        self.n_factors = n_factors
        self.regularisation = regularisation
        self.frequency_exponent = frequency_exponent
        self.unobserved_weight = unobserved_weight
        self.saturation = saturation
        self.n_passes = n_passes
        self.n_steps = n_steps
        self.random_state = random_state

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Alternate between customers and products; runs all its passes."""
        self.product_ids_ = data.products.ids
        self.popularity_ = data.buyers_share().astype(np.float32)
        confidence = self._confidence(data.matrix)
        by_product = confidence.T.tocsr()
        rng = np.random.default_rng(self.random_state)
        scale = np.float32(0.1 / np.sqrt(self.n_factors))
        customers = scale * rng.standard_normal((confidence.shape[0], self.n_factors), dtype=np.float32)
        factors = scale * rng.standard_normal((confidence.shape[1], self.n_factors), dtype=np.float32)
        for done in range(1, self.n_passes + 1):
            customers = self._solved(confidence, factors, customers, self.n_steps)
            factors = self._solved(by_product, customers, factors, self.n_steps)
            if progress is not None:
                progress(done, self.n_passes)
        self.factors_: Factors = factors
        self.learning_curve_: list[dict[str, float]] = []
        return self

    def fold_in(self, history: CustomerHistory) -> Factors:
        """Vectors of customers, whether or not they were there at the fit, shape (n_customers, n_factors) float32."""
        factors = self._fitted("factors_")
        start = np.zeros((len(history), factors.shape[1]), dtype=np.float32)
        return self._solved(self._confidence(history.weights), factors, start, FOLD_IN_STEPS)

    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        """Scores of shape (n_customers, n_products), float32; popularity for who bought nothing yet."""
        scores: NDArray[np.float32] = self.fold_in(history) @ self.factors_.T
        scores[np.diff(history.weights.indptr) == 0] = self.popularity_
        return scores

    def _ranked(
        self, history: CustomerHistory, k: int, exclude_seen: bool
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The same ranking without ever holding a score for every product."""
        if not np.diff(history.weights.indptr).all():
            return super()._ranked(history, k, exclude_seen)
        index = FactorIndex.of(self._fitted("factors_"))
        return index.best(self.fold_in(history), k, excluded=history.weights if exclude_seen else None)

    def to_artefact(self) -> Artefact:
        """Parameters, product keys, factors and popularity."""
        arrays = {
            "product_ids": self._fitted("product_ids_"),
            "factors": self.factors_,
            "popularity": self.popularity_,
        }
        return Artefact(self.kind, self.get_params(), arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The fitted factors again."""
        loaded = cls(**artefact.params)
        loaded.product_ids_, loaded.factors_ = artefact.arrays["product_ids"], artefact.arrays["factors"]
        loaded.popularity_, loaded.learning_curve_ = artefact.arrays["popularity"], []
        return loaded

    def _confidence(self, weights: sparse.csr_matrix) -> sparse.csr_matrix:
        """Confidence at purchases above the one that every cell has."""
        confidence = weights.astype(np.float32)
        confidence.data = 1 + np.log1p(np.float32(self.saturation) * confidence.data)
        return confidence

    def _solved(self, confidence: sparse.csr_matrix, fixed: Factors, start: Factors, n_steps: int) -> Factors:
        gram = np.float32(self.unobserved_weight) * (fixed.T @ fixed)
        cells = np.diff(confidence.indptr)
        known = cells + self.unobserved_weight * confidence.shape[1]
        ridge = (self.regularisation * known**self.frequency_exponent).astype(np.float32)
        solved = np.empty_like(start)
        for rows in _row_blocks(confidence.indptr):
            solved[rows] = _conjugate_gradient(confidence[rows], fixed, gram, ridge[rows, None], start[rows], n_steps)
        return solved


def _row_blocks(starts: NDArray[np.integer]) -> list[slice]:
    """Neighbouring rows that hold about ``CELLS_PER_BLOCK`` cells together."""
    n_rows = len(starts) - 1
    borders = np.searchsorted(starts, np.arange(CELLS_PER_BLOCK, starts[-1], CELLS_PER_BLOCK))
    edges = np.unique(np.concatenate([[0], borders, [n_rows]]))
    return [slice(int(low), int(high)) for low, high in pairwise(edges)]


def _conjugate_gradient(
    confidence: sparse.csr_matrix, fixed: Factors, gram: Factors, ridge: Factors, start: Factors, n_steps: int
) -> Factors:
    """Solve (gram + ridge + F' C F) x = F' C 1 for many rows at once, each with its own step lengths."""
    gathered = fixed[confidence.indices]
    rows = np.repeat(np.arange(confidence.shape[0]), np.diff(confidence.indptr))

    def applied(x: Factors) -> Factors:
        agreed = np.einsum("cf,cf->c", gathered, x[rows]) * confidence.data
        seen = sparse.csr_matrix((agreed, confidence.indices, confidence.indptr), shape=confidence.shape)
        return np.asarray(x @ gram + ridge * x + seen @ fixed, dtype=np.float32)

    x = start
    residual = confidence @ fixed - applied(x)
    direction = residual
    size = (residual * residual).sum(axis=1, keepdims=True)
    for _ in range(n_steps):
        turned = applied(direction)
        step = size / np.maximum((direction * turned).sum(axis=1, keepdims=True), np.float32(1e-12))
        x = x + step * direction
        residual = residual - step * turned
        before, size = size, (residual * residual).sum(axis=1, keepdims=True)
        direction = residual + size / np.maximum(before, np.float32(1e-12)) * direction
    return np.asarray(x, dtype=np.float32)
