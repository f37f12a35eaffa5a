"""One row a figure: what an estimator reached on a data set, how sure that is, and what it took."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import psutil

from recommender.engine.base import Recommender
from recommender.engine.metrics import Estimate
from recommender.engine.shop import Shop

SAMPLE_SECONDS = 0.02
MEGABYTE = 1024 * 1024


class NotPossible(Exception):
    """The data set lacks what a trial needs; the message says what."""


@dataclass(frozen=True)
class BenchmarkRow:
    """One figure.

    Attributes
    ----------
    dataset, split, estimator, metric : str
    value, low, high : float
        The figure and its 95 % interval; ``NaN`` bounds where a figure has none, such as a size.
    fit_s, peak_mb, customers_per_s : float
        Seconds of fitting, memory it needed beyond what was in use before, and customers scored a second; ``NaN``
        where nothing was fitted.
    """

    dataset: str
    split: str
    estimator: str
    metric: str
    value: float
    low: float = float("nan")
    high: float = float("nan")
    fit_s: float = float("nan")
    peak_mb: float = float("nan")
    customers_per_s: float = float("nan")


@dataclass
class Effort:
    """What a stretch of work took; complete when it is over."""

    seconds: float = 0.0
    peak_mb: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)


Trial = Callable[[Shop, Mapping[str, Recommender], np.random.Generator], Iterator[BenchmarkRow]]


def row(
    shop: Shop,
    split: str,
    estimator: str,
    metric: str,
    found: Estimate | float,
    taken: Mapping[str, float] | None = None,
) -> BenchmarkRow:
    """A row with what the estimator took, ``taken`` as ``efforts`` gives it."""
    low, value, high = (found.low, found.mid, found.high) if isinstance(found, Estimate) else (np.nan, found, np.nan)
    return BenchmarkRow(shop.name, split, estimator, metric, value, low, high, **(taken or {}))


def efforts(fitting: Effort, scoring: Effort, n_customers: int) -> dict[str, float]:
    """The last three columns of a row."""
    rate = n_customers / max(scoring.seconds, 1e-9)
    return {"fit_s": fitting.seconds, "peak_mb": fitting.peak_mb, "customers_per_s": rate}


@contextmanager
def effort() -> Iterator[Effort]:
    """Time a stretch of work and sample how much memory it needs beyond what is in use now."""
    gc.collect()
    taken = Effort()
    process = psutil.Process(os.getpid())
    before = process.memory_info().rss
    sampler = threading.Thread(target=_sample, args=(taken, process, before), daemon=True)
    sampler.start()
    began = time.perf_counter()
    try:
        yield taken
    finally:
        taken.seconds = time.perf_counter() - began
        taken._ended.set()
        sampler.join()


def _sample(taken: Effort, process: psutil.Process, before: int) -> None:
    while True:
        taken.peak_mb = max(taken.peak_mb, (process.memory_info().rss - before) / MEGABYTE)
        if taken._ended.wait(SAMPLE_SECONDS):
            return
