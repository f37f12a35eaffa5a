"""Cases in which a customer went without a product they used to buy, and what they took instead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.engine.ids import IdMap


@dataclass(frozen=True)
class Habit:
    """Who is used to a product.

    Attributes
    ----------
    memory_days : float
        How far back is looked.
    min_days : int
        Bought on at least so many days of them.
    """

    memory_days: float = 168.0
    min_days: int = 4


@dataclass(frozen=True)
class Lines:
    """Purchase lines as arrays of one length.

    Attributes
    ----------
    customer_ids, product_rows : ndarray of int64
    days : ndarray of float64
        When, in days of any calendar.
    """

    customer_ids: NDArray[np.int64]
    product_rows: NDArray[np.int64]
    days: NDArray[np.float64]


@dataclass(frozen=True)
class Stockout:
    """A customer who went without a product in a window.

    Attributes
    ----------
    customer_id : int
    product_row : int
    taken_rows : ndarray of int64
        What they bought in the window for the first time ever; at least one.
    """

    customer_id: int
    product_row: int
    taken_rows: NDArray[np.int64]


def stockouts(
    lines: Lines, *, since: float, until: float, needs: NDArray[np.int64] | None, habit: Habit | None = None
) -> list[Stockout]:
    """Customers for whom a product might as well have been out of stock from ``since`` until ``until``.

    They were used to it: bought it on several days, so often that the window would have held one more purchase, and not
    long ago. They did not buy it in the window, and bought there something they had never bought. Nothing else enters:
    neither baskets nor what other customers did, by which the rankings in question are made.

    Parameters
    ----------
    lines : Lines
    since, until : float
        Days of the same calendar; half-open.
    needs : ndarray of int64, shape (n_products,), optional
        Where given, only a product of the same need counts as taken instead; ``-1`` counts as none.
    habit : Habit, optional
    """
    habit = habit or Habit()
    n = int(lines.product_rows.max(initial=0)) + 1
    cells = lines.customer_ids * n + lines.product_rows
    before, within = lines.days < since, (lines.days >= since) & (lines.days < until)
    used_to = _used_to(cells[before], lines.days[before], since, until - since, habit)
    bought = np.unique(cells[within])
    missed = used_to[~np.isin(used_to, bought)]
    fresh = bought[~np.isin(bought, cells[before])]
    starts = np.searchsorted(fresh // n, np.arange(int(lines.customer_ids.max(initial=0)) + 2))
    found = []
    for cell in missed.tolist():
        customer, product = divmod(cell, n)
        taken = fresh[starts[customer] : starts[customer + 1]] % n
        if needs is not None:
            taken = taken[(needs[taken] == needs[product]) & (needs[product] >= 0)]
        if len(taken):
            found.append(Stockout(customer, product, taken))
    return found


def _used_to(
    cells: NDArray[np.int64], days: NDArray[np.float64], since: float, window_days: float, habit: Habit
) -> NDArray[np.int64]:
    """Pairs of customer and product of which one more purchase was due in the window."""
    lately = days >= since - habit.memory_days
    visits = np.unique(np.stack([cells[lately], np.floor(days[lately]).astype(np.int64)]), axis=1)
    pairs, first, n_days = np.unique(visits[0], return_index=True, return_counts=True)
    began, last = visits[1][first], visits[1][first + n_days - 1]
    gap = (last - began) / np.maximum(n_days - 1, 1)
    regular = (n_days >= habit.min_days) & (gap <= 0.75 * window_days) & (since - last <= 2 * gap + 7)
    return np.asarray(pairs[regular], dtype=np.int64)


def hit_rates(cases: list[Stockout], lists: dict[int, NDArray[np.int64]]) -> NDArray[np.float64]:
    """Share of a customer's cases in which the list of the missed product names something really taken.

    Parameters
    ----------
    cases : list of Stockout
    lists : dict of int to ndarray of int64
        Product rows to offer instead, by the row of the missed product.

    Returns
    -------
    ndarray of float64, shape (n_customers,)
        In the order of the customers' keys: the same for every ranking, so that rankings can be compared in pairs.
    """
    nothing = np.zeros(0, dtype=np.int64)
    hits = [bool(np.isin(case.taken_rows, lists.get(case.product_row, nothing)).any()) for case in cases]
    who = IdMap([case.customer_id for case in cases]).rows_of([case.customer_id for case in cases])
    return np.asarray(np.bincount(who, weights=hits) / np.bincount(who))
