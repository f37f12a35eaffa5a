"""How good a recommender is for one group of customers after another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.engine.history import CustomerHistory
from recommender.engine.metrics import Estimate, FloatArray, bootstrap_mean

# Of fewer customers an interval says little, and a figure would tempt.
FEWEST = 30
MOST_GROUPS = 8
HISTORY_LABELS = ("Fewest different products", "More different products", "Most different products")


@dataclass(frozen=True)
class GroupScore:
    """Mean (with 95 % interval) of a metric in one group, and how far it is above the baseline there, paired."""

    name: str
    n_customers: int
    value: Estimate
    gain: Estimate


def by_group(
    values: FloatArray, baseline: FloatArray, labels: NDArray[np.str_], rng: np.random.Generator
) -> list[GroupScore]:
    """One score a group of at least ``FEWEST`` customers, the ``MOST_GROUPS`` largest at most, by name.

    Parameters
    ----------
    values, baseline : ndarray of float64, shape (n,)
        The same customers' metric, of the recommender and of the baseline.
    labels : ndarray of str, shape (n,)
        ``""`` is no group.
    rng : numpy.random.Generator
    """
    names, counts = np.unique(labels[labels != ""], return_counts=True)
    order = np.sort(np.argsort(-counts, kind="stable")[:MOST_GROUPS])
    return [
        GroupScore(
            str(names[place]),
            int(counts[place]),
            bootstrap_mean(values[labels == names[place]], rng),
            bootstrap_mean((values - baseline)[labels == names[place]], rng),
        )
        for place in order
        if counts[place] >= FEWEST
    ]


def by_history(history: CustomerHistory) -> NDArray[np.str_]:
    """Thirds of the customers by how many different products they had bought, shape (n,) of ``HISTORY_LABELS``."""
    n_products = np.diff(history.weights.indptr)
    edges = np.quantile(n_products, [1 / 3, 2 / 3])
    return np.array(HISTORY_LABELS)[np.searchsorted(edges, n_products, side="left")]
