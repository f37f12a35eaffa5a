"""Next baskets from personal frequency, blended with that of the most alike customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.base import Artefact, Progress, Recommender, top_k
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.history import CustomerHistory, PurchaseLog
from recommender.engine.space import Dimension, Real, Whole
from recommender.engine.splits import EvaluationSlice

# So small that popularity only orders what neither the customer nor those alike have bought.
TIE_BREAK = 1e-9
MANY_TIMES = 12


class TifuKnn(Recommender):
    """Temporal item frequency with nearest neighbours.

    A customer's baskets, newest first, fall into groups of equal length. A basket counts ``within_decay`` for every
    basket after it in its group, a group ``between_decay`` for every group after it.

    Parameters
    ----------
    neighbours : int
        Most alike customers, by cosine of these vectors.
    own_share : float
        Share (0-1) of the customer's own vector; the rest is the neighbours' mean.
    group_size : int
        Baskets a group.
    within_decay, between_decay : float
        Above 0, at most 1.

    Attributes
    ----------
    vectors_ : csr_matrix of float32, shape (n_customers, n_products)
        Of the customers of the fit.

    References
    ----------
    Hu, He, Gao, Zhang: Modeling Personalized Item Frequency Information for Next-basket Recommendation, SIGIR 2020.
    """

    kind = "tifu_knn"
    space: ClassVar[Mapping[str, Dimension]] = {
        "neighbours": Whole(20, 900, log=True),
        "own_share": Real(0.05, 1.0),
        "group_size": Whole(2, 20),
        "within_decay": Real(0.5, 1.0),
        "between_decay": Real(0.3, 1.0),
    }

    def __init__(
        self,
        *,
        neighbours: int = 600,
        own_share: float = 0.8,
        group_size: int = 5,
        within_decay: float = 1.0,
        between_decay: float = 0.8,
    ) -> None:
        self.neighbours = neighbours
        self.own_share = own_share
        self.group_size = group_size
        self.within_decay = within_decay
        self.between_decay = between_decay

    def fit(
        self,
        data: InteractionMatrix,
        *,
        validation: EvaluationSlice | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Keep every customer's vector: nothing to choose, and done at once."""
        self.product_ids_ = data.products.ids
        self.tie_break_ = data.tie_break(TIE_BREAK)
        vectors = self._vectors(data.history)
        self.vectors_ = sparse.csr_matrix(vectors[np.diff(vectors.indptr) > 0])
        self.learning_curve_: list[dict[str, float]] = []
        return self

    def _scores(self, history: CustomerHistory) -> NDArray[np.float32]:
        """Scores of shape (n_customers, n_products), float32."""
        self._fitted("vectors_")
        own = self._vectors(history)
        alike = _mean_of_nearest(own, self.vectors_, self.neighbours)
        scores = np.float32(1 - self.own_share) * alike
        bought = own.tocoo()
        scores[bought.row, bought.col] += np.float32(self.own_share) * bought.data
        scores += self.tie_break_
        return scores

    def to_artefact(self) -> Artefact:
        """Parameters, product keys and the customers' vectors."""
        arrays = {
            "product_ids": self._fitted("product_ids_"),
            "tie_break": self.tie_break_,
            "starts": self.vectors_.indptr.astype(np.int64),
            "product_rows": self.vectors_.indices.astype(np.int32),
            "frequency": self.vectors_.data,
        }
        return Artefact(self.kind, self.get_params(), arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> Self:
        """The fitted recommender again."""
        loaded = cls(**artefact.params)
        arrays = artefact.arrays
        loaded.product_ids_, loaded.tie_break_ = arrays["product_ids"], arrays["tie_break"]
        shape = (len(arrays["starts"]) - 1, len(loaded.product_ids_))
        cells = (arrays["frequency"], arrays["product_rows"], arrays["starts"])
        loaded.vectors_ = sparse.csr_matrix(cells, shape=shape)
        loaded.learning_curve_ = []
        return loaded

    def _vectors(self, history: CustomerHistory) -> sparse.csr_matrix:
        log = history.dated()
        places, n_baskets = baskets_back(log)
        group, within = np.divmod(places, self.group_size)
        n_groups = -(-n_baskets // self.group_size)
        # The oldest group may be shorter than the others: its mean is over the baskets it has.
        sizes = np.minimum(self.group_size, n_baskets[log.customer_rows] - group * self.group_size)
        decayed = np.power(self.within_decay, within) / sizes
        decayed *= np.power(self.between_decay, group) / n_groups[log.customer_rows]
        once = _once_a_basket(log, places)
        cells = (decayed[once], (log.customer_rows[once], log.product_rows[once]))
        return sparse.coo_matrix(cells, shape=history.shape, dtype=np.float32).tocsr()


def baskets_back(log: PurchaseLog) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which basket of its customer a line is in.

    Parameters
    ----------
    log : PurchaseLog

    Returns
    -------
    places : ndarray of int64, shape (n_lines,)
        0 in the newest basket, 1 in the one before.
    n_baskets : ndarray of int64, shape (n_customers,)
    """
    rows = log.customer_rows
    begins = np.ones(len(rows), dtype=np.int64)
    begins[1:] = (np.diff(rows) != 0) | (np.diff(log.age_days) != 0)
    numbers = np.concatenate([[0], np.cumsum(begins)])
    n_baskets = np.diff(numbers[log.starts])
    last = numbers[log.starts[1:]]
    return last[rows] - numbers[1:], n_baskets


def _once_a_basket(log: PurchaseLog, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """A product counts once a basket, however many lines it has there; its lines are neighbours in the log."""
    once = np.ones(len(places), dtype=np.bool_)
    same = (np.diff(places) == 0) & (np.diff(log.product_rows) == 0) & (np.diff(log.customer_rows) == 0)
    once[1:] = ~same
    return once


def _mean_of_nearest(own: sparse.csr_matrix, others: sparse.csr_matrix, n: int) -> NDArray[np.float32]:
    likeness: NDArray[np.float32] = (_unit(own) @ _unit(others).T).toarray()
    # A customer of the fit is most alike to themselves, which is no news; who shares nothing is not alike.
    likeness[(likeness > 1 - 1e-6) | (likeness <= 0)] = -np.inf
    nearest, _ = top_k(likeness, n)
    rows, places = np.nonzero(nearest >= 0)
    share = np.full(len(rows), 1 / max(n, 1), dtype=np.float32)
    picked = sparse.csr_matrix((share, (rows, nearest[rows, places])), shape=likeness.shape)
    if others.shape[0] > MANY_TIMES * n:
        return np.asarray((picked @ others).toarray())
    # Where a good part of all is near, whole columns of customers at once are faster than one cell after another.
    return np.ascontiguousarray((others.T.tocsr() @ picked.T.toarray(order="C")).T)


def _unit(vectors: sparse.csr_matrix) -> sparse.csr_matrix:
    length = np.sqrt(np.asarray(vectors.multiply(vectors).sum(axis=1))).ravel()
    scale = sparse.diags_array((1 / np.maximum(length, 1e-12)).astype(np.float32))
    return sparse.csr_matrix(scale @ vectors)
