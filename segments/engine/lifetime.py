"""What customers will order and spend, with intervals that also hold for the shop as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segments.engine.histories import Histories
from segments.engine.orders_to_come import OrdersToCome, TooLittleToFit, Visits, likely_models
from segments.engine.spend_to_come import SpendToCome

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SHORTEST_HISTORY_DAYS = 120
N_MODELS, DRAWS_A_MODEL = 20, 10
CHUNK = 20_000
# Before anything was forecast: totals are usually off by a fifth. It counts for two forecasts.
PRIOR_SPREAD, PRIOR_FORECASTS = 0.2, 2.0
N_ORIGINS = 3
LOW, HIGH = 5, 95
# Groups of customers by the days with an order so far, by the first of each.
GROUP_FROM = (1, 2, 3, 4, 7, 13)
N_BINS = 10


@dataclass(frozen=True)
class Buyers:
    """Everybody who has ordered before a day; all of shape (n,) in the same order.

    Attributes
    ----------
    rows : ndarray of int64
        Their rows in the histories.
    visits : Visits
        In days.
    value : ndarray of float64
        Money of a day with an order, on average, returns taken off.
    spend : ndarray of float64
        Money so far.
    """

    rows: Ints
    visits: Visits
    value: Floats
    spend: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, picked: slice | NDArray[np.generic]) -> Buyers:
        return Buyers(self.rows[picked], self.visits[picked], self.value[picked], self.spend[picked])

    @property
    def valued(self) -> Floats:
        """Days with an order that the value is known from; 0 where more came back than was bought."""
        return np.where(self.value > 0, self.visits.repeats + 1, 0.0)


def buyers(histories: Histories, *, until_day: int) -> Buyers:
    """Everybody with an order before ``until_day``; ages are counted to the end of the day before."""
    known = histories.before(until_day)
    visited = known.visits()
    n = np.bincount(visited.customer, minlength=histories.n_customers)
    rows = np.flatnonzero(n)
    begins = np.searchsorted(visited.customer, rows)
    first, last = visited.day[begins], visited.day[begins + n[rows] - 1]
    spend = np.bincount(known.customer, known.amount, minlength=histories.n_customers)[rows].astype(np.float64)
    seen = Visits(
        n[rows].astype(np.float64) - 1, (last - first).astype(np.float64), (until_day - 1 - first).astype(np.float64)
    )
    return Buyers(rows, seen, spend / n[rows], spend)


@dataclass(frozen=True)
class Wrong:
    """How far an earlier forecast of the whole shop was off: logarithms of actual over expected."""

    orders: float
    value: float


@dataclass(frozen=True)
class Shocks:
    """What all customers share in a draw, on the scale of logarithms, both of shape (n_draws,)."""

    orders: Floats
    value: Floats


@dataclass(frozen=True)
class LifetimeModel:
    """Orders to come, what they are worth, and how wrong the shop's totals are.

    Attributes
    ----------
    orders : OrdersToCome
        In days.
    spend : SpendToCome
    spread, value_spread : float
        Standard deviations of the logarithm of actual over expected of the whole shop, from forecasts as made: of its
        orders, and of what an order is worth.
    likely : tuple of OrdersToCome
        Other models about as likely as ``orders``: how unsure its parameters are.
    """

    orders: OrdersToCome
    spend: SpendToCome
    spread: float
    value_spread: float
    likely: tuple[OrdersToCome, ...]

    @classmethod
    def fitted(cls, known: Buyers, *, wrongs: Sequence[Wrong], rng: np.random.Generator) -> LifetimeModel:
        """The parameters of the largest likelihood.

        Raises
        ------
        TooLittleToFit
        """
        orders = OrdersToCome.fitted(known.visits)
        spend = SpendToCome.fitted(known.valued, known.value)
        spreads = spread_of([one.orders for one in wrongs]), spread_of([one.value for one in wrongs])
        return cls(orders, spend, *spreads, likely_models(orders, known.visits, rng, N_MODELS))

    def expected_value(self, known: Buyers) -> Floats:
        """Money of an order to come, shape (n,)."""
        return self.spend.expected(known.valued, np.maximum(known.value, 0))

    def futures(
        self, known: Buyers, span: float, rng: np.random.Generator, shocks: Shocks
    ) -> tuple[NDArray[np.int64], Floats]:
        """Orders and spend within ``span`` days as they may come, both (n_draws, n).

        Parameters
        ----------
        shocks : Shocks
            Of the whole shop, from `shocks`: the same for all customers, however many at a time.
        """
        parts = np.array_split(shocks.orders, len(self.likely))
        drawn = [
            model.drawn(known.visits, span, rng, len(part), pace=np.exp(part)[:, None])
            for model, part in zip(self.likely, parts, strict=True)
        ]
        orders = np.vstack(drawn)
        values = self.spend.drawn(known.valued, np.maximum(known.value, 0), rng, len(shocks.value))
        return orders, orders * values * np.exp(shocks.value)[:, None]

    def shocks(self, rng: np.random.Generator, n_draws: int = N_MODELS * DRAWS_A_MODEL) -> Shocks:
        """How much busier or quieter, dearer or cheaper the shop may be than expected."""
        drawn = rng.standard_normal((2, n_draws))
        return Shocks(self.spread * drawn[0], self.value_spread * drawn[1])

    def days_until(self, known: Buyers, chance: float) -> Floats:
        """Days until the next order has come with this chance, shape (n,); infinite where it never gets so likely."""
        alive, shape = self.orders.chance_alive(known.visits), self.orders.r + known.visits.repeats
        grown = self.orders.alpha + known.visits.age
        left = 1 - chance / alive
        with np.errstate(divide="ignore", invalid="ignore"):
            days = grown * (np.maximum(left, 0) ** (-1 / shape) - 1)
        return np.where(left > 0, days, np.inf)

    def as_facts(self) -> dict[str, Any]:
        """Plain values, to be written down."""
        parameters = [[one.r, one.alpha, one.a, one.b, one.log_likelihood] for one in (self.orders, *self.likely)]
        spend = [self.spend.p, self.spend.q, self.spend.gamma, self.spend.correlation]
        spreads = {"spread": self.spread, "value_spread": self.value_spread}
        return {"orders": parameters[0], "likely": parameters[1:], "spend": spend, **spreads}

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> LifetimeModel:
        likely = tuple(OrdersToCome(*one) for one in facts["likely"])
        spreads = facts["spread"], facts["value_spread"]
        return cls(OrdersToCome(*facts["orders"]), SpendToCome(*facts["spend"]), *spreads, likely)


@dataclass(frozen=True)
class Outlook:
    """What is expected of customers within the horizon; all of shape (n,), ranges hold nine times in ten."""

    orders: Floats
    orders_low: Floats
    orders_high: Floats
    spend: Floats
    spend_low: Floats
    spend_high: Floats
    alive: Floats
    alive_low: Floats
    alive_high: Floats


@dataclass(frozen=True)
class Totals:
    """Of the whole shop, as drawn: shape (n_draws,)."""

    orders: Floats
    spend: Floats


def outlooks(
    model: LifetimeModel, known: Buyers, horizon_days: int, rng: np.random.Generator
) -> Iterator[tuple[Buyers, Outlook, Totals]]:
    """Customers by the ten thousand, each with what to expect; the totals of all are the sums of the totals."""
    shocks = model.shocks(rng)
    for begin in range(0, len(known), CHUNK):
        some = known[begin : begin + CHUNK]
        orders, spend = model.futures(some, horizon_days, rng, shocks)
        yield (
            some,
            _outlook(model, some, horizon_days, orders, spend),
            Totals(orders.sum(axis=1).astype(float), spend.sum(axis=1)),
        )


def _outlook(model: LifetimeModel, known: Buyers, horizon: int, orders: Ints, spend: Floats) -> Outlook:
    expected = model.orders.expected(known.visits, horizon)
    alive = np.array([one.chance_alive(known.visits) for one in model.likely])
    own = model.orders.chance_alive(known.visits)
    orders_low, orders_high = np.percentile(orders, [LOW, HIGH], axis=0)
    spend_low, spend_high = np.percentile(spend, [LOW, HIGH], axis=0)
    return Outlook(
        orders=expected,
        orders_low=orders_low,
        orders_high=orders_high,
        spend=expected * model.expected_value(known),
        spend_low=spend_low,
        spend_high=spend_high,
        alive=own,
        # Few parameters are drawn, so their range need not hold the likeliest.
        alive_low=np.minimum(np.percentile(alive, LOW, axis=0), own),
        alive_high=np.maximum(np.percentile(alive, HIGH, axis=0), own),
    )


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


def spread_of(wrongs: Sequence[float]) -> float:
    """Standard deviation of the logarithm of actual over expected, drawn towards what is usual before any is known."""
    squares = sum(wrong**2 for wrong in wrongs) + PRIOR_FORECASTS * PRIOR_SPREAD**2
    return float(np.sqrt(squares / (len(wrongs) + PRIOR_FORECASTS)))


def _wrong(histories: Histories, until_day: int, days: int) -> list[Wrong]:
    """How far a forecast from a day on would have been off; nothing where there was too little to fit before it."""
    known = buyers(histories, until_day=until_day)
    try:
        orders_model = OrdersToCome.fitted(known.visits)
        value_model = SpendToCome.fitted(known.valued, known.value)
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


@dataclass(frozen=True)
class Curve:
    """What one customer will have spent by the end of each span, with the range that holds nine times in ten."""

    days: Ints
    spend: Floats
    low: Floats
    high: Floats


def spend_curve(model: LifetimeModel, one: Buyers, days: Ints, rng: np.random.Generator) -> Curve:
    """Of the first customer of ``one``."""
    shocks = model.shocks(rng, 2000)
    value = model.expected_value(one)[0]
    spend, low, high = [], [], []
    for span in days.tolist():
        drawn = model.futures(one[:1], span, rng, shocks)[1][:, 0]
        spend.append(float(model.orders.expected(one.visits, span)[0]) * value)
        low.append(float(np.percentile(drawn, LOW)))
        high.append(float(np.percentile(drawn, HIGH)))
    # Drawn anew for each span: what chance leaves of a step downwards is no news.
    return Curve(days, np.array(spend), np.maximum.accumulate(low), np.maximum.accumulate(high))
