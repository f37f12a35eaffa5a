"""What this customer buys again: their own purchases, older ones counting less."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from recommender.engine.base import Artefact, Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.history import CustomerHistory, History, as_history
from recommender.engine.space import Dimension, OneOf
from recommender.engine.splits import EvaluationSlice

# So small that popularity only orders what the customer's own history does not.
TIE_BREAK = 1e-6


class PersonalFrequency(Recommender):
    """Scores a product by how often the customer bought it.

    Hard to beat where people buy the same again: in groceries it does better than most that learns.

    Parameters
    ----------
    half_life_days : float, optional
        By which purchases are aged here. None: the weights of the history count as they come, aged or not.

    Attributes
    ----------
    tie_break_ : ndarray of float32, shape (n_products,)
        Share of customers who bought the product, made tiny.

    References
    ----------
    Li, Chen, Ariannezhad, de Rijke: A Next Basket Recommendation Reality Check, TOIS 2023.
    """

    kind = "personal_frequency"
    space: ClassVar[Mapping[str, Dimension]] = {"half_life_days": OneOf((14.0, 30.0, 60.0, 90.0, 120.0, 180.0, None))}

    def __init__(self, *, half_life_days: float | None = None) -> None:
        self.half_life_days = half_life_days

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Count customers per product, for what nobody's own history orders."""
        self.product_ids_ = data.products.ids
        self.tie_break_ = data.tie_break(TIE_BREAK)
        self.learning_curve_: list[dict[str, float]] = []
        return self

    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        """The customer's own weights, shape (n_customers, n_products) float32."""
        weights = history.weights
        if self.half_life_days is not None:
            weights = history.dated().matrix(history.shape[1], half_life_days=self.half_life_days)
        scores: NDArray[np.float32] = weights.toarray().astype(np.float32) + self._fitted("tie_break_")
        return scores

    def because(self, history: History, items: NDArray[np.int64]) -> NDArray[np.int64]:
        """Their own earlier purchase of the product, where there is one."""
        self._fitted("tie_break_")
        bought = as_history(history).weights.tocsr()
        rows = np.arange(len(items))[:, None]
        own = np.asarray(bought[rows, np.maximum(items, 0)].toarray() > 0)
        return np.where(own & (items >= 0), items, -1)

    def to_artefact(self) -> Artefact:
        """Parameters, product keys and the order of what was never bought."""
        arrays = {"product_ids": self._fitted("product_ids_"), "tie_break": self.tie_break_}
        return Artefact(self.kind, self.get_params(), arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The fitted recommender again."""
        loaded = cls(**artefact.params)
        loaded.product_ids_ = artefact.arrays["product_ids"]
        loaded.tie_break_ = artefact.arrays["tie_break"]
        loaded.learning_curve_ = []
        return loaded
