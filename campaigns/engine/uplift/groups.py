"""Who gains most, in conditions that people can read: a small tree over the scores, and the effect in its best leaf."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.tree import DecisionTreeRegressor

from campaigns.engine.frames import BoolArray, FloatArray
from campaigns.engine.uplift.estimates import Estimate, estimate_mean
from campaigns.engine.uplift.frames import RandomisedFrame

DEPTH = 2
SMALLEST_SHARE = 0.05


@dataclass(frozen=True)
class Condition:
    """What a group has in common: `low < value <= high`, either end open."""

    name: str
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class Group:
    """People described by conditions, and what the campaign changed among them.

    Attributes
    ----------
    conditions : tuple of Condition
    share : float
        Of everybody.
    effect, effect_elsewhere : Estimate
        From the outcomes themselves, not from the scores that found the group.
    fidelity : float
        Share of the scores' variance that the tree keeps: how much of the order the words tell.
    """

    conditions: tuple[Condition, ...]
    share: float
    effect: Estimate
    effect_elsewhere: Estimate
    fidelity: float


def best_group(pair: RandomisedFrame, scores: FloatArray, effects: FloatArray) -> Group | None:
    """Describe those whom the scores put first; None when nothing sets anybody apart.

    Parameters
    ----------
    pair : RandomisedFrame
    scores : ndarray of float64, shape (n_rows,)
        Cross-fitted, so that the effect inside is not that of the people it was learnt from.
    effects : ndarray of float64, shape (n_rows,)
        Pseudo-outcomes of the effect.
    """
    tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=max(int(SMALLEST_SHARE * len(pair)), 1))
    tree.fit(pair.values, scores)
    if tree.get_n_leaves() < 2:
        return None
    leaves = list(_leaves(tree, pair.names))
    conditions = max(leaves, key=lambda leaf: leaf[0])[1]
    inside = members(pair.values, pair.names, conditions)
    if inside.all() or not inside.any():
        return None
    return Group(
        conditions=conditions,
        share=float(inside.mean()),
        effect=estimate_mean(effects[inside], pair.groups[inside]),
        effect_elsewhere=estimate_mean(effects[~inside], pair.groups[~inside]),
        fidelity=float(tree.score(pair.values, scores)),
    )


def members(values: FloatArray, names: Sequence[str], conditions: Sequence[Condition]) -> BoolArray:
    """Return which rows meet all conditions, shape (n_rows,)."""
    inside = np.ones(len(values), dtype=np.bool_)
    for condition in conditions:
        column = values[:, names.index(condition.name)]
        # The tree compares in single precision; a half-way threshold may fall on a value there.
        column = column.astype(np.float32)
        inside &= (column > condition.low) & (column <= condition.high)
    return inside


def _leaves(tree: DecisionTreeRegressor, names: Sequence[str]) -> Iterator[tuple[float, tuple[Condition, ...]]]:
    """Mean score and conditions of every leaf."""
    nodes = tree.tree_
    waiting: list[tuple[int, dict[int, tuple[float, float]]]] = [(0, {})]
    while waiting:
        node, bounds = waiting.pop()
        feature, threshold = int(nodes.feature[node]), float(nodes.threshold[node])
        if nodes.children_left[node] < 0:
            conditions = tuple(Condition(names[column], *ends) for column, ends in bounds.items())
            yield float(nodes.value[node].ravel()[0]), conditions
            continue
        low, high = bounds.get(feature, (-np.inf, np.inf))
        waiting.append((int(nodes.children_left[node]), {**bounds, feature: (low, min(high, threshold))}))
        waiting.append((int(nodes.children_right[node]), {**bounds, feature: (max(low, threshold), high)}))
