"""What is bought in the four weeks that no choice has seen: everything, again, for the first time, and what is new."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from recommender.engine.base import Recommender
from recommender.engine.benchmark import BenchmarkRow, effort, efforts, row
from recommender.engine.metrics import (
    Estimate,
    average_precision_at_k,
    bootstrap_mean,
    bootstrap_ratio,
    coverage,
    diversity,
    ndcg_at_k,
    novelty,
    recall_at_k,
)
from recommender.engine.shop import Shop
from recommender.engine.splits import EvaluationSlice, TemporalSplit, temporal_split

K = 10
WINDOW_DAYS = 28
ALL, REPEATS, FIRST, NEW = "everything", "repeats", "first purchases", "new products"
NDCG = f"ndcg@{K}"
OURS, RULE, PEER = "hybrid", "tifu_knn", "implicit_als"
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Sitting:
    """What one estimator reached.

    Attributes
    ----------
    ndcg : dict of str to ndarray of float64, shape (n,)
        By task, a value a customer.
    first_before : float
        Summed NDCG of first purchases in the window before, by a fit that had not seen it.
    """

    ndcg: dict[str, FloatArray]
    first_before: float


@dataclass(frozen=True)
class Exam:
    """What everybody sits."""

    shop: Shop
    split: TemporalSplit
    rng: np.random.Generator

    def row(self, task: str, name: str, metric: str, found: Estimate | float, **taken: float) -> BenchmarkRow:
        """A row of the table."""
        return row(self.shop, f"last {WINDOW_DAYS} days, {task}", name, metric, found, taken)


def next_purchases(
    shop: Shop, estimators: Mapping[str, Recommender], rng: np.random.Generator
) -> Iterator[BenchmarkRow]:
    """Every estimator on the last four weeks, fitted on all before them; then who beats whom, customer by customer.

    Whatever an estimator chooses, it chooses on the four weeks before those, for each of the two tasks.
    """
    split = temporal_split(
        shop.purchases,
        until=shop.until,
        window_days=WINDOW_DAYS,
        min_customers=shop.min_customers,
        facts=shop.products,
        traits=shop.customers,
    )
    exam, sat = Exam(shop, split, rng), {}
    for name, estimator in estimators.items():
        sat[name] = yield from _sat(exam, name, estimator)
    yield from _compared(exam, sat)


def _sat(exam: Exam, name: str, estimator: Recommender) -> Generator[BenchmarkRow, None, Sitting]:
    split, first_before = exam.split, exam.split.validation.first_purchases()
    with effort() as fitting:
        watched = clone(estimator).fit(split.train, validation=split.validation)
        settled = watched.settled()
        fitted = clone(settled).fit(split.before_test)
    for_first = fitted
    # Who chose nothing for the one task chooses nothing for the other.
    if settled.get_params() != estimator.get_params():
        watched = clone(estimator).fit(split.train, validation=first_before)
        for_first = watched.settled().fit(split.before_test)
    ndcg = {}
    for task, cases in _tasks(split).items():
        judged = for_first if task == FIRST else fitted
        with effort() as scoring:
            items, _ = judged.recommend(cases.history, K, exclude_seen=task == FIRST)
        ndcg[task] = ndcg_at_k(items, cases.answers)
        taken = efforts(fitting, scoring, len(items))
        for metric, found in _figures(exam, task, items, cases).items():
            yield exam.row(task, name, metric, found, **taken)
    before, _ = watched.recommend(first_before.history, K, exclude_seen=True)
    return Sitting(ndcg, float(ndcg_at_k(before, first_before.answers).sum()))


def _tasks(split: TemporalSplit) -> dict[str, EvaluationSlice]:
    """The same ranking against all answers, repeats and new products; first purchases with nothing bought offered."""
    first_sold = split.before_test.history.dated()
    age = np.zeros(len(split.before_test.products))
    np.maximum.at(age, first_sold.product_rows, first_sold.age_days)
    test = split.test
    tasks = {
        ALL: test,
        REPEATS: test.repeat_purchases(),
        FIRST: test.first_purchases(),
        NEW: test.of_products(age <= WINDOW_DAYS),
    }
    return {task: cases for task, cases in tasks.items() if len(cases.customer_rows)}


def _figures(exam: Exam, task: str, items: NDArray[np.int64], cases: EvaluationSlice) -> dict[str, Estimate | float]:
    values = {
        NDCG: ndcg_at_k(items, cases.answers),
        f"recall@{K}": recall_at_k(items, cases.answers),
        f"map@{K}": average_precision_at_k(items, cases.answers),
    }
    data, groups = exam.split.before_test, _groups(exam.split)
    whole_lists = task in (ALL, FIRST)
    if whole_lists:
        values["novelty_bits"] = novelty(items, data.buyers_share())
    if whole_lists and groups is not None:
        values["diversity"] = diversity(items, groups)
    figures: dict[str, Estimate | float] = {name: bootstrap_mean(found, exam.rng) for name, found in values.items()}
    if whole_lists:
        figures["coverage"] = coverage(items, len(data.products))
    return figures


def _groups(split: TemporalSplit) -> NDArray[np.str_] | None:
    """The finest kind of group that holds more than a few products each."""
    facts = split.before_test.facts
    counted = [] if facts is None else [(len(np.unique(of)), kind) for kind, of in facts.labels.items()]
    useful = [(n, kind) for n, kind in counted if 2 <= n <= len(split.before_test.products) / 10]
    return None if facts is None or not useful else facts.labels[max(useful)[1]]


def _compared(exam: Exam, sat: Mapping[str, Sitting]) -> Iterator[BenchmarkRow]:
    """Ours over the strongest simple rule; and for first purchases who did best a window earlier over the peer."""
    if OURS in sat and RULE in sat:
        ratio = bootstrap_ratio(sat[OURS].ndcg[ALL], sat[RULE].ndcg[ALL], exam.rng)
        yield exam.row(ALL, OURS, f"{NDCG} over {RULE}", ratio)
    rivals = {name: one for name, one in sat.items() if name != PEER and FIRST in one.ndcg}
    if PEER in sat and rivals:
        best = max(rivals, key=lambda name: rivals[name].first_before)
        ratio = bootstrap_ratio(sat[best].ndcg[FIRST], sat[PEER].ndcg[FIRST], exam.rng)
        yield exam.row(FIRST, best, f"{NDCG} over {PEER}", ratio)
