"""The baseline: what most customers buy, the same for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from recommender.engine.base import Artefact, Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.history import CustomerHistory
from recommender.engine.ranking.purchase_signals import events_of
from recommender.engine.space import Dimension, OneOf
from recommender.engine.splits import EvaluationSlice


class Popularity(Recommender):
    """Scores a product by the share of customers who bought it.

    Parameters
    ----------
    half_life_days : float, optional
        A customer counts half for a product so long after their latest purchase of it. None: always fully.

    Attributes
    ----------
    popularity_ : ndarray of float32, shape (n_products,)
        Share (0–1) of the fitted customers.
    """

    kind = "popularity"
    space: ClassVar[Mapping[str, Dimension]] = {"half_life_days": OneOf((7.0, 14.0, 30.0, 60.0, 120.0, None))}

    def __init__(self, *, half_life_days: float | None = None) -> None:
        self.half_life_days = half_life_days

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Count customers per product: nothing to choose, and done at once."""
        self.product_ids_ = data.products.ids
        share = self._buyers(data) / max(len(data.customers), 1)
        self.popularity_: NDArray[np.float32] = share.astype(np.float32)
        self.learning_curve_: list[dict[str, float]] = []
        return self

    def _buyers(self, data: InteractionMatrix) -> NDArray[np.float64]:
        if self.half_life_days is None:
            return data.customers_per_product().astype(np.float64)
        n_products = len(data.products)
        events = events_of(data.history.dated(), n_products)
        latest = np.append(events.starts[1:], len(events.age_days)) - 1
        aged = np.exp2(-events.age_days[latest] / self.half_life_days)
        return np.bincount(events.columns[latest], weights=aged, minlength=n_products).astype(np.float64)

    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        """The same scores for every customer, shape (n_customers, n_products) float32."""
        popularity = self._fitted("popularity_")
        return np.broadcast_to(popularity, (history.shape[0], len(popularity)))

    def to_artefact(self) -> Artefact:
        """Parameters, product keys and shares."""
        arrays = {"product_ids": self._fitted("product_ids_"), "popularity": self.popularity_}
        return Artefact(self.kind, self.get_params(), arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The fitted baseline again."""
        loaded = cls(**artefact.params)
        loaded.product_ids_ = artefact.arrays["product_ids"]
        loaded.popularity_ = artefact.arrays["popularity"]
        loaded.learning_curve_ = []
        return loaded
