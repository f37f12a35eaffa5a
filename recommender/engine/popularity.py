"""The baseline: what most customers buy, the same for everybody."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommender.engine.base import Artefact, Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.history import CustomerHistory
from recommender.engine.splits import EvaluationSlice


class Popularity(Recommender):
    """Scores a product by the share of customers who bought it.

    Attributes
    ----------
    popularity_ : ndarray of float32, shape (n_products,)
        Share (0–1) of the fitted customers.
    """

    kind = "popularity"

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Count customers per product: nothing to choose, and done at once."""
        self.product_ids_ = data.products.ids
        share = data.customers_per_product() / max(len(data.customers), 1)
        self.popularity_: NDArray[np.float32] = share.astype(np.float32)
        self.learning_curve_: list[dict[str, float]] = []
        return self

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
