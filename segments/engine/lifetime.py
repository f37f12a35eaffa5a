"""What customers will order and spend, with intervals that also hold for the shop as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segments.engine.histories import Histories
from segments.engine.orders_to_come import OrdersToCome, Visits, likely_models
from segments.engine.spend_to_come import SpendToCome

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

N_MODELS, DRAWS_A_MODEL = 20, 10
CHUNK = 20_000
# Six parameters are known to a hundredth from so many; a million only take ten times as long.
FITTED_AT_MOST = 100_000
# Before anything was forecast: totals are usually off by a fifth. It counts for two forecasts.
PRIOR_SPREAD, PRIOR_FORECASTS = 0.2, 2.0
LOW, HIGH = 5, 95


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
    def to_fit(self) -> Buyers:
        """Evenly picked customers to fit on: all, or as many as are enough; the same every time."""
        return self[:: max(-(-len(self) // FITTED_AT_MOST), 1)]

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
        some = known.to_fit
        orders, spend = OrdersToCome.fitted(some.visits), SpendToCome.fitted(some.valued, some.value)
        spreads = spread_of([one.orders for one in wrongs]), spread_of([one.value for one in wrongs])
        return cls(orders, spend, *spreads, likely_models(orders, some.visits, rng, N_MODELS))

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


def spread_of(wrongs: Sequence[float]) -> float:
    """Standard deviation of the logarithm of actual over expected, drawn towards what is usual before any is known."""
    squares = sum(wrong**2 for wrong in wrongs) + PRIOR_FORECASTS * PRIOR_SPREAD**2
    return float(np.sqrt(squares / (len(wrongs) + PRIOR_FORECASTS)))


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
