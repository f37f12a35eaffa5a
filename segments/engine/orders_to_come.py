"""How many orders a customer has yet to make, and whether they are still a customer (BG/NBD)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

FloatArray = NDArray[np.float64]
START = np.zeros(4)
MIN_CUSTOMERS, MIN_REPEATERS = 100, 30
# Of logarithms of parameters, for differences.
STEP = 0.01


class TooLittleToFit(Exception):
    """There are too few customers, or too few who came again; the message says which."""


@dataclass(frozen=True)
class Visits:
    """What the model has to know of every customer. Orders of one day count as one.

    Attributes
    ----------
    repeats : ndarray of float64, shape (n,)
        Days with an order after the first such day.
    recency : ndarray of float64, shape (n,)
        Time from the first order to the last; 0 where there is only one. Any unit, the same in all.
    age : ndarray of float64, shape (n,)
        Time from the first order to now.
    """

    repeats: FloatArray
    recency: FloatArray
    age: FloatArray

    def __len__(self) -> int:
        return len(self.repeats)

    def __getitem__(self, picked: slice | NDArray[np.generic]) -> Visits:
        return Visits(self.repeats[picked], self.recency[picked], self.age[picked])


def visits(customer_rows: NDArray[np.int64], days: NDArray[np.int64], *, until_day: int) -> Visits:
    """Visits from a log of orders.

    Parameters
    ----------
    customer_rows : ndarray of int64, shape (n_orders,)
        From 0; every customer up to the largest has an order before ``until_day``.
    days : ndarray of int64, shape (n_orders,)
        Number of the day of every order.
    until_day : int
        Orders on or after it do not count; ages are counted to the end of the day before.

    Returns
    -------
    Visits
        In days, one a customer row.
    """
    known = days < until_day
    visited = np.unique(np.column_stack([customer_rows[known], days[known]]), axis=0)
    first_rows = np.flatnonzero(np.diff(visited[:, 0], prepend=-1))
    counts = np.diff(first_rows, append=len(visited))
    first, last = visited[first_rows, 1], visited[first_rows + counts - 1, 1]
    return Visits(counts - 1.0, (last - first).astype(np.float64), (until_day - 1 - first).astype(np.float64))


@dataclass(frozen=True)
class OrdersToCome:
    """A fitted BG/NBD model: customers order at rates of their own and may leave after any order.

    Attributes
    ----------
    r, alpha : float
        Rates are gamma distributed with shape ``r`` and rate ``alpha``, in the unit of time of the visits.
    a, b : float
        The chance to leave after an order is beta distributed.
    log_likelihood : float

    References
    ----------
    Fader, Hardie, Lee: "Counting Your Customers" the Easy Way, Marketing Science 2005.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    @classmethod
    def fitted(cls, visits: Visits) -> OrdersToCome:
        """The parameters of the largest likelihood.

        Raises
        ------
        TooLittleToFit
        """
        _check(visits)
        rows, counts = np.unique(
            np.column_stack([visits.repeats, visits.recency, visits.age]), axis=0, return_counts=True
        )
        # Customers alike are weighed instead of repeated, and time is measured in its own mean: both for speed only.
        scale = visits.age.mean()
        alike = Visits(rows[:, 0], rows[:, 1] / scale, rows[:, 2] / scale)

        def cost(logs: FloatArray) -> float:
            return -float(counts @ log_likelihoods(np.exp(logs), alike)) / len(visits)

        found = minimize(cost, START, method="L-BFGS-B", bounds=[(-7, 7)] * 4, options={"ftol": 1e-13, "gtol": 1e-8})
        r, alpha, a, b = np.exp(found.x)
        total = log_likelihoods(np.array([r, alpha * scale, a, b]), visits).sum()
        return cls(float(r), float(alpha * scale), float(a), float(b), float(total))

    def chance_alive(self, visits: Visits) -> FloatArray:
        """Chance (0–1) that a customer has not left, shape (n,)."""
        odds = np.exp(self._log_odds_left(visits))
        return np.asarray(1 / (1 + odds))

    def expected(self, visits: Visits, span: float) -> FloatArray:
        """Orders to expect of every customer within the next ``span`` of time, shape (n,)."""
        x, grown = visits.repeats, self.alpha + visits.age
        shrunk = (grown / (grown + span)) ** (self.r + x)
        curve = hyp2f1(self.r + x, self.b + x, self.a + self.b + x - 1, span / (grown + span))
        # The formula has a hole at a = 1, where its limit is finite: a hair beside it is as good.
        spread = self.a - 1 if abs(self.a - 1) > 1e-9 else 1e-9
        orders = (self.a + self.b + x - 1) / spread * (1 - shrunk * curve)
        return np.asarray(orders * self.chance_alive(visits))

    def drawn(
        self, visits: Visits, span: float, rng: np.random.Generator, n_draws: int, pace: FloatArray | float = 1.0
    ) -> NDArray[np.int64]:
        """Orders within the next ``span`` as they may come, shape (n_draws, n): a draw is one possible future.

        Rate and chance to leave are drawn from what is known of the customer, then the orders. ``pace`` makes all
        rates of a draw faster or slower, shape (n_draws, 1).
        """
        shape = (n_draws, len(visits))
        alive = rng.random(shape) < self.chance_alive(visits)
        rates = rng.gamma(self.r + visits.repeats, 1 / (self.alpha + visits.age), shape)
        chances = rng.beta(self.a, self.b + visits.repeats, shape)
        orders = rng.poisson(rates * span * pace)
        # They stay for the order after which they leave.
        last = rng.geometric(np.maximum(chances, 1e-12))
        return np.asarray(np.where(alive, np.minimum(orders, last), 0))

    def _log_odds_left(self, visits: Visits) -> FloatArray:
        came_again = visits.repeats > 0
        waited = (self.r + visits.repeats) * (np.log(self.alpha + visits.age) - np.log(self.alpha + visits.recency))
        odds = np.log(self.a) - np.log(self.b + np.maximum(visits.repeats, 1) - 1) + waited
        # Nobody leaves before their first order after the first: the model says so.
        return np.where(came_again, odds, -np.inf)


def likely_models(
    model: OrdersToCome, visits: Visits, rng: np.random.Generator, n_models: int
) -> tuple[OrdersToCome, ...]:
    """Models whose parameters are drawn around the likeliest, as far away as the data leave room.

    Logarithms of the parameters are taken for normal with the inverse of the observed information, found by
    differences, as their covariance.

    References
    ----------
    Efron, Hinkley: Assessing the Accuracy of the Maximum Likelihood Estimator, Biometrika 1978.
    """
    rows, counts = np.unique(np.column_stack([visits.repeats, visits.recency, visits.age]), axis=0, return_counts=True)
    alike = Visits(rows[:, 0], rows[:, 1], rows[:, 2])
    best = np.log([model.r, model.alpha, model.a, model.b])

    def total(logs: FloatArray) -> float:
        return float(counts @ log_likelihoods(np.exp(logs), alike))

    steps = STEP * np.eye(4)
    curvature = np.array([[_mixed(total, best, one, other) for other in steps] for one in steps])
    values, vectors = np.linalg.eigh(-curvature)
    # A direction that the data say nothing of would be infinitely wide: one unit of logarithm is wide enough.
    scale = 1 / np.sqrt(np.maximum(values, 1.0))
    logs = best + (rng.standard_normal((n_models, 4)) * scale) @ vectors.T
    return tuple(
        OrdersToCome(float(r), float(alpha), float(a), float(b), total(np.log([r, alpha, a, b])))
        for r, alpha, a, b in np.exp(logs)
    )


def _mixed(total: Callable[[FloatArray], float], at: FloatArray, one: FloatArray, other: FloatArray) -> float:
    """The second derivative along two steps, by central differences."""
    corners = total(at + one + other) - total(at + one - other) - total(at - one + other) + total(at - one - other)
    return corners / (4 * STEP**2)


def log_likelihoods(parameters: FloatArray, visits: Visits) -> FloatArray:
    """Of every customer under (r, alpha, a, b), shape (n,)."""
    r, alpha, a, b = parameters
    x = visits.repeats
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
    stays = -(r + x) * np.log(alpha + visits.age)
    leaves = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + visits.recency)
    return np.asarray(common + np.where(x > 0, np.logaddexp(stays, leaves), stays))


def _check(visits: Visits) -> None:
    n_repeaters = int((visits.repeats > 0).sum())
    if len(visits) < MIN_CUSTOMERS:
        raise TooLittleToFit(f"There are {len(visits)} customers; at least {MIN_CUSTOMERS} are needed.")
    if n_repeaters < MIN_REPEATERS:
        raise TooLittleToFit(f"Only {n_repeaters} customers came again; at least {MIN_REPEATERS} are needed.")
