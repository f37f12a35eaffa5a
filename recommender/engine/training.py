"""Fit a recommender and score it once on the window that no choice has seen."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from recommender.engine.base import Progress, Recommender
from recommender.engine.metrics import (
    Estimate,
    bootstrap_mean,
    coverage,
    ndcg_at_k,
    recall_at_k,
)
from recommender.engine.splits import EvaluationSlice, TemporalSplit

PRIMARY_METRIC = "all.recall"


@dataclass(frozen=True)
class TrainingResult:
    """A fitted recommender with what is known about it.

    Attributes
    ----------
    estimator : Recommender
        Fitted on all the history before the test window.
    k : int
        Length of the scored rankings.
    metrics : dict of str to Estimate
        ``all.recall``, ``all.ndcg`` over every purchase of the test window, ``first.recall``, ``first.ndcg``
        over products the customer had never bought; 0–1, 95 % bootstrap interval over customers.
    coverage : dict of str to float
        Share (0–1) of the catalogue offered to somebody, by task.
    per_customer : dict of str to ndarray of float64
        The values behind ``metrics``, for paired comparisons.
    params : dict
        Constructor arguments as settled by the validation window.
    data_fingerprint : str
        Of the matrix the estimator was fitted on.
    learning_curve : list of dict
        Of the fit that was watched on the validation window.
    fit_seconds : float
        Wall-clock seconds of all fitting.
    """

    estimator: Recommender
    k: int
    metrics: dict[str, Estimate]
    coverage: dict[str, float]
    per_customer: dict[str, NDArray[np.float64]]
    params: dict[str, Any]
    data_fingerprint: str
    learning_curve: list[dict[str, float]]
    fit_seconds: float


def fit_and_evaluate(
    estimator: Recommender,
    split: TemporalSplit,
    *,
    k: int,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> TrainingResult:
    """Settle the estimator on the validation window, refit on everything before the test, score it there.

    Parameters
    ----------
    estimator : Recommender
        Left unfitted: copies are fitted.
    split : TemporalSplit
    k : int
    rng : numpy.random.Generator
        For the bootstrap.
    progress : callable, optional
        Called with passes done and passes at most, of both fits together.

    Returns
    -------
    TrainingResult
    """
    started = time.perf_counter()
    first_half = None if progress is None else lambda done, total: progress(done, 2 * total)
    watched = clone(estimator).fit(split.train, validation=split.validation, progress=first_half)
    second_half = None if progress is None else lambda done, total: progress(total + done, 2 * total)
    final = watched.settled().fit(split.before_test, progress=second_half)
    seconds = time.perf_counter() - started
    per_customer, covered = evaluate(final, split.test, k=k)
    return TrainingResult(
        estimator=final,
        k=k,
        metrics={name: bootstrap_mean(values, rng) for name, values in per_customer.items() if len(values)},
        coverage=covered,
        per_customer=per_customer,
        params=final.get_params(),
        data_fingerprint=split.before_test.fingerprint,
        learning_curve=watched.learning_curve_,
        fit_seconds=seconds,
    )


def evaluate(
    estimator: Recommender, test: EvaluationSlice, *, k: int
) -> tuple[dict[str, NDArray[np.float64]], dict[str, float]]:
    """Score a fitted recommender on both tasks.

    Returns
    -------
    per_customer : dict of str to ndarray of float64
        As in ``TrainingResult``.
    coverage : dict of str to float
        By task: ``all`` (anything may be offered) and ``first`` (nothing bought before is offered).
    """
    per_customer: dict[str, NDArray[np.float64]] = {}
    covered: dict[str, float] = {}
    tasks = {"all": (test, False), "first": (test.first_purchases(), True)}
    for task, (cases, exclude_seen) in tasks.items():
        items, _ = estimator.recommend(cases.history, k, exclude_seen=exclude_seen)
        per_customer[f"{task}.recall"] = recall_at_k(items, cases.answers)
        per_customer[f"{task}.ndcg"] = ndcg_at_k(items, cases.answers)
        covered[task] = coverage(items, cases.answers.shape[1])
    return per_customer, covered


def advantage(
    challenger: TrainingResult,
    baseline: TrainingResult,
    rng: np.random.Generator,
    *,
    metric: str = PRIMARY_METRIC,
) -> Estimate:
    """Mean difference, customer by customer, on the same test window; above 0 the challenger is better.

    Raises
    ------
    ValueError
        When the two were not scored on the same data.
    """
    if challenger.data_fingerprint != baseline.data_fingerprint or challenger.k != baseline.k:
        raise ValueError("the two results were not scored on the same data")
    return bootstrap_mean(challenger.per_customer[metric] - baseline.per_customer[metric], rng)
