"""What customers of the same kind buy: for those whose own purchases are not known yet."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.attributes import Attributes
from recommender.engine.base import Artefact, Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.encoding import Encoding
from recommender.engine.history import CustomerHistory, History, as_history
from recommender.engine.space import Dimension, Real
from recommender.engine.splits import EvaluationSlice

# A group of fewer customers says more about them than about the group.
MIN_CUSTOMERS = 5


class DemographicPrior(Recommender):
    """Popularity inside every trait group, shrunk to the shop's; the groups of one customer are combined.

    The log of a product's share of customers, plus a part of what each trait adds to it. Purchases are not looked at.

    Parameters
    ----------
    smoothing : float
        So many customers of the whole shop are mixed into every group.
    trust : float
        How much of what a trait adds counts (0–1, over the square root of the number of traits known): traits say the
        same thing several times over.

    Attributes
    ----------
    base_ : ndarray of float32, shape (n_products,)
        Log of the shrunk share of all customers.
    lift_ : ndarray of float32, shape (n_groups, n_products)
        What belonging to a group adds to ``base_``; groups in the order of ``encoding_``.
    encoding_ : Encoding
        The groups of every trait.
    """

    kind = "demographic_prior"
    space: ClassVar[dict[str, Dimension]] = {
        "smoothing": Real(5.0, 500.0, log=True),
        "trust": Real(0.1, 1.5),
    }

    def __init__(self, *, smoothing: float = 50.0, trust: float = 0.7) -> None:
        self.smoothing = smoothing
        self.trust = trust

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Count customers per group and product; nothing to choose, and done at once."""
        self.product_ids_ = data.products.ids
        traits = data.traits or Attributes(len(data.customers))
        self.encoding_ = Encoding.of(Attributes(traits.n, traits.labels, traits.numbers), min_rows=MIN_CUSTOMERS)
        groups = self.encoding_.matrix(traits)
        bought = sparse.csr_matrix(data.matrix > 0, dtype=np.float32)
        share = (data.customers_per_product() + 0.5) / (len(data.customers) + 1.0)
        sizes = np.asarray(groups.sum(axis=0)).reshape(-1, 1)
        inside = ((groups.T @ bought).toarray() + self.smoothing * share) / (sizes + self.smoothing)
        self.base_: NDArray[np.float32] = np.log(share).astype(np.float32)
        self.lift_: NDArray[np.float32] = (np.log(inside) - np.log(share)).astype(np.float32)
        self.learning_curve_: list[dict[str, float]] = []
        return self

    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        """Log of the share a product has among customers like these, shape (n_customers, n_products) float32."""
        base = self._fitted("base_")
        scores: NDArray[np.float32] = np.asarray(self._belonging(history) @ self.lift_, dtype=np.float32) + base
        return scores

    def trait_because(self, history: History, items: NDArray[np.int64]) -> NDArray[np.str_]:
        """The trait that speaks for every recommendation: without it the score would be lower, and by most.

        Parameters
        ----------
        history : CustomerHistory or csr_matrix of float32, shape (n_customers, n_products)
        items : ndarray of int64, shape (n_customers, k)

        Returns
        -------
        ndarray of str, shape (n_customers, k)
            Kind of trait, such as ``"age_group"``; ``""`` where none speaks for it.
        """
        self._fitted("base_")
        known = as_history(history)
        traits = known.traits or Attributes(len(known))
        names = np.asarray(["", *self.encoding_.kinds])
        shares = [self._without_and_with(traits, kind, items) for kind in self.encoding_.kinds]
        loss = np.stack([np.zeros(items.shape), *shares])
        best: NDArray[np.str_] = names[np.where(items >= 0, loss.argmax(axis=0), 0)]
        return best

    def _without_and_with(self, traits: Attributes, kind: str, items: NDArray[np.int64]) -> NDArray[np.float64]:
        """How much lower the score of every item would be were one trait unknown; 0 where it would not."""
        labels = {name: values for name, values in traits.labels.items() if name != kind}
        numbers = {name: values for name, values in traits.numbers.items() if name != kind}
        less = self._belonging_of(Attributes(traits.n, labels, numbers))
        change = np.asarray((self._belonging_of(traits) - less) @ self.lift_)
        return np.maximum(np.take_along_axis(change, np.maximum(items, 0), axis=1), 1e-6) - 1e-6

    def _belonging(self, history: CustomerHistory) -> sparse.csr_matrix:
        return self._belonging_of(history.traits or Attributes(len(history)))

    def _belonging_of(self, traits: Attributes) -> sparse.csr_matrix:
        groups = self.encoding_.matrix(traits)
        known = np.maximum(np.diff(groups.indptr), 1)
        return sparse.csr_matrix(sparse.diags_array(self.trust / np.sqrt(known), dtype=np.float32) @ groups)

    def to_artefact(self) -> Artefact:
        """Parameters, groups, product keys and what every group adds."""
        arrays = {"product_ids": self._fitted("product_ids_"), "base": self.base_, "lift": self.lift_}
        return Artefact(self.kind, {**self.get_params(), "encoding": self.encoding_.to_params()}, arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The fitted recommender again."""
        params = dict(artefact.params)
        encoding = Encoding.from_params(params.pop("encoding"))
        loaded = cls(**params)
        loaded.encoding_, loaded.product_ids_ = encoding, artefact.arrays["product_ids"]
        loaded.base_, loaded.lift_ = artefact.arrays["base"], artefact.arrays["lift"]
        loaded.learning_curve_ = []
        return loaded
