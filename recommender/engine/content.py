"""What a product is, held against what the customer bought before: needs no buyer, so it knows new products at once."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.attributes import Attributes
from recommender.engine.base import Artefact, Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.encoding import Encoding, crossed, with_pairs
from recommender.engine.history import CustomerHistory, History, as_history, saturated
from recommender.engine.ids import extended
from recommender.engine.space import Dimension, Real
from recommender.engine.splits import EvaluationSlice

TIE_BREAK = 1e-6


class ContentBased(Recommender):
    """A customer's taste over labels, bands of numbers and words, smoothed against the shop's.

    Two products are the more alike the rarer what they share. The score is the mean likeness of a product to what the
    customer bought, ``smoothing`` average purchases of the shop among it; it is a share, so that it can be
    compared between customers, too.

    Parameters
    ----------
    smoothing : float
        So many purchases of the average customer are mixed into everybody's own; in saturated weights.
    saturation : float
        A weight w counts as log(1 + saturation * w).

    Attributes
    ----------
    encoding_ : Encoding
        Columns of the facts.
    facts_ : csr_matrix of float32, shape (n_products, n_columns)
        Every column scaled by the square root of how rare it is, so that a product of two rows is their likeness.
    rarity_ : ndarray of float32, shape (n_columns,)
    shop_ : ndarray of float32, shape (n_columns,)
        The mean purchase of all customers.
    tie_break_ : ndarray of float32, shape (n_products,)
        Orders products that are alike.

    References
    ----------
    Pazzani, Billsus: Content-Based Recommendation Systems, The Adaptive Web 2007.
    """

    kind = "content_based"
    space: ClassVar[dict[str, Dimension]] = {
        "smoothing": Real(0.5, 50.0, log=True),
        "saturation": Real(0.3, 10.0, log=True),
    }

    def __init__(self, *, smoothing: float = 5.0, saturation: float = 1.0) -> None:
        self.smoothing = smoothing
        self.saturation = saturation

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Read the facts and the average taste; nothing to choose, and done at once."""
        self.product_ids_ = data.products.ids
        facts = crossed(data.facts or Attributes(len(data.products)))
        self.encoding_ = Encoding.of(facts)
        plain = self.encoding_.matrix(facts)
        counted = saturated(data.matrix, self.saturation)
        bought = np.asarray(counted.sum(axis=0), dtype=np.float32).ravel()
        self.rarity_: NDArray[np.float32] = _rarity(plain, bought)
        self.facts_ = self._scaled(plain)
        self.shop_: NDArray[np.float32] = (self.facts_.T @ bought / max(bought.sum(), 1e-12)).astype(np.float32)
        self.tie_break_ = data.tie_break(TIE_BREAK)
        self.learning_curve_: list[dict[str, float]] = []
        return self

    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        """Mean likeness to what was bought, shape (n_customers, n_products) float32."""
        likeness = self._likeness(history, self._fitted("facts_"))
        return likeness + self.tie_break_

    def score_new(self, history: History, facts: Attributes) -> NDArray[np.float32]:
        """Score products that were not there when this was fitted, from their facts alone.

        Parameters
        ----------
        history : CustomerHistory or csr_matrix of float32, shape (n_customers, n_products)
        facts : Attributes
            A row each new product.

        Returns
        -------
        ndarray of float32, shape (n_customers, len(facts))
        """
        self._fitted("facts_")
        described = with_pairs(facts, self.encoding_.kinds)
        return self._likeness(as_history(history), self._scaled(self.encoding_.matrix(described)))

    def score_of(self, history: History, product_rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Score a few products of the catalogue; shape (n_customers, len(product_rows)) float32."""
        self._fitted("facts_")
        return self._likeness(as_history(history), self.facts_[product_rows])

    def with_products(self, ids: NDArray[np.int64], facts: Attributes) -> Self:
        """The same taste over a larger catalogue.

        Parameters
        ----------
        ids : ndarray of int64, shape (n_new,)
            Keys that the catalogue does not have yet.
        facts : Attributes
            Theirs, in the same order.

        Raises
        ------
        ValueError
            When a key is known already or given twice.
        """
        self._fitted("facts_")
        described = with_pairs(facts, self.encoding_.kinds)
        merged, order = extended(self.product_ids_, ids)
        wider = type(self)(**self.get_params())
        wider.product_ids_, wider.encoding_, wider.rarity_ = merged, self.encoding_, self.rarity_
        wider.facts_ = sparse.vstack([self.facts_, self._scaled(self.encoding_.matrix(described))], format="csr")[order]
        wider.shop_, wider.learning_curve_ = self.shop_, []
        wider.tie_break_ = np.append(self.tie_break_, np.zeros(len(ids), dtype=np.float32))[order]
        return wider

    def because(self, history: History, items: NDArray[np.int64]) -> NDArray[np.int64]:
        """The purchase whose removal lowers the mean likeness most; exact."""
        self._fitted("facts_")
        counted = saturated(as_history(history).weights, self.saturation)
        named = np.full(items.shape, -1, dtype=np.int64)
        for row, offered in enumerate(items):
            own, places = counted[row], np.flatnonzero(offered >= 0)
            if own.nnz and len(places):
                named[row, places] = self._strongest(own, offered[places])
        return named

    def _strongest(self, own: sparse.csr_matrix, offered: NDArray[np.int64]) -> NDArray[np.int64]:
        wanted = self.facts_[offered]
        alike = (self.facts_[own.indices] @ wanted.T).toarray().astype(np.float64)
        weights = own.data[:, None].astype(np.float64)
        total = (weights * alike).sum(axis=0) + self.smoothing * (wanted @ self.shop_)
        mass = weights.sum() + self.smoothing
        loss = total / mass - (total - weights * alike) / (mass - weights)
        best = loss.argmax(axis=0)
        # A fall that rounding could swallow is no reason.
        speaks = loss[best, np.arange(len(offered))] > 1e-5 * np.abs(total / mass)
        return np.where(speaks, own.indices[best], -1)

    def _likeness(self, history: CustomerHistory, facts: sparse.csr_matrix) -> NDArray[np.float32]:
        counted = saturated(history.weights, self.saturation)
        mass = np.asarray(counted.sum(axis=1), dtype=np.float32).reshape(-1, 1) + np.float32(self.smoothing)
        # Only what the products to be scored have: of a few new ones that is little, of the catalogue everything.
        columns = np.unique(facts.indices)
        own = self.facts_ if len(columns) == facts.shape[1] else self.facts_[:, columns]
        taste = (counted @ own).toarray() + np.float32(self.smoothing) * self.shop_[columns]
        likeness: NDArray[np.float32] = np.asarray(facts[:, columns] @ (taste / mass).T, dtype=np.float32).T
        return likeness

    def _scaled(self, plain: sparse.csr_matrix) -> sparse.csr_matrix:
        return sparse.csr_matrix(plain @ sparse.diags_array(np.sqrt(self.rarity_), dtype=np.float32))

    def to_artefact(self) -> Artefact:
        """Parameters, columns, product keys and facts."""
        arrays = {
            "product_ids": self._fitted("product_ids_"),
            "rarity": self.rarity_,
            "shop": self.shop_,
            "tie_break": self.tie_break_,
            "facts_data": self.facts_.data,
            "facts_indices": self.facts_.indices,
            "facts_indptr": self.facts_.indptr,
        }
        return Artefact(self.kind, {**self.get_params(), "encoding": self.encoding_.to_params()}, arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The fitted recommender again."""
        params = dict(artefact.params)
        encoding = Encoding.from_params(params.pop("encoding"))
        loaded, arrays = cls(**params), artefact.arrays
        loaded.encoding_, loaded.product_ids_ = encoding, arrays["product_ids"]
        loaded.rarity_, loaded.shop_, loaded.tie_break_ = arrays["rarity"], arrays["shop"], arrays["tie_break"]
        cells = (arrays["facts_data"], arrays["facts_indices"], arrays["facts_indptr"])
        loaded.facts_ = sparse.csr_matrix(cells, shape=(len(loaded.product_ids_), len(loaded.rarity_)))
        loaded.learning_curve_ = []
        return loaded


def _rarity(plain: sparse.csr_matrix, bought: NDArray[np.float32]) -> NDArray[np.float32]:
    """−log of the share of purchases that have a column: 0 for what all have."""
    share = np.asarray(plain.T @ bought).ravel() / max(float(bought.sum()), 1e-12)
    one = 1.0 / (bought.sum() + 1.0)
    rarity: NDArray[np.float32] = -np.log(np.clip(share, one, 1.0)).astype(np.float32)
    return rarity
