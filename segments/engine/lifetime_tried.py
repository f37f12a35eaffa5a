"""How expectations of orders and spend did on a time that was held out, and the fit that takes this to heart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segments.engine.histories import Histories
from segments.engine.lifetime import CHUNK, HIGH, LOW, Buyers, LifetimeModel, Wrong, buyers
from segments.engine.orders_to_come import OrdersToCome, TooLittleToFit
from segments.engine.spend_to_come import SpendToCome

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SHORTEST_HISTORY_DAYS = 120
N_ORIGINS = 3
# Groups of customers by the days with an order so far, by the first of each.
GROUP_FROM = (1, 2, 3, 4, 7, 13)
N_BINS = 10


@dataclass(frozen=True)
class HeldOut:
    """Expectation and outcome of some customers on a time that was held out, a customer on average."""

    label: str
    n_customers: int
    expected: float
    low: float
    high: float
    actual: float
    actual_low: float
    actual_high: float


@dataclass(frozen=True)
class HoldOut:
    """A fit on the earlier orders beside what then happened.

    Attributes
    ----------
    until_day, days : int
        The day the fit knew nothing of, and how many days were held out from it on.
    orders, spend : HeldOut
        Totals of all customers; ``actual_low`` and ``actual_high`` are the actual itself.
    by_orders : tuple of HeldOut
        Orders, by the number of days with an order before.
    by_spend : tuple of HeldOut
        Spend, by tenths of the customers from the lowest expectation to the highest.
    error, naive_error : float
        Mean absolute error in orders a customer, and that of carrying on at the rate so far.
    """

    until_day: int
    days: int
    orders: HeldOut
    spend: HeldOut
    by_orders: tuple[HeldOut, ...]
    by_spend: tuple[HeldOut, ...]
    error: float
    naive_error: float


@dataclass(frozen=True)
class Lifetime:
    """A fit on everything, and how a fit on less did."""

    model: LifetimeModel
    hold_out: HoldOut


def find_lifetime(histories: Histories, *, as_of_day: int, horizon_days: int, rng: np.random.Generator) -> Lifetime:
    """Fit on all orders before a day, after having tried it on earlier days.

    Parameters
    ----------
    histories : Histories
    as_of_day : int
    horizon_days : int
        How far will be looked ahead; a third of the history is held out at most.
    rng : Generator

    Returns
    -------
    Lifetime

    Raises
    ------
    TooLittleToFit

    Notes
    -----
    Futures drawn customer by customer are too narrow for the shop as a whole, whatever the model: all of them share
    the season and what the shop does. How far earlier forecasts were off is measured at up to three moments and drawn
    with. The forecast that is shown beside its outcome knows only of those that had ended before it was made.
    """
    first = int(histories.day.min()) if len(histories) else as_of_day
    length = as_of_day - first
    if length < SHORTEST_HISTORY_DAYS:
        raise TooLittleToFit(f"There are orders of {length} days; at least {SHORTEST_HISTORY_DAYS} are needed.")
    held = min(horizon_days, length // 3)
    newest = as_of_day - held
    origins = [newest - held * step // 2 for step in range(N_ORIGINS)]
    wrongs = [(origin, wrong) for origin in origins for wrong in _wrong(histories, origin, held)]
    before = [wrong for origin, wrong in wrongs if origin + held <= newest]
    hold_out = _hold_out(histories, newest, held, before, rng)
    known = buyers(histories, until_day=as_of_day)
    return Lifetime(LifetimeModel.fitted(known, wrongs=[wrong for _, wrong in wrongs], rng=rng), hold_out)


def _wrong(histories: Histories, until_day: int, days: int) -> list[Wrong]:
    """How far a forecast from a day on would have been off; nothing where there was too little to fit before it."""
    known = buyers(histories, until_day=until_day)
    some = known.to_fit
    try:
        orders_model = OrdersToCome.fitted(some.visits)
        value_model = SpendToCome.fitted(some.valued, some.value)
    except TooLittleToFit:
        return []
    orders, spend = (max(float(one.sum()), 1.0) for one in _outcome(histories, known, until_day, days))
    expected = orders_model.expected(known.visits, days)
    worth = expected * value_model.expected(known.valued, np.maximum(known.value, 0))
    off = float(np.log(orders / max(expected.sum(), 1.0)))
    return [Wrong(off, float(np.log(spend / max(worth.sum(), 1.0))) - off)]


def _outcome(histories: Histories, known: Buyers, until_day: int, days: int) -> tuple[Floats, Floats]:
    """Days with an order, and money, within the days held out, shape (n,)."""
    later = (histories.day >= until_day) & (histories.day < until_day + days)
    n = histories.n_customers
    orders = np.bincount(histories.customer[later], histories.orders[later] > 0, minlength=n)
    spend = np.bincount(histories.customer[later], histories.amount[later], minlength=n)
    return orders[known.rows].astype(np.float64), spend[known.rows].astype(np.float64)


def _hold_out(
    histories: Histories, until_day: int, days: int, wrongs: Sequence[Wrong], rng: np.random.Generator
) -> HoldOut:
    known = buyers(histories, until_day=until_day)
    model = LifetimeModel.fitted(known, wrongs=wrongs, rng=rng)
    orders, spend = _outcome(histories, known, until_day, days)
    expected = model.orders.expected(known.visits, days)
    worth = expected * model.expected_value(known)
    visits = (known.visits.repeats + 1).astype(np.int64)
    by_orders = np.searchsorted(GROUP_FROM, visits, side="right") - 1
    ranks = np.argsort(np.argsort(worth, kind="stable"), kind="stable")
    by_spend = ranks * N_BINS // max(len(known), 1)
    order_draws, spend_draws = _grouped_draws(model, known, days, rng, by_orders, by_spend)
    naive = known.visits.repeats / np.maximum(known.visits.age, 1) * days
    return HoldOut(
        until_day=until_day,
        days=days,
        orders=_total(expected, order_draws, orders),
        spend=_total(worth, spend_draws, spend),
        by_orders=_groups(_order_labels(), by_orders, expected, order_draws, orders),
        by_spend=_groups([str(tenth) for tenth in range(1, N_BINS + 1)], by_spend, worth, spend_draws, spend),
        error=float(np.abs(expected - orders).mean()),
        naive_error=float(np.abs(naive - orders).mean()),
    )


def _grouped_draws(
    model: LifetimeModel, known: Buyers, days: int, rng: np.random.Generator, by_orders: Ints, by_spend: Ints
) -> tuple[Floats, Floats]:
    """Sums a draw and group: orders by the first grouping, spend by the second."""
    shocks = model.shocks(rng)
    orders = np.zeros((len(shocks.orders), len(GROUP_FROM)))
    spend = np.zeros((len(shocks.orders), N_BINS))
    for begin in range(0, len(known), CHUNK):
        part = slice(begin, begin + CHUNK)
        some_orders, some_spend = model.futures(known[part], days, rng, shocks)
        orders += some_orders @ np.eye(len(GROUP_FROM))[by_orders[part]]
        spend += some_spend @ np.eye(N_BINS)[by_spend[part]]
    return orders, spend


def _total(expected: Floats, draws: Floats, actual: Floats) -> HeldOut:
    low, high = np.percentile(draws.sum(axis=1), [LOW, HIGH])
    total = float(actual.sum())
    return HeldOut("All", len(actual), float(expected.sum()), float(low), float(high), total, total, total)


def _groups(labels: list[str], group: Ints, expected: Floats, draws: Floats, actual: Floats) -> tuple[HeldOut, ...]:
    found = []
    for number, label in enumerate(labels):
        inside = group == number
        n = int(inside.sum())
        if n < 2:
            continue
        low, high = np.percentile(draws[:, number] / n, [LOW, HIGH])
        mean, half = float(actual[inside].mean()), 1.645 * float(actual[inside].std(ddof=1)) / n**0.5
        found.append(
            HeldOut(label, n, float(expected[inside].mean()), float(low), float(high), mean, mean - half, mean + half)
        )
    return tuple(found)


def _order_labels() -> list[str]:
    ends = [*(begin - 1 for begin in GROUP_FROM[1:]), None]
    return [
        f"{begin} or more" if end is None else str(begin) if begin == end else f"{begin} to {end}"
        for begin, end in zip(GROUP_FROM, ends, strict=True)
    ]
