"""What every customer bought on which day, and how they stood at any moment of the past."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Standing:
    """How customers stand at the beginning of a day; all of shape (n_customers,).

    Attributes
    ----------
    has_ordered : ndarray of bool
        Where it is False, the others mean nothing.
    recency_days : ndarray of int64
        Days since the last order.
    orders : ndarray of int64
        Orders so far.
    spend : ndarray of float64
        Money so far, returns taken off.
    """

    has_ordered: Flags
    recency_days: Ints
    orders: Ints
    spend: Floats


@dataclass(frozen=True)
class Histories:
    """One row a customer and day, by customer and then by day.

    Attributes
    ----------
    customer : ndarray of int64, shape (n_rows,)
        Row of the customer, from 0, not falling.
    day : ndarray of int64, shape (n_rows,)
        Number of the day, rising within a customer.
    orders : ndarray of int64, shape (n_rows,)
        Orders of that day; 0 where something only came back.
    amount : ndarray of float64, shape (n_rows,)
        Money of that day; below 0 where more came back than was bought.
    n_customers : int
        Those without a row count, too.
    """

    customer: Ints
    day: Ints
    orders: Ints
    amount: Floats
    n_customers: int

    def __len__(self) -> int:
        return len(self.day)

    def visits(self) -> Histories:
        """Only the days on which somebody ordered."""
        kept = self.orders > 0
        return Histories(self.customer[kept], self.day[kept], self.orders[kept], self.amount[kept], self.n_customers)

    def of_some(self, at_most: int) -> Histories:
        """Only evenly picked customers, `at_most` of all; the same every time, each still in their row."""
        kept = self.customer % max(-(-self.n_customers // at_most), 1) == 0
        return Histories(self.customer[kept], self.day[kept], self.orders[kept], self.amount[kept], self.n_customers)

    def before(self, day: int) -> Histories:
        """Only what happened before a day."""
        kept = self.day < day
        return Histories(self.customer[kept], self.day[kept], self.orders[kept], self.amount[kept], self.n_customers)

    @cached_property
    def opening(self) -> Ints:
        """The customer's first row, for every row."""
        return np.searchsorted(self.customer, self.customer).astype(np.int64)

    @cached_property
    def _keys(self) -> Ints:
        return self.customer * self._span + (self.day - self._first)

    @cached_property
    def _first(self) -> int:
        return int(self.day.min()) if len(self) else 0

    @cached_property
    def _span(self) -> int:
        return int(self.day.max()) - self._first + 2 if len(self) else 1

    def last_rows(self, day: int) -> Ints:
        """The last row of every customer before ``day``, shape (n_customers,); -1 where there is none."""
        customers = np.arange(self.n_customers)
        wanted = customers * self._span + min(max(day - self._first, 0), self._span - 1)
        rows = np.searchsorted(self._keys, wanted) - 1
        found = (rows >= 0) & (self.customer[rows] == customers) if len(self) else np.zeros(self.n_customers, bool)
        return np.where(found, rows, -1).astype(np.int64)

    @cached_property
    def _running(self) -> tuple[Ints, Floats, Ints]:
        """Orders and money so far and the last day with an order, the row itself included."""
        orders, money = np.cumsum(self.orders), np.cumsum(self.amount)
        before = self.opening
        last_visit = np.maximum.accumulate(np.where(self.orders > 0, np.arange(len(self)), -1)) if len(self) else before
        return (
            orders - (orders[before] - self.orders[before]),
            money - (money[before] - self.amount[before]),
            last_visit,
        )

    def standing(self, day: int) -> Standing:
        """How everybody stands at the beginning of ``day``; nothing of that day or later is known."""
        rows = self.last_rows(day)
        if not len(self):
            nothing = np.zeros(self.n_customers, np.int64)
            return Standing(nothing > 0, nothing, nothing, nothing.astype(np.float64))
        orders, money, last_visit = self._running
        has_ordered = (rows >= 0) & (orders[rows] > 0)
        return Standing(
            has_ordered=has_ordered,
            recency_days=np.where(has_ordered, day - self.day[last_visit[rows]], 0),
            orders=np.where(has_ordered, orders[rows], 0),
            spend=np.where(has_ordered, money[rows], 0.0),
        )
