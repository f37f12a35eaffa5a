"""Lists in which the brand-new have a place: products that nobody bought yet, customers who bought nothing yet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommender.engine.base import ROWS_PER_BLOCK, Recommender, top_k
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.history import CustomerHistory

# With fewer buyers what was learnt from them is chance.
MIN_BUYERS = 5


class Origin(IntEnum):
    """Which of the three put a product on a list."""

    CHAMPION = 0
    NEW_PRODUCT = 1
    NEW_CUSTOMER = 2


@dataclass(frozen=True)
class Panel:
    """Three recommenders of one catalogue.

    Attributes
    ----------
    champion : Recommender
        For customers and products that are known.
    for_new_products : Recommender
        Scores from facts, such as ``ContentBased`` or ``TwoTower``.
    for_new_customers : Recommender
        Scores from traits, such as ``DemographicPrior``.
    """

    champion: Recommender
    for_new_products: Recommender
    for_new_customers: Recommender


@dataclass(frozen=True)
class Lists:
    """A list a customer, shape (n_customers, k) each.

    Attributes
    ----------
    items : ndarray of int64
        Product rows, best first, ``-1`` where nothing is left.
    origins : ndarray of int8
        An ``Origin`` each.
    """

    items: NDArray[np.int64]
    origins: NDArray[np.int8]

    @classmethod
    def joined(cls, parts: list[Lists]) -> Self:
        """The lists of several blocks of customers."""
        return cls(np.concatenate([part.items for part in parts]), np.concatenate([part.origins for part in parts]))


def cold_products(data: InteractionMatrix, *, min_buyers: int = MIN_BUYERS) -> NDArray[np.bool_]:
    """Products with too few buyers to learn from, shape (n_products,)."""
    return data.customers_per_product() < min_buyers


def blended(
    panel: Panel,
    history: CustomerHistory,
    k: int,
    *,
    cold: NDArray[np.bool_],
    explored_share: float = 0.1,
    exclude_seen: bool = True,
) -> Lists:
    """Recommend to everybody, and give new products a fixed share of the places of those who are known.

    Scores of different recommenders cannot be compared, so it is places that are shared, spread evenly.

    Parameters
    ----------
    panel : Panel
    history : CustomerHistory, shape (n_customers, n_products)
    k : int
        Places a customer.
    cold : ndarray of bool, shape (n_products,)
        Products the champion knows nothing about: they come by ``explored_share`` only.
    explored_share : float
        Share (0–1) of the places that go to such products; rounded, at most as many as there are.
    exclude_seen : bool
        Leave out what the customer has in ``history``.

    Returns
    -------
    Lists
    """
    if not 0 <= explored_share <= 1:
        raise ValueError(f"explored_share is {explored_share}, it must lie between 0 and 1")
    starts = range(0, max(len(history), 1), ROWS_PER_BLOCK)
    blocks = (history[start : start + ROWS_PER_BLOCK] for start in starts)
    return Lists.joined([_block(panel, block, k, cold, explored_share, exclude_seen) for block in blocks])


def _block(
    panel: Panel, history: CustomerHistory, k: int, cold: NDArray[np.bool_], share: float, exclude_seen: bool
) -> Lists:
    unknown = np.diff(history.weights.indptr) == 0
    by_facts = _best(panel.for_new_products, history, ~cold, round(share * k), exclude_seen)
    warm = _best(panel.champion, history, cold, k, exclude_seen)
    lists = _shared(warm, by_facts)
    if unknown.any():
        strangers = np.flatnonzero(unknown)
        lists.items[strangers] = _best(panel.for_new_customers, history[strangers], cold, k, exclude_seen)
        lists.origins[strangers] = Origin.NEW_CUSTOMER
    return lists


def _best(
    recommender: Recommender, history: CustomerHistory, left_out: NDArray[np.bool_], k: int, exclude_seen: bool
) -> NDArray[np.int64]:
    if k == 0:
        return np.zeros((len(history), 0), dtype=np.int64)
    scores = np.array(recommender.score(history), dtype=np.float32)
    scores[:, left_out] = -np.inf
    if exclude_seen:
        scores[history.weights.nonzero()] = -np.inf
    return top_k(scores, k)[0]


def _shared(warm: NDArray[np.int64], explored: NDArray[np.int64]) -> Lists:
    """Every place at the end of an equal stretch goes to an explored product, where there is one."""
    n, k = warm.shape
    here = np.zeros((n, k), dtype=bool)
    places = np.round((np.arange(explored.shape[1]) + 1) * k / max(explored.shape[1], 1)).astype(np.int64) - 1
    here[:, places] = explored >= 0
    from_warm = np.take_along_axis(warm, np.maximum(np.cumsum(~here, axis=1) - 1, 0), axis=1)
    if not explored.shape[1]:
        return Lists(from_warm, np.zeros((n, k), dtype=np.int8))
    from_explored = np.take_along_axis(explored, np.maximum(np.cumsum(here, axis=1) - 1, 0), axis=1)
    origins = np.where(here, Origin.NEW_PRODUCT, Origin.CHAMPION).astype(np.int8)
    return Lists(np.where(here, from_explored, from_warm), origins)
