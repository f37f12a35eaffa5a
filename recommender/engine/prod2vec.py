"""Products that are bought in the same company: skip-gram vectors over baskets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from recommender.engine.base import Artefact, Progress
from recommender.engine.ids import IdMap

ROWS_PER_BLOCK = 1024
MAX_BASKET = 200


class TooFewBaskets(Exception):
    """There are too few orders with several products to learn which go together."""


@dataclass(frozen=True)
class Neighbours:
    """The nearest products of every product, best first.

    Attributes
    ----------
    product_ids : ndarray of int64, shape (n,)
    neighbour_ids : ndarray of int64, shape (n, k)
        ``-1`` where there are fewer than k products.
    similarity : ndarray of float32, shape (n, k)
        Cosine, -1 to 1.
    baskets : ndarray of int64, shape (n,)
        Support: in how many baskets the product of this row was found.
    neighbour_baskets : ndarray of int64, shape (n, k)
        Support of the neighbours.
    """

    product_ids: NDArray[np.int64]
    neighbour_ids: NDArray[np.int64]
    similarity: NDArray[np.float32]
    baskets: NDArray[np.int64]
    neighbour_baskets: NDArray[np.int64]


class Prod2Vec(BaseEstimator):
    """Skip-gram with negative sampling, a basket as a sentence and a product as a word.

    For relations and cold start only: raw cosine recommends badly.

    Parameters
    ----------
    dimensions : int
    window : int
        Products to either side within a basket.
    min_baskets : int
        Products in fewer baskets get no vector.
    epochs : int
    learning_rate : float
        Of the first pass; it falls to nearly 0 by the last.
    random_state : int

    Attributes
    ----------
    product_ids_ : ndarray of int64, shape (n,)
        Ascending.
    vectors_ : ndarray of float32, shape (n, dimensions)
        Rows of length 1.
    baskets_ : ndarray of int64, shape (n,)

    References
    ----------
    Mikolov et al.: Distributed Representations of Words and Phrases, NeurIPS 2013.
    Grbovic et al.: E-commerce in Your Inbox: Product Recommendations at Scale, KDD 2015.
    """

    kind = "prod2vec"

    def __init__(
        self,
        *,
        dimensions: int = 32,
        window: int = 5,
        min_baskets: int = 50,
        epochs: int = 4,
        learning_rate: float = 0.05,
        random_state: int = 0,
    ) -> None:
        self.dimensions = dimensions
        self.window = window
        self.min_baskets = min_baskets
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(self, baskets: list[NDArray[np.int64]], *, progress: Progress | None = None) -> Self:
        """Learn a vector for every product in at least ``min_baskets`` baskets.

        Parameters
        ----------
        baskets : list of ndarray of int64
            Distinct product keys of one basket each, as ``baskets.baskets_from_frame`` returns them.
        progress : callable, optional
            Called with passes done and passes in all.

        Raises
        ------
        TooFewBaskets
            When no product is in enough of them.
        """
        shuffled = self._sentences(baskets)
        model = Word2Vec(
            vector_size=self.dimensions,
            window=self.window,
            min_count=self.min_baskets,
            sg=1,
            # Frequent products are thinned out less than words would be: they carry most baskets.
            sample=1e-3,
            workers=1,
            seed=self.random_state,
            epochs=self.epochs,
            alpha=self.learning_rate,
        )
        model.build_vocab(shuffled)
        if not len(model.wv):
            raise TooFewBaskets(f"No product is in {self.min_baskets} or more orders: import more orders first.")
        callbacks = [_Passes(progress, self.epochs)] if progress else []
        model.train(shuffled, total_examples=len(shuffled), epochs=self.epochs, callbacks=callbacks)
        self._keep(model)
        return self

    def neighbours(self, k: int) -> Neighbours:
        """The k nearest other products of every product.

        Parameters
        ----------
        k : int

        Returns
        -------
        Neighbours
        """
        if not hasattr(self, "vectors_"):
            raise NotFittedError("Prod2Vec has to be fitted before it is used")
        starts = range(0, len(self.vectors_), ROWS_PER_BLOCK)
        blocks = [self._nearest(start, min(k, len(self.vectors_) - 1)) for start in starts]
        rows = np.concatenate([rows for rows, _ in blocks])
        missing = ((0, 0), (0, k - rows.shape[1]))
        padded = np.pad(rows, missing, constant_values=-1)
        return Neighbours(
            product_ids=self.product_ids_,
            neighbour_ids=IdMap(self.product_ids_).ids_of(padded),
            similarity=np.pad(np.concatenate([cosine for _, cosine in blocks]), missing),
            baskets=self.baskets_,
            neighbour_baskets=np.where(padded >= 0, self.baskets_[padded], 0),
        )

    def to_artefact(self) -> Artefact:
        """Parameters, product keys, vectors and supports."""
        arrays: dict[str, NDArray[Any]] = {
            "product_ids": self.product_ids_,
            "vectors": self.vectors_,
            "baskets": self.baskets_,
        }
        return Artefact(self.kind, self.get_params(), arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The learnt vectors again."""
        loaded = cls(**artefact.params)
        loaded.product_ids_, loaded.vectors_ = artefact.arrays["product_ids"], artefact.arrays["vectors"]
        loaded.baskets_ = artefact.arrays["baskets"]
        return loaded

    def _sentences(self, baskets: list[NDArray[np.int64]]) -> list[list[str]]:
        return _shuffled(baskets, np.random.default_rng(self.random_state))

    def _keep(self, model: Word2Vec) -> None:
        words = [word for word in model.wv.index_to_key if word.isdecimal()]
        keys = np.array([int(word) for word in words], dtype=np.int64)
        order = np.argsort(keys)
        vectors = model.wv[words][order] if words else np.zeros((0, self.dimensions), dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        self.product_ids_: NDArray[np.int64] = keys[order]
        self.vectors_: NDArray[np.float32] = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
        counts = [model.wv.get_vecattr(word, "count") for word in words]
        self.baskets_: NDArray[np.int64] = np.array(counts, dtype=np.int64)[order]

    def _nearest(self, start: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        cosine = self.vectors_[start : start + ROWS_PER_BLOCK] @ self.vectors_.T
        own = np.arange(len(cosine))
        cosine[own, start + own] = -np.inf
        rows = _best(cosine, k)
        return rows, np.take_along_axis(cosine, rows, axis=1)


def _best(cosine: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    shortlist = np.sort(np.argpartition(-cosine, k - 1, axis=1)[:, :k], axis=1)
    order = np.argsort(-np.take_along_axis(cosine, shortlist, axis=1), axis=1, kind="stable")
    return np.take_along_axis(shortlist, order, axis=1).astype(np.int64)


def _shuffled(baskets: list[NDArray[np.int64]], rng: np.random.Generator) -> list[list[str]]:
    # A basket has no order, but the window has: shuffling makes every pair equally likely to be near.
    return [[str(product) for product in rng.permutation(basket)[:MAX_BASKET]] for basket in baskets]


class _Passes(CallbackAny2Vec):
    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def on_epoch_end(self, model: Any) -> None:
        self.done += 1
        self.progress(self.done, self.total)
