"""Learns boosted trees with scikit-learn and hands them over as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from recommender.engine.ranking.trees import Trees

WORTH_THREADS = 3_000_000
# A column is split at so many places at most, all that scikit-learn's histograms hold; so many rows find the places.
N_PLACES, N_ASKED = 254, 50_000


@dataclass(frozen=True)
class Examples:
    """Rows to learn from.

    Attributes
    ----------
    x : ndarray of float32, shape (n, n_features)
        Finite.
    y : ndarray of bool, shape (n,)
    weights : ndarray of float32, shape (n,)
    """

    x: NDArray[np.float32]
    y: NDArray[np.bool_]
    weights: NDArray[np.float32]


@dataclass(frozen=True)
class Growth:
    """How trees are grown: see ``HistGradientBoostingClassifier``."""

    n_trees: int
    learning_rate: float
    max_leaves: int
    min_leaf: int
    ridge: float
    random_state: int


def grown(examples: Examples, growth: Growth) -> tuple[Trees, NDArray[np.float64]]:
    """Trees for the log-odds of ``y``.

    Returns
    -------
    trees : Trees
    gains : ndarray of float64, shape (n_features,)
        Share (0-1) of the fall of the loss that splits on each column brought.
    """
    learner = HistGradientBoostingClassifier(
        max_iter=growth.n_trees,
        learning_rate=growth.learning_rate,
        max_leaf_nodes=growth.max_leaves,
        min_samples_leaf=growth.min_leaf,
        l2_regularization=growth.ridge,
        early_stopping=False,
        random_state=growth.random_state,
    )
    places = _places(examples, np.random.default_rng(growth.random_state))
    # On few rows threads only wait for each other.
    with threadpool_limits(None if examples.x.size > WORTH_THREADS else 1, "openmp"):
        learner.fit(_placed(examples.x, places), examples.y, sample_weight=examples.weights)
    return _at_places(as_trees(learner), places), _gains(learner, examples.x.shape[1])


def _places(examples: Examples, rng: np.random.Generator) -> list[NDArray[np.float32]]:
    """Where each column may be split: with as much weight between one place and the next.

    scikit-learn finds the same, but sorts every column anew for each of the places where rows have weights.
    """
    share = examples.weights.astype(np.float64) / examples.weights.sum(dtype=np.float64)
    asked = np.sort(examples.x[rng.choice(len(share), N_ASKED, p=share)], axis=0)
    return [_between(column) for column in asked.T]


def _between(ordered: NDArray[np.float32]) -> NDArray[np.float32]:
    values = np.unique(ordered)
    if len(values) <= N_PLACES:
        return ((values[1:] + values[:-1]) / 2).astype(np.float32)
    at = np.linspace(0, len(ordered) - 1, N_PLACES + 2).round().astype(np.int64)[1:-1]
    return np.unique(ordered[at])


def _placed(x: NDArray[np.float32], places: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """How many places lie below each value, shape (n, n_features)."""
    placed = np.empty(x.shape, dtype=np.float32, order="F")
    for number, of_column in enumerate(places):
        placed[:, number] = np.searchsorted(of_column, x[:, number], side="left")
    return placed


def _at_places(trees: Trees, places: list[NDArray[np.float32]]) -> Trees:
    """Trees that ask for values, out of those that ask for places."""
    inner = np.isfinite(trees.thresholds)
    thresholds = trees.thresholds.copy()
    for node in np.flatnonzero(inner).tolist():
        thresholds[node] = places[trees.features[node]][int(thresholds[node])]
    return replace(trees, thresholds=thresholds)


def as_trees(learner: HistGradientBoostingClassifier) -> Trees:
    """The trees of a fitted two-class classifier without categories, learnt on finite float32 columns."""
    stages = [stage[0].nodes for stage in learner._predictors]
    sizes = [len(nodes) for nodes in stages]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    nodes, first = np.concatenate(stages), np.repeat(roots, sizes)
    leaf, itself = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
    left, right = (np.where(leaf, itself, first + nodes[side]) for side in ("left", "right"))
    return Trees(
        roots=roots.astype(np.int32),
        features=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32),
        thresholds=np.where(leaf, np.inf, _not_above(nodes["num_threshold"])).astype(np.float32),
        children=np.column_stack([left, right]).astype(np.int32),
        values=nodes["value"].astype(np.float64),
        baseline=float(np.ravel(learner._baseline_prediction)[0]),
    )


def _not_above(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The greatest float32 up to each threshold: float32 columns are divided alike by both."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def _gains(learner: HistGradientBoostingClassifier, n_features: int) -> NDArray[np.float64]:
    nodes = np.concatenate([stage[0].nodes for stage in learner._predictors])
    nodes = nodes[nodes["is_leaf"] == 0]
    gains = np.bincount(nodes["feature_idx"], weights=np.maximum(nodes["gain"], 0), minlength=n_features)
    return gains / max(gains.sum(), 1e-12)
