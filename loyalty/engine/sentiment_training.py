"""Learn from a shop's own rated reviews how they sound, and say honestly whether that beats a list of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from loyalty.engine.sentiment import Floats, LearntReader, Reader, WordReader, hashed

N_FEATURES = 1 << 15
STRENGTH = 3.0
N_FOLDS = 5
N_RESAMPLES = 300
# Below this nothing can be learnt that a list of words does not know.
MIN_REVIEWS = 500
MIN_EACH_WAY = 50
MIN_PRODUCTS = 10


class TooFewReviews(Exception):
    """There is not enough to learn from; the message says what is missing."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class SentimentResult:
    """What was learnt, and how it stands beside the list of words, on products that it had not seen."""

    reader: LearntReader
    auc_learnt: Estimate
    auc_words: Estimate
    gain: Estimate
    n_reviews: int
    n_products: int

    @property
    def is_better(self) -> bool:
        return self.gain.low > 0


def learn(
    texts: Sequence[str], rating: Floats, product_row: NDArray[np.int64], *, version: str, rng: np.random.Generator
) -> SentimentResult:
    """Fit a logistic regression on hashed words, scored on products left out of each fit.

    Parameters
    ----------
    texts : sequence of str, length n
    rating : (n,) float, between -1 and 1; those at 0 say neither and are left out
    product_row : (n,) int, the product of each review: its reviews are all in the same fold
    version : str
        Goes with every score.
    rng : numpy.random.Generator
        For the intervals, which resample products, not reviews: those of one product are alike.

    Raises
    ------
    TooFewReviews
    """
    said = np.flatnonzero(rating != 0)
    texts, likes, product_row = [texts[int(row)] for row in said], rating[said] > 0, product_row[said]
    _check_enough(likes, product_row)
    matrix = _matrix(texts)
    out_of_fold = np.empty(len(likes))
    for train, test in GroupKFold(N_FOLDS).split(matrix, likes, product_row):
        out_of_fold[test] = _fitted(matrix[train], likes[train]).decision_function(matrix[test])
    learnt, words, gain = _aucs(likes, out_of_fold, WordReader().score(texts), product_row, rng)
    whole = _fitted(matrix, likes)
    reader = LearntReader(
        weights=whole.coef_[0].astype(np.float32), intercept=float(whole.intercept_[0]), version=version
    )
    return SentimentResult(reader, learnt, words, gain, len(likes), len(np.unique(product_row)))


def best_reader(result: SentimentResult) -> Reader:
    return result.reader if result.is_better else WordReader()


def _check_enough(likes: NDArray[np.bool_], product_row: NDArray[np.int64]) -> None:
    counts = {"rated reviews": (len(likes), MIN_REVIEWS), "products": (len(np.unique(product_row)), MIN_PRODUCTS)}
    counts["favourable reviews"] = (int(likes.sum()), MIN_EACH_WAY)
    counts["unfavourable reviews"] = (int((~likes).sum()), MIN_EACH_WAY)
    for noun, (there, needed) in counts.items():
        if there < needed:
            raise TooFewReviews(f"There are {there:,} {noun}; {needed:,} are needed to learn how reviews sound.")


def _matrix(texts: Sequence[str]) -> csr_matrix:
    """Rows of length one, so that a long review does not shout."""
    indices, starts = hashed(texts, N_FEATURES)
    sizes = np.diff(starts)
    values = np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes)
    return csr_matrix((values, indices, starts), shape=(len(texts), N_FEATURES))


def _fitted(matrix: csr_matrix, likes: NDArray[np.bool_]) -> LogisticRegression:
    # Balanced, so that 0 means undecided also where nine of ten reviews praise.
    return LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=200, tol=1e-3).fit(matrix, likes)


def _aucs(
    likes: NDArray[np.bool_], learnt: Floats, words: Floats, product_row: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Estimate, Estimate, Estimate]:
    """Areas under the curve of both, and their difference, with intervals from resampled products."""
    _, group = np.unique(product_row, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(group.max() + 2))
    drawn: list[tuple[float, float]] = []
    while len(drawn) < N_RESAMPLES:
        products = rng.integers(0, group.max() + 1, size=group.max() + 1)
        rows = np.concatenate([order[starts[one] : starts[one + 1]] for one in products])
        if likes[rows].any() and not likes[rows].all():
            drawn.append((_auc(likes[rows], learnt[rows]), _auc(likes[rows], words[rows])))
    samples = np.array(drawn)
    found = (_auc(likes, learnt), _auc(likes, words))
    gain = _estimate(found[0] - found[1], samples[:, 0] - samples[:, 1])
    return _estimate(found[0], samples[:, 0]), _estimate(found[1], samples[:, 1]), gain


def _auc(likes: NDArray[np.bool_], score: Floats) -> float:
    """The chance that a favourable text scores above an unfavourable one, by the sum of ranks; ties count half."""
    n_for, n_against = int(likes.sum()), int((~likes).sum())
    return float((rankdata(score)[likes].sum() - n_for * (n_for + 1) / 2) / (n_for * n_against))


def _estimate(value: float, samples: Floats) -> Estimate:
    low, high = np.quantile(samples, [0.025, 0.975])
    return Estimate(float(value), float(low), float(high))
