"""A small decision tree read aloud: its ways from the root to the leaves as words that anybody understands."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PlainFact:
    """A column of a tree and how it is said.

    Attributes
    ----------
    name : str
        The column.
    above, below : str
        For values above, and not above, a limit; ``{}`` is the limit.
    """

    name: str
    above: str
    below: str


# Column, whether above the limit, and the limit.
Step = tuple[int, bool, float]
Say = Callable[[PlainFact, bool, float], str]


@dataclass(frozen=True)
class Leaf:
    """An end of the tree: its mean answer, how many rows of the fit came there, and the way."""

    value: float
    n: int
    steps: tuple[Step, ...]


def leaves(tree: Any) -> list[Leaf]:
    """Return the ends of a fitted scikit-learn tree of one answer, left to right."""
    shape = tree.tree_
    return [
        Leaf(float(shape.value[node].ravel()[-1]), int(shape.n_node_samples[node]), steps)
        for node, steps in _walk(shape, 0, ())
    ]


def _walk(shape: Any, node: int, steps: tuple[Step, ...]) -> Iterator[tuple[int, tuple[Step, ...]]]:
    left, right = shape.children_left[node], shape.children_right[node]
    if left == right:
        yield node, steps
        return
    fact, limit = int(shape.feature[node]), float(shape.threshold[node])
    yield from _walk(shape, left, (*steps, (fact, False, limit)))
    yield from _walk(shape, right, (*steps, (fact, True, limit)))


def words(steps: Sequence[Step], facts: Sequence[PlainFact], say: Say) -> tuple[str, ...]:
    """Say each step; of several limits of one fact and side only the narrowest."""
    narrowest: dict[tuple[int, bool], float] = {}
    for fact, is_above, limit in steps:
        known = narrowest.get((fact, is_above), limit)
        narrowest[fact, is_above] = max(known, limit) if is_above else min(known, limit)
    return tuple(say(facts[fact], is_above, limit) for (fact, is_above), limit in narrowest.items())
