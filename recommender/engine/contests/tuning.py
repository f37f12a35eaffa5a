"""Search a recommender's own space on windows before the test: the defaults stay unless something is surely better."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.base import clone

from recommender.engine.base import Recommender
from recommender.engine.contests.contest import Round, Rules, cut_rounds, difference, enter
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.metrics import PRIMARY_METRIC, Estimate, FloatArray, bootstrap_mean
from recommender.engine.space import Dimension, OneOf
from recommender.engine.splits import EvaluationSlice

HALF_LIFE = "half_life_days"
HALF_LIVES: tuple[float | None, ...] = (30.0, 60.0, 90.0, 120.0, 180.0, 365.0, None)
Told = Callable[[int, float], None]
Params = dict[str, Any]


class Search(Protocol):
    """Whoever proposes the next settings and learns what they were worth."""

    def ask(self, space: Mapping[str, Dimension]) -> Params:
        """A value for every dimension."""

    def tell(self, value: float) -> None:
        """What the settings last asked for were worth; higher is better."""


@dataclass(frozen=True)
class Trial:
    """One try: settings (with the half-life), mean over customers with its interval, and seconds it took."""

    number: int
    params: Params
    value: Estimate
    seconds: float


@dataclass(frozen=True)
class Tuned:
    """What the search found.

    Attributes
    ----------
    trials : tuple of Trial
        In order; the first has the defaults.
    best : Trial
        The highest, or the first when none is surely better.
    gain : Estimate
        Of the highest over the defaults, customer by customer, 95 %.
    """

    trials: tuple[Trial, ...]
    best: Trial
    gain: Estimate


@dataclass(frozen=True)
class Budget:
    """No further try begins after so many seconds or tries."""

    seconds: float
    n_trials: int = 200


def tune(
    estimator: Recommender,
    purchases: pa.Table,
    rules: Rules,
    search: Search,
    *,
    budget: Budget,
    rng: np.random.Generator,
    told: Told | None = None,
) -> Tuned:
    """Try settings on the windows before the test window of ``rules``, which is cut off before anything is read.

    Parameters
    ----------
    estimator : Recommender
        With the defaults; copies are fitted.
    purchases : pyarrow.Table
        As ``contest.cut_rounds`` wants them.
    rules : Rules
        Of the training to come: ``until`` ends its test window, ``half_life_days`` is the default.
    search : Search
    budget : Budget
    rng : numpy.random.Generator
        For the bootstrap.
    told : callable, optional
        Called with tries done and the share (0-1) of the budget that is spent; what it raises ends the search.

    Raises
    ------
    SpanTooShort
        When there is no window before the test.
    """
    rounds = _earlier_rounds(purchases, rules)
    space: dict[str, Dimension] = {**estimator.space, HALF_LIFE: OneOf(HALF_LIVES)}
    defaults = {name: value for name, value in estimator.get_params().items() if name in estimator.space}
    began = time.monotonic()
    trials: list[Trial] = []
    values: list[FloatArray] = []
    params: Params = {**defaults, HALF_LIFE: rules.half_life_days}
    while True:
        started = time.monotonic()
        values.append(_values(estimator, params, rounds))
        now = time.monotonic()
        trials.append(Trial(len(trials), params, bootstrap_mean(values[-1], rng), now - started))
        spent = max((now - began) / budget.seconds, len(trials) / budget.n_trials)
        if told is not None:
            told(len(trials), min(spent, 1.0))
        if spent >= 1:
            break
        if len(trials) > 1:
            search.tell(trials[-1].value.mid)
        params = search.ask(space)
    return _settled(trials, values, rng)


def _earlier_rounds(purchases: pa.Table, rules: Rules) -> list[Round]:
    test_since = rules.until - timedelta(days=rules.window_days)
    instant = purchases.schema.field("occurred_at").type
    known = purchases.filter(pc.less(purchases["occurred_at"], pa.scalar(test_since, instant)))
    before = replace(rules, until=test_since, n_earlier=max(rules.n_earlier - 1, 0), half_life_days=None)
    return cut_rounds(known, before)


def _values(estimator: Recommender, params: Params, rounds: list[Round]) -> FloatArray:
    """One value a customer of a window."""
    settings = {name: value for name, value in params.items() if name != HALF_LIFE}
    tried = clone(estimator).set_params(**settings)
    entrant = enter(tried, [_aged(one, params[HALF_LIFE]) for one in rounds], k=10)
    return np.concatenate([played.per_customer[PRIMARY_METRIC] for played in entrant.rounds])


def _settled(trials: list[Trial], values: list[FloatArray], rng: np.random.Generator) -> Tuned:
    best = max(trials, key=lambda trial: trial.value.mid)
    gain = difference(values[best.number], values[0], rng)
    return Tuned(tuple(trials), best if gain.low > 0 else trials[0], gain)


def _aged(one: Round, half_life_days: float | None) -> Round:
    """The same round with weights aged by another half-life, out of the log."""
    split = one.split
    return replace(
        one,
        split=replace(
            split,
            train=_matrix(split.train, half_life_days),
            before_test=_matrix(split.before_test, half_life_days),
            validation=_cases(split.validation, half_life_days),
            test=_cases(split.test, half_life_days),
        ),
    )


def _matrix(data: InteractionMatrix, half_life_days: float | None) -> InteractionMatrix:
    weights = data.history.dated().matrix(len(data.products), half_life_days=half_life_days)
    return replace(data, matrix=weights, half_life_days=half_life_days)


def _cases(cases: EvaluationSlice, half_life_days: float | None) -> EvaluationSlice:
    known = cases.history
    weights = known.dated().matrix(known.shape[1], half_life_days=half_life_days)
    return replace(cases, history=replace(known, weights=weights))
