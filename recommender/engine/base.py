"""The contract that every recommender keeps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError

from recommender.engine.dataset import InteractionMatrix
from recommender.engine.history import CustomerHistory, History, as_history
from recommender.engine.ids import IdMap
from recommender.engine.opinions import spoken_against
from recommender.engine.space import Dimension
from recommender.engine.splits import EvaluationSlice

ROWS_PER_BLOCK = 512
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Artefact:
    """All that is needed to serve a fitted recommender.

    Attributes
    ----------
    kind : str
        The algorithm's name, ``Recommender.kind``.
    params : dict
        JSON-safe constructor arguments and settled choices.
    arrays : dict of str to ndarray
        Numeric arrays only.
    """

    kind: str
    params: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


class Recommender(BaseEstimator):
    """Base class: subclasses learn and score, only this class ranks.

    Attributes
    ----------
    product_ids_ : ndarray of int64, shape (n_products,)
        Keys of the columns; set by ``fit``.
    learning_curve_ : list of dict
        One entry a pass over the data; empty where an algorithm does not learn in passes.
    """

    kind: ClassVar[str]
    # What a search may change, by the name of the constructor's argument.
    space: ClassVar[Mapping[str, Dimension]] = {}

    @abstractmethod
    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Learn from ``data``, forgetting any earlier fit.

        Parameters
        ----------
        data : InteractionMatrix
        validation : EvaluationSlice, optional
            A later window, on which an algorithm may decide when to stop.
        progress : callable, optional
            Called with passes done and passes at most; what it raises ends the fit.
        """

    @abstractmethod
    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        """What ``score`` returns, by a fitted recommender."""

    def score(self, history: History) -> NDArray[np.float32]:
        """Score every product for every customer.

        Parameters
        ----------
        history : CustomerHistory or csr_matrix of float32, shape (n_customers, n_products)
            A bare matrix is a history without times and traits.

        Returns
        -------
        ndarray of float32, shape (n_customers, n_products)
            Finite; higher is better; comparable within a row only.

        Raises
        ------
        sklearn.exceptions.NotFittedError
        """
        self._fitted("product_ids_")
        return self._scores(as_history(history))

    def because(self, history: History, items: NDArray[np.int64]) -> NDArray[np.int64]:
        """The purchase behind every recommendation: the product whose removal from the history lowers the score most.

        Parameters
        ----------
        history : CustomerHistory or csr_matrix of float32, shape (n_customers, n_products)
        items : ndarray of int64, shape (n_customers, k)
            Product rows as ``recommend`` gives them.

        Returns
        -------
        ndarray of int64, shape (n_customers, k)
            Product rows, ``-1`` where no purchase speaks for it. Algorithms that do not look at purchases claim none.
        """
        self._fitted("product_ids_")
        return np.full(items.shape, -1, dtype=np.int64)

    @abstractmethod
    def to_artefact(self) -> Artefact:
        """What ``from_artefact`` needs to score the same again."""

    @classmethod
    @abstractmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """A fitted recommender that scores exactly as the one that was saved."""

    def settled(self) -> Self:
        """An unfitted copy that keeps what validation decided, to be fitted on all the history."""
        return clone(self)

    @property
    def products(self) -> IdMap:
        """Column map of the catalogue this recommender was fitted on."""
        return IdMap(self._fitted("product_ids_"))

    def recommend(
        self, history: History, k: int, *, exclude_seen: bool
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rank the catalogue for every customer.

        Parameters
        ----------
        history : CustomerHistory or csr_matrix of float32, shape (n_customers, n_products)
        k : int
            How many products a customer; at least 1.
        exclude_seen : bool
            Leave out what the customer has in ``history``; what they spoke against is left out anyway.

        Returns
        -------
        items : ndarray of int64, shape (n_customers, k)
            Product rows, best first, ``-1`` where nothing is left.
        scores : ndarray of float32, shape (n_customers, k)
            ``-inf`` where ``items`` is ``-1``.
        """
        if k < 1:
            raise ValueError(f"k is {k}, it must be at least 1")
        self._fitted("product_ids_")
        known = as_history(history)
        starts = range(0, max(len(known), 1), ROWS_PER_BLOCK)
        blocks = [self._ranked(known[at : at + ROWS_PER_BLOCK], k, exclude_seen) for at in starts]
        return np.concatenate([items for items, _ in blocks]), np.concatenate([best for _, best in blocks])

    def _ranked(
        self, history: CustomerHistory, k: int, exclude_seen: bool
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        scores = np.array(self.score(history), dtype=np.float32)
        if exclude_seen:
            scores[history.weights.nonzero()] = -np.inf
        if history.ratings is not None:
            scores[spoken_against(history).nonzero()] = -np.inf
        return top_k(scores, k)

    def _fitted(self, name: str) -> Any:
        if not hasattr(self, name):
            raise NotFittedError(f"{type(self).__name__} has to be fitted before it is used")
        return getattr(self, name)


def top_k(scores: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The k best columns of every row, ties by column, ``-1`` padded.

    Parameters
    ----------
    scores : ndarray of float32, shape (n, m)
        ``-inf`` marks what may not be offered.
    k : int

    Returns
    -------
    items : ndarray of int64, shape (n, k)
    best : ndarray of float32, shape (n, k)
    """
    n, m = scores.shape
    width = min(k, m)
    shortlist = np.sort(np.argpartition(-scores, width - 1, axis=1)[:, :width], axis=1)
    short = np.take_along_axis(scores, shortlist, axis=1)
    order = np.argsort(-short, axis=1, kind="stable")
    items = np.full((n, k), -1, dtype=np.int64)
    best = np.full((n, k), -np.inf, dtype=np.float32)
    items[:, :width] = np.take_along_axis(shortlist, order, axis=1)
    best[:, :width] = np.take_along_axis(short, order, axis=1)
    items[np.isneginf(best)] = -1
    return items, best
