"""Customers, products and who bought what after a moment: what a model of single purchases learns from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.engine.attributes import Attributes
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.encoding import Encoding
from recommender.engine.history import CustomerHistory
from recommender.engine.launches.affinity import Codes, codes_of
from recommender.engine.launches.past import Launches

# More say nothing new about so few weights.
MOST_CUSTOMERS = 20_000


@dataclass(frozen=True)
class Cases:
    """Every customer of a block with every product of it.

    Attributes
    ----------
    history : CustomerHistory, shape (n_customers, n_products)
        As known at the moment.
    facts : Attributes
        A row each product of the block.
    product_rows : ndarray of int64, shape (n_block,)
        Where they stand in the history's catalogue; ``-1`` for a product that is to be scored as if it were new.
    bought : ndarray of bool, shape (n_customers, n_block)
        Afterwards.
    """

    history: CustomerHistory
    facts: Attributes
    product_rows: NDArray[np.int64]
    bought: NDArray[np.bool_]

    def codes(self, encoding: Encoding) -> Codes:
        """The values of the products."""
        return codes_of(encoding, self.facts, self.product_rows)

    def by_customers(self, n: int) -> Iterator[Cases]:
        """The same in blocks of at most so many customers."""
        for start in range(0, len(self.history), n):
            rows = np.arange(start, min(start + n, len(self.history)))
            yield replace(self, history=self.history[rows], bought=self.bought[rows])


@dataclass(frozen=True)
class LaunchCases:
    """The launches with ``since <= first day < until``, a block a day; they have no sales of their own by then.

    Read anew whenever it is walked through: histories of a hundred days at once would fill the memory.

    Attributes
    ----------
    launches : Launches
    since, until : int
        Days of the shop.
    """

    launches: Launches
    since: int
    until: int

    def __iter__(self) -> Iterator[Cases]:
        for one in self.launches.days(self.since, self.until):
            yield Cases(one.history, one.facts, np.full(len(one.facts), -1, dtype=np.int64), one.bought)


def cases_of_window(
    data: InteractionMatrix,
    *,
    window_days: float,
    n_products: int,
    hidden_share: float,
    rng: np.random.Generator,
) -> Cases:
    """The last days of ``data`` against what was known before them.

    Parameters
    ----------
    data : InteractionMatrix
        With its log. At most ``MOST_CUSTOMERS`` of its customers are looked at.
    window_days : float
    n_products : int
        Products of the block, at most: drawn with chances that grow with the root of their buyers.
    hidden_share : float
        Share (0–1) of them that are to be scored as if they were new.
    rng : numpy.random.Generator

    Raises
    ------
    TimesUnknown
        When there is no log to go back in.
    """
    if len(data.customers) > MOST_CUSTOMERS:
        data = data.rows(np.sort(rng.choice(len(data.customers), MOST_CUSTOMERS, replace=False)))
    before = data.earlier(window_days)
    assert data.log is not None
    after = data.log.latest(window_days).matrix(len(data.products))
    chances = np.sqrt(data.customers_per_product() + 1.0)
    size = min(n_products, len(data.products))
    picked = np.sort(rng.choice(len(data.products), size, replace=False, p=chances / chances.sum()))
    facts = (data.facts or Attributes(len(data.products))).rows(picked)
    rows = np.where(rng.random(size) < hidden_share, -1, picked)
    return Cases(before.history, facts, rows, np.asarray(after[:, picked].toarray() > 0))
