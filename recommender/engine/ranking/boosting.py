"""Learns boosted trees with scikit-learn and hands them over as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from recommender.engine.ranking.trees import Trees

WORTH_THREADS = 3_000_000


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
    # On few rows threads only wait for each other.
    with threadpool_limits(None if examples.x.size > WORTH_THREADS else 1, "openmp"):
        learner.fit(examples.x, examples.y, sample_weight=examples.weights)
    return as_trees(learner), _gains(learner, examples.x.shape[1])


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
        depth=int(nodes["depth"].max()),
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
