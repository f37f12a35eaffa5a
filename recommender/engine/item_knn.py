"""What is bought by the same customers: a product's nearest neighbours, by shrunk cosine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.base import Artefact, Progress, Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.history import CustomerHistory, History, as_history, saturated
from recommender.engine.space import Dimension, Real, Whole
from recommender.engine.splits import EvaluationSlice

# Smaller than the score of any neighbour that matters: popularity orders what no purchase speaks for.
TIE_BREAK = 1e-6
PRODUCTS_PER_BLOCK = 1024


class ItemKnn(Recommender):
    """Scores a product by how near it is to what the customer bought; memory and time grow with the neighbours kept.

    Parameters
    ----------
    neighbours : int
        Kept for every product.
    shrinkage : float
        Added to the product of the two lengths: larger trusts rarely bought pairs less.
    saturation : float
        A weight w counts as log(1 + saturation * w): the tenth purchase says less than the first.

    Attributes
    ----------
    similarity_ : csr_matrix of float32, shape (n_products, n_products)
        In row i what a purchase of product i says for each of its neighbours; 0 on the diagonal.
    tie_break_ : ndarray of float32, shape (n_products,)

    References
    ----------
    Sarwar, Karypis, Konstan, Riedl: Item-based Collaborative Filtering Recommendation Algorithms, WWW 2001.
    Ferrari Dacrema, Cremonesi, Jannach: Are We Really Making Much Progress?, RecSys 2019.
    """

    kind = "item_knn"
    space: ClassVar[Mapping[str, Dimension]] = {
        "neighbours": Whole(20, 500, log=True),
        "shrinkage": Real(0.1, 500.0, log=True),
        "saturation": Real(0.01, 30.0, log=True),
    }

    def __init__(self, *, neighbours: int = 200, shrinkage: float = 10.0, saturation: float = 3.0) -> None:
        self.neighbours = neighbours
        self.shrinkage = shrinkage
        self.saturation = saturation

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Find every product's neighbours: nothing to choose, and done at once."""
        self.product_ids_ = data.products.ids
        self.tie_break_ = data.tie_break(TIE_BREAK)
        history = saturated(data.matrix, self.saturation)
        self.similarity_ = nearest(history, neighbours=self.neighbours, shrinkage=self.shrinkage)
        self.learning_curve_: list[dict[str, float]] = []
        return self

    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        """Scores of shape (n_customers, n_products), float32."""
        scores: NDArray[np.float32] = (saturated(history.weights, self.saturation) @ self.similarity_).toarray()
        scores += self.tie_break_
        return scores

    def because(self, history: History, items: NDArray[np.int64]) -> NDArray[np.int64]:
        """The purchase that adds most to the score; exact, for the score is a sum over purchases."""
        self._fitted("similarity_")
        return strongest(saturated(as_history(history).weights, self.saturation), self.similarity_, items)

    def to_artefact(self) -> Artefact:
        """Parameters, product keys and neighbours."""
        arrays = {
            "product_ids": self._fitted("product_ids_"),
            "tie_break": self.tie_break_,
            "starts": self.similarity_.indptr.astype(np.int64),
            "neighbours": self.similarity_.indices.astype(np.int32),
            "similarity": self.similarity_.data,
        }
        return Artefact(self.kind, self.get_params(), arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The fitted recommender again."""
        loaded = cls(**artefact.params)
        arrays = artefact.arrays
        loaded.product_ids_, loaded.tie_break_ = arrays["product_ids"], arrays["tie_break"]
        n_products = len(loaded.product_ids_)
        cells = (arrays["similarity"], arrays["neighbours"], arrays["starts"])
        loaded.similarity_ = sparse.csr_matrix(cells, shape=(n_products, n_products))
        loaded.learning_curve_ = []
        return loaded


def nearest(history: sparse.csr_matrix, *, neighbours: int, shrinkage: float) -> sparse.csr_matrix:
    """The products nearest to each product by shrunk cosine.

    Parameters
    ----------
    history : csr_matrix of float32, shape (n_customers, n_products)
    neighbours : int
    shrinkage : float

    Returns
    -------
    csr_matrix of float32, shape (n_products, n_products)
        At most ``neighbours`` cells a row, none on the diagonal.
    """
    n_products = history.shape[1]
    length = np.sqrt(np.asarray(history.multiply(history).sum(axis=0))).ravel()
    by_product = history.T.tocsr()
    blocks = []
    for start in range(0, max(n_products, 1), PRODUCTS_PER_BLOCK):
        rows = np.arange(start, min(start + PRODUCTS_PER_BLOCK, n_products))
        together = (by_product[rows] @ history).toarray()
        together /= length[rows, None] * length + shrinkage
        together[np.arange(len(rows)), rows] = 0.0
        blocks.append(_best_of_rows(together, neighbours))
    return sparse.csr_matrix(sparse.vstack(blocks), dtype=np.float32)


def _best_of_rows(dense: NDArray[np.float32], n: int) -> sparse.csr_matrix:
    width = min(n, dense.shape[1])
    kept = np.sort(np.argpartition(-dense, width - 1, axis=1)[:, :width], axis=1)
    values = np.take_along_axis(dense, kept, axis=1).ravel()
    starts = np.arange(len(dense) + 1) * width
    best = sparse.csr_matrix((values, kept.ravel(), starts), shape=dense.shape)
    best.eliminate_zeros()
    return best


def strongest(purchases: sparse.csr_matrix, says: sparse.csr_matrix, items: NDArray[np.int64]) -> NDArray[np.int64]:
    """The purchase that adds most to a score that is ``purchases @ says``.

    Parameters
    ----------
    purchases : csr_matrix of float32, shape (n_customers, n_products)
    says : csr_matrix of float32, shape (n_products, n_products)
    items : ndarray of int64, shape (n_customers, k)
        Product rows, ``-1`` where there is none.

    Returns
    -------
    ndarray of int64, shape (n_customers, k)
        Product rows, ``-1`` where no purchase adds anything.
    """
    named = np.full(items.shape, -1, dtype=np.int64)
    for row, offered in enumerate(items):
        own = purchases[row]
        if own.nnz:
            shares = own.data[:, None] * says[own.indices][:, np.maximum(offered, 0)].toarray()
            best = shares.argmax(axis=0)
            speaks = (offered >= 0) & (shares[best, np.arange(len(offered))] > 0)
            named[row, speaks] = own.indices[best[speaks]]
    return named
