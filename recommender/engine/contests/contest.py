"""Let recommenders compete honestly: earlier windows choose one, the last window tests that choice once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone

from recommender.engine.base import Progress, Recommender
from recommender.engine.contests.value import purchases_at_k, revenue_at_k, spent
from recommender.engine.dataset import FRAME_SCHEMA
from recommender.engine.metrics import (
    PRIMARY_METRIC,
    Estimate,
    FloatArray,
    bootstrap_mean,
    coverage,
    hits,
    ndcg_at_k,
    recall_at_k,
)
from recommender.engine.splits import EvaluationSlice, SpanTooShort, TemporalSplit, temporal_split

REVENUE, PURCHASES = "all.revenue", "all.purchases"
N_TIMED = 40


@dataclass(frozen=True)
class Round:
    """One window with everything before it; ``paid`` (money, rows as ``split.test``) where amounts are known."""

    split: TemporalSplit
    paid: sparse.csr_matrix | None

    @property
    def cases(self) -> EvaluationSlice:
        return self.split.test

    @property
    def customer_ids(self) -> NDArray[np.int64]:
        """Keys of the customers scored in this window, shape (n,)."""
        return self.split.before_test.customers.ids[self.cases.customer_rows]


@dataclass(frozen=True)
class Rules:
    """How the rounds are cut: as ``temporal_split``, ``n_earlier`` windows before the test at most."""

    until: datetime
    n_earlier: int = 2
    window_days: int = 28
    min_customers: int = 5
    half_life_days: float | None = None
    facts: pa.Table | None = None
    traits: pa.Table | None = None
    ratings: pa.Table | None = None


@dataclass(frozen=True)
class Played:
    """One recommender in one round.

    Attributes
    ----------
    per_customer : dict of str to ndarray of float64
        ``all.recall``, ``all.ndcg`` over every purchase of the window, ``first.recall``, ``first.ndcg`` over products
        the customer had never bought, none of which was offered (0-1); ``all.purchases`` (products shown and bought)
        and, where amounts are known, ``all.revenue`` (money).
    coverage : dict of str to float
        Share (0-1) of the catalogue offered to somebody, by task: ``all`` and ``first``.
    scores : ndarray of float32, shape (n, k)
        Of the products shown, best first; ``-inf`` where none was left.
    was_hit : ndarray of bool, shape (n, k)
        Whether the product shown was bought.
    """

    per_customer: dict[str, FloatArray]
    coverage: dict[str, float]
    scores: NDArray[np.float32]
    was_hit: NDArray[np.bool_]


@dataclass(frozen=True)
class Entrant:
    """A recommender with all its rounds, the last of which is the test.

    Attributes
    ----------
    estimator : Recommender
        Fitted on all the history before the test window.
    rounds : tuple of Played
        In time order.
    learning_curve : list of dict
        Of the fit that settled it, before every window it is scored on.
    fit_seconds, latency_ms : float
        Wall-clock: all its fitting; one customer's ranking, the median.
    """

    estimator: Recommender
    rounds: tuple[Played, ...]
    learning_curve: list[dict[str, float]]
    fit_seconds: float
    latency_ms: float

    @property
    def test(self) -> Played:
        return self.rounds[-1]

    @property
    def earlier(self) -> tuple[Played, ...]:
        return self.rounds[:-1]


def cut_rounds(purchases: pa.Table, rules: Rules) -> list[Round]:
    """The test round and as many earlier ones as the history holds, in time order.

    Parameters
    ----------
    purchases : pyarrow.Table
        Columns of ``dataset.FRAME_SCHEMA`` and, where known, ``amount``.
    rules : Rules

    Raises
    ------
    SpanTooShort
        When not even the test window can be cut.
    """
    rounds = [_round(purchases, rules)]
    for number in range(1, rules.n_earlier + 1):
        earlier = rules.until - timedelta(days=number * rules.window_days)
        try:
            rounds.insert(0, _round(purchases, replace(rules, until=earlier)))
        except SpanTooShort:
            break
    return rounds


def _round(purchases: pa.Table, rules: Rules) -> Round:
    split = temporal_split(
        purchases.select(FRAME_SCHEMA.names),
        until=rules.until,
        window_days=rules.window_days,
        min_customers=rules.min_customers,
        half_life_days=rules.half_life_days,
        facts=rules.facts,
        traits=rules.traits,
    )
    if rules.ratings is not None:
        split = split.heard(rules.ratings)
    before = split.before_test
    paid = spent(
        purchases,
        since=split.test_since,
        until=split.test_until,
        customers=before.customers,
        products=before.products,
    )
    return Round(split, None if paid is None else paid[split.test.customer_rows])


def compete(
    line_up: Sequence[Recommender], rounds: Sequence[Round], *, k: int, progress: Progress | None = None
) -> list[Entrant]:
    """Fit and score every recommender in every round; one that needs more history than there is stays out.

    Each is settled once, on the validation window of the first round, which lies before every window it is scored on.

    Parameters
    ----------
    line_up : sequence of Recommender
        Unfitted; copies are fitted.
    rounds : sequence of Round
        In time order, the test last.
    k : int
        Length of the rankings.
    progress : callable, optional
        Called with fits done and fits in all, in hundredths; what it raises ends the contest.
    """
    n_fits = len(rounds) + 1
    entrants = []
    for number, one in enumerate(line_up):
        told = None if progress is None else partial(_told, progress, number * n_fits, len(line_up) * n_fits)
        with suppress(SpanTooShort):
            entrants.append(enter(one, rounds, k=k, told=told))
    return entrants


def _told(progress: Progress, before: int, n_fits: int, fit: int, done: int, total: int) -> None:
    progress(100 * (before + fit) + 100 * done // max(total, 1), 100 * n_fits)


def enter(estimator: Recommender, rounds: Sequence[Round], *, k: int, told: partial[None] | None = None) -> Entrant:
    """Settle, fit and score one recommender, as ``compete`` does. Raises SpanTooShort."""
    began = time.perf_counter()
    first = rounds[0].split
    settled, curve, played = clone(estimator), [], []
    if _has_to_settle(estimator):
        watched = clone(estimator).fit(first.train, validation=first.validation, progress=told and partial(told, 0))
        settled, curve = watched.settled(), watched.learning_curve_
    seconds = time.perf_counter() - began
    for number, one in enumerate(rounds, start=1):
        if told is not None:
            told(number, 0, 1)
        began = time.perf_counter()
        fitted = clone(settled).fit(one.split.before_test, progress=told and partial(told, number))
        seconds += time.perf_counter() - began
        played.append(play(fitted, one, k=k))
    return Entrant(fitted, tuple(played), curve, seconds, latency_ms(fitted, rounds[-1].cases, k))


def _has_to_settle(estimator: Recommender) -> bool:
    """Whether a validation window decides anything; where none does, a fit on it would be wasted."""
    return type(estimator).settled is not Recommender.settled


def play(fitted: Recommender, one: Round, *, k: int) -> Played:
    """Score a fitted recommender in one round."""
    cases, fresh = one.cases, one.cases.first_purchases()
    items, scores = fitted.recommend(cases.history, k, exclude_seen=False)
    new_items, _ = fitted.recommend(fresh.history, k, exclude_seen=True)
    per_customer = {
        "all.recall": recall_at_k(items, cases.answers),
        "all.ndcg": ndcg_at_k(items, cases.answers),
        "first.recall": recall_at_k(new_items, fresh.answers),
        "first.ndcg": ndcg_at_k(new_items, fresh.answers),
        PURCHASES: purchases_at_k(items, cases.answers),
    }
    if one.paid is not None:
        per_customer[REVENUE] = revenue_at_k(items, one.paid)
    n_products = cases.answers.shape[1]
    covered = {"all": coverage(items, n_products), "first": coverage(new_items, n_products)}
    return Played(per_customer, covered, scores, hits(items, cases.answers))


def latency_ms(fitted: Recommender, cases: EvaluationSlice, k: int) -> float:
    """Milliseconds to rank the catalogue for one customer, the median over some of them."""
    taken = []
    for row in range(min(N_TIMED, len(cases.history))):
        began = time.perf_counter()
        fitted.recommend(cases.history[row], k, exclude_seen=False)
        taken.append(1000 * (time.perf_counter() - began))
    return float(np.median(taken))


def difference(one: FloatArray, other: FloatArray, rng: np.random.Generator) -> Estimate:
    """Mean paired difference of two arrays over the same customers; above 0 the first is better."""
    return bootstrap_mean(one - other, rng)


def chosen(
    candidates: Sequence[Entrant], rounds: Sequence[Round], rng: np.random.Generator, *, metric: str = PRIMARY_METRIC
) -> int:
    """Position of the candidate that the earlier rounds prefer: the simplest that the best does not surely beat.

    Parameters
    ----------
    candidates : sequence of Entrant
        The simplest first.
    rounds : sequence of Round
        Those they played; the last, the test, has no say. With no earlier one nothing speaks against the simplest.
    rng : numpy.random.Generator

    Notes
    -----
    A customer of several windows counts once, by the mean, for more windows of one customer are no new evidence.
    """
    if len(rounds) < 2:
        return 0
    ids = np.concatenate([one.customer_ids for one in rounds[:-1]])
    values = [_by_customer(ids, np.concatenate([one.per_customer[metric] for one in of.earlier])) for of in candidates]
    best = int(np.argmax([mine.mean() for mine in values]))
    ties = (place for place in range(best) if difference(values[best], values[place], rng).low <= 0)
    return next(ties, best)


def _by_customer(ids: NDArray[np.int64], values: FloatArray) -> FloatArray:
    _, rows = np.unique(ids, return_inverse=True)
    means: FloatArray = np.bincount(rows, weights=values) / np.bincount(rows)
    return means
