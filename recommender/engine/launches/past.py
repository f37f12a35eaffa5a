"""Products that were never sold before: find them in a shop's past, with what was known then and who bought them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from recommender.engine.attributes import Attributes
from recommender.engine.dataset import InteractionMatrix, purchase_log
from recommender.engine.history import CustomerHistory, PurchaseLog
from recommender.engine.shop import Shop


@dataclass(frozen=True)
class LaunchRule:
    """What counts as a launch, and for how long its buyers are counted.

    Attributes
    ----------
    warm_up_days : int
        A product first sold within so many days of the shop's first purchase may be old.
    newer_than_share : float, optional
        Where keys grow with time: a launch has a key above this share (0–1) of the keys sold in the warm-up. Without
        it every product first sold after the warm-up is a launch, also one that is only rare.
    outcome_days : int
        Buyers are those within so many days of the first sale.
    """

    warm_up_days: int = 91
    newer_than_share: float | None = None
    outcome_days: int = 56


@dataclass(frozen=True)
class LaunchDay:
    """Products first sold on one day.

    Attributes
    ----------
    day : int
        Since midnight (UTC) before the shop's first purchase.
    history : CustomerHistory, shape (n_customers, n_products)
        Of the customers who had bought before, as known when the day began.
    facts : Attributes
        A row each launched product.
    product_ids : ndarray of int64, shape (n_launches,)
    bought : ndarray of bool, shape (n_customers, n_launches)
        Who bought it in time; customers as in ``history``.
    """

    day: int
    history: CustomerHistory
    facts: Attributes
    product_ids: NDArray[np.int64]
    bought: NDArray[np.bool_]


class Launches:
    """The launches of a shop's past.

    Parameters
    ----------
    shop : Shop
    rule : LaunchRule

    Attributes
    ----------
    data : InteractionMatrix
        All purchases with their times, all products and customers, read at the end.
    first_day : ndarray of int64, shape (n_products,)
        Day of the first sale of every product.
    is_launch : ndarray of bool, shape (n_products,)
    n_days : int
        From midnight before the first purchase to midnight after the last.
    midnight : datetime
        Before the first purchase: when day 0 began.
    """

    def __init__(self, shop: Shop, rule: LaunchRule) -> None:
        self.rule = rule
        self.data = _everything(shop)
        self.midnight = _midnight(pc.min(shop.purchases["occurred_at"]).as_py())
        self.n_days = _length_days(shop)
        days = self._days_of_lines()
        self.first_day = np.full(len(self.data.products), self.n_days, dtype=np.int64)
        np.minimum.at(self.first_day, self.log.product_rows, days)
        self.is_launch = self.first_day >= rule.warm_up_days
        if rule.newer_than_share is not None:
            keys = _keys(shop, self.data.products.ids)
            self.is_launch &= keys > np.quantile(keys[~self.is_launch], rule.newer_than_share)

    def known_at(self, day: int) -> InteractionMatrix:
        """Everything as it was known when a day began."""
        return self.data.earlier(self._ago(day))

    def days(self, since: int, until: int) -> Iterator[LaunchDay]:
        """The launches with ``since <= first day < until``, a day at a time, in order."""
        within = self.is_launch & (self.first_day >= since) & (self.first_day < until)
        for day in np.unique(self.first_day[within]).tolist():
            yield self._launched(day, np.flatnonzero(within & (self.first_day == day)))

    def buyers_in_time(self) -> NDArray[np.int64]:
        """Distinct customers of every product within the outcome's days of its first sale, shape (n_products,)."""
        log = self.log
        in_time = self._days_of_lines() < self.first_day[log.product_rows] + self.rule.outcome_days
        bought = log.lines(in_time).matrix(len(self.data.products))
        return np.bincount(bought.indices, minlength=bought.shape[1]).astype(np.int64)

    def _launched(self, day: int, products: NDArray[np.int64]) -> LaunchDay:
        history = self.known_at(day).history
        active = np.flatnonzero(np.diff(history.weights.indptr) > 0)
        facts = self.data.facts or Attributes(len(self.data.products))
        bought = self._buyers(day, products)[active]
        return LaunchDay(day, history[active], facts.rows(products), self.data.products.ids[products], bought)

    def _buyers(self, day: int, products: NDArray[np.int64]) -> NDArray[np.bool_]:
        ago = self._ago(day)
        # Ages count back from the end: the window after the first sale is that before `ago`.
        within = (self.log.age_days <= ago) & (self.log.age_days > ago - self.rule.outcome_days)
        window = self.log.lines(within & np.isin(self.log.product_rows, products))
        return np.asarray(window.matrix(len(self.data.products))[:, products].toarray() > 0)

    def _ago(self, day: int) -> float:
        return float(self.n_days - day)

    def _days_of_lines(self) -> NDArray[np.int64]:
        return np.floor(self.n_days - self.log.age_days.astype(np.float64)).astype(np.int64)

    @property
    def log(self) -> PurchaseLog:
        """Every purchase, read at the end."""
        assert self.data.log is not None
        return self.data.log


def _everything(shop: Shop) -> InteractionMatrix:
    end = _midnight(pc.max(shop.purchases["occurred_at"]).as_py()) + timedelta(days=1)
    bare = InteractionMatrix.from_frame(shop.purchases, until=end)
    log = purchase_log(shop.purchases, until=end, customers=bare.customers, products=bare.products)
    traits = None if shop.customers is None else Attributes.from_frame(shop.customers, "customer_id", bare.customers)
    facts = None if shop.products is None else Attributes.from_frame(shop.products, "product_id", bare.products)
    return bare.described(log=log, traits=traits, facts=facts)


def _keys(shop: Shop, product_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    if shop.keys is None:
        return product_ids
    return np.array([shop.keys[product_id] for product_id in product_ids.tolist()], dtype=np.int64)


def _length_days(shop: Shop) -> int:
    first = pc.min(shop.purchases["occurred_at"]).as_py()
    last = pc.max(shop.purchases["occurred_at"]).as_py()
    return (_midnight(last) - _midnight(first)).days + 1


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
