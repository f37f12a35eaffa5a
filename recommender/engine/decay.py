"""How fast a purchase grows old: the half-life that earlier windows prefer, or none when age does not matter.

Decay is exp(-lambda * age), shown as the half-life ln 2 / lambda. Several windows before the last one choose; the last
one is looked at once, to say what the choice was worth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.base import clone

from recommender.engine.base import Recommender
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.ease import Ease
from recommender.engine.frequency import PersonalFrequency
from recommender.engine.ids import IdMap
from recommender.engine.metrics import Estimate, bootstrap_mean, ndcg_at_k
from recommender.engine.splits import EvaluationSlice, SpanTooShort, evaluation_slice

# Days; None is no decay, and always among the candidates.
HALF_LIVES: tuple[float | None, ...] = (7.0, 14.0, 30.0, 60.0, 90.0, 120.0, 180.0, 365.0, None)
FloatArray = NDArray[np.float64]
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class DecayTask:
    """What is predicted, and by which recommender.

    Attributes
    ----------
    name : str
    estimator : Recommender
        Unfitted; copies are fitted.
    only_first : bool
        Only products that the customer had never bought count, and only they are offered.
    """

    name: str
    estimator: Recommender
    only_first: bool


BUY_AGAIN = DecayTask("buy_again", PersonalFrequency(), only_first=False)
DISCOVER = DecayTask("discover", Ease(), only_first=True)
TASKS = (BUY_AGAIN, DISCOVER)


@dataclass(frozen=True)
class DecayGrid:
    """What the earlier windows said of every candidate.

    Attributes
    ----------
    half_lives : tuple of float or None
        Days; the last is None.
    ndcg : tuple of Estimate
        NDCG@k, 0-1, with a 95 % interval over customers.
    gain : tuple of Estimate
        The same customers' NDCG less what they have without decay; paired, 95 %.
    windows : tuple of (datetime, datetime)
        Half-open, in time order.
    n_customers : int
    """

    half_lives: tuple[float | None, ...]
    ndcg: tuple[Estimate, ...]
    gain: tuple[Estimate, ...]
    windows: tuple[tuple[datetime, datetime], ...]
    n_customers: int


@dataclass(frozen=True)
class HalfLife:
    """The choice, and what it was worth on the window that had no say in it.

    Attributes
    ----------
    task : str
    days : float or None
        None: age does not matter, or not surely.
    grid : DecayGrid
    test_ndcg, test_ndcg_without, test_gain : Estimate
        On the last window: with the choice, without decay, and the paired difference.
    test_window : (datetime, datetime)
    """

    task: str
    days: float | None
    grid: DecayGrid
    test_ndcg: Estimate
    test_ndcg_without: Estimate
    test_gain: Estimate
    test_window: tuple[datetime, datetime]


@dataclass(frozen=True)
class Span:
    """How the time before `until` is cut, and what is scored.

    Attributes
    ----------
    until : datetime
        Aware end of the last window.
    window_days : int
    n_windows : int
        Windows that choose; one more, the last, tests.
    min_customers : int
        Products with fewer buyers before a window do not take part in it.
    k : int
    """

    until: datetime
    window_days: int = 28
    n_windows: int = 3
    min_customers: int = 5
    k: int = 10

    def windows(self) -> list[tuple[datetime, datetime]]:
        """Half-open and adjoining, in time order; the last one is the test."""
        step = timedelta(days=self.window_days)
        starts = [self.until - step * number for number in range(self.n_windows + 1, 0, -1)]
        return [(start, start + step) for start in starts]


def choose_half_life(
    frame: pa.Table,
    task: DecayTask,
    span: Span,
    *,
    rng: np.random.Generator,
    half_lives: Sequence[float | None] = HALF_LIVES,
    told: Told | None = None,
) -> HalfLife:
    """Choose on all windows but the last, then look at the last one.

    Parameters
    ----------
    frame : pyarrow.Table
        As in ``dataset.FRAME_SCHEMA``; rows at or after ``span.until`` have no say.
    task : DecayTask
    span : Span
    rng : numpy.random.Generator
        For the bootstrap.
    half_lives : sequence of float or None
        Days, growing; None last.
    told : callable, optional
        Called with fits done and fits in all; what it raises ends the search.

    Raises
    ------
    SpanTooShort
        When a window holds nothing to score.
    ValueError
        When no decay is not the last candidate.
    """
    if not half_lives or half_lives[-1] is not None:
        raise ValueError("no decay (None) has to be the last candidate")
    *earlier, last = span.windows()
    values = [_scored(frame, task, span, window, half_lives, told, number) for number, window in enumerate(earlier)]
    grid = _grid(values, half_lives, earlier, rng)
    days = half_lives[chosen(_by_customer(values), grid, rng)]
    with_it, without = _by_customer([_scored(frame, task, span, last, (days, None), None, 0)]).T
    return HalfLife(
        task=task.name,
        days=days,
        grid=grid,
        test_ndcg=bootstrap_mean(with_it, rng),
        test_ndcg_without=bootstrap_mean(without, rng),
        test_gain=bootstrap_mean(with_it - without, rng),
        test_window=last,
    )


def chosen(values: FloatArray, grid: DecayGrid, rng: np.random.Generator) -> int:
    """Position of the choice: no decay unless another is surely better; then the slowest that is as good as the best.

    Parameters
    ----------
    values : ndarray of float64, shape (n_customers, n_half_lives)
    grid : DecayGrid
        Of the same values.
    rng : numpy.random.Generator

    Notes
    -----
    The best of many candidates looks better than it is. So it has to beat no decay by the lower end of its paired
    interval, and gives way to a slower one whose loss against it is within one standard error (Breiman et al.,
    Classification and Regression Trees, 1984, section 3.4.3).
    """
    best = int(np.argmax([estimate.mid for estimate in grid.gain]))
    if grid.gain[best].low <= 0:
        return len(grid.half_lives) - 1
    losses = values[:, [best]] - values[:, best:]
    errors = losses.std(axis=0, ddof=1) / np.sqrt(len(values))
    good = np.flatnonzero(losses.mean(axis=0) <= errors)
    surely = [best + int(step) for step in good if grid.gain[best + int(step)].low > 0]
    return surely[-1]


def _grid(
    values: list[tuple[NDArray[np.int64], FloatArray]],
    half_lives: Sequence[float | None],
    windows: Sequence[tuple[datetime, datetime]],
    rng: np.random.Generator,
) -> DecayGrid:
    by_customer = _by_customer(values)
    gains = by_customer - by_customer[:, [-1]]
    return DecayGrid(
        half_lives=tuple(half_lives),
        ndcg=tuple(bootstrap_mean(column, rng) for column in by_customer.T),
        gain=tuple(bootstrap_mean(column, rng) for column in gains.T),
        windows=tuple(windows),
        n_customers=len(by_customer),
    )


def _by_customer(values: list[tuple[NDArray[np.int64], FloatArray]]) -> FloatArray:
    """One row a customer, the mean over the windows they bought in: windows of one customer are no new evidence."""
    ids = np.concatenate([customer_ids for customer_ids, _ in values])
    rows = np.concatenate([scores for _, scores in values])
    _, at = np.unique(ids, return_inverse=True)
    sums = np.zeros((at.max() + 1, rows.shape[1]))
    np.add.at(sums, at, rows)
    means: FloatArray = sums / np.bincount(at)[:, None]
    return means


def _scored(
    frame: pa.Table,
    task: DecayTask,
    span: Span,
    window: tuple[datetime, datetime],
    half_lives: Sequence[float | None],
    told: Told | None,
    number: int,
) -> tuple[NDArray[np.int64], FloatArray]:
    """Customers who bought in the window, and their NDCG@k under every half-life, shape (n, n_half_lives)."""
    since, until = window
    bought = InteractionMatrix.from_frame(frame, until=since)
    products = IdMap(bought.products.ids[bought.customers_per_product() >= span.min_customers])
    if not len(products):
        raise SpanTooShort(f"no product has {span.min_customers} or more buyers before {since:%Y-%m-%d}")
    later = InteractionMatrix.from_frame(frame, since=since, until=until, customers=bought.customers, products=products)
    columns = []
    for position, half_life in enumerate(half_lives):
        history = InteractionMatrix.from_frame(
            frame, until=since, customers=bought.customers, products=products, half_life_days=half_life
        )
        cases = _cases(history, later, task)
        columns.append(_ndcg(task, history, cases, span.k))
        if told is not None:
            told(number * len(half_lives) + position + 1, span.n_windows * len(half_lives))
    return bought.customers.ids[cases.customer_rows], np.column_stack(columns)


def _cases(history: InteractionMatrix, later: InteractionMatrix, task: DecayTask) -> EvaluationSlice:
    cases = evaluation_slice(history, later)
    cases = cases.first_purchases() if task.only_first else cases
    if not len(cases.customer_rows):
        raise SpanTooShort("a window holds no purchase by a customer with a history")
    return cases


def _ndcg(task: DecayTask, history: InteractionMatrix, cases: EvaluationSlice, k: int) -> FloatArray:
    fitted = clone(task.estimator).fit(history)
    items, _ = fitted.recommend(cases.history, k, exclude_seen=task.only_first)
    return ndcg_at_k(items, cases.answers)
