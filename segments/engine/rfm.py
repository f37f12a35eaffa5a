"""Six groups by how recently, how often and for how much customers bought (RFM)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segments.engine.histories import Standing

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FEWEST, MOST = 3, 10
GROUPS = ("Champions", "Loyal", "Recent", "Needs attention", "At risk", "Inactive")
# Rows: last order long ago, some time ago, recently. Columns: ordered and spent little, some, much.
GRID = (
    ("Inactive", "At risk", "At risk"),
    ("Needs attention", "Needs attention", "Loyal"),
    ("Recent", "Loyal", "Champions"),
)
MEANINGS = {
    "Champions": "Ordered recently, order often and spend much.",
    "Loyal": "Order often or spend much, and are not away for long.",
    "Recent": "Ordered recently, but seldom so far.",
    "Needs attention": "Neither recent nor gone: seldom or middling customers whose last order is some time ago.",
    "At risk": "Used to order or spend more than others, and have not been seen for long.",
    "Inactive": "Ordered seldom, and not for long.",
}


class QuantilesOutOfRange(Exception):
    """A letter cannot have so many scores; the message says which and how many it can have."""


@dataclass(frozen=True)
class RfmSpec:
    """How many scores each letter has, 3 to 10.

    Raises
    ------
    QuantilesOutOfRange
    """

    recency: int = 5
    frequency: int = 5
    monetary: int = 5

    def __post_init__(self) -> None:
        words = {"recency": self.recency, "frequency": self.frequency, "monetary": self.monetary}
        for letter, n in words.items():
            if not FEWEST <= n <= MOST:
                raise QuantilesOutOfRange(f"{letter.capitalize()} can have {FEWEST} to {MOST} scores, not {n}.")

    @property
    def n_scores(self) -> tuple[int, int, int]:
        return self.recency, self.frequency, self.monetary


@dataclass(frozen=True)
class Rfm:
    """Scores of customers, and where they begin.

    Attributes
    ----------
    scores : ndarray of int64, shape (n, 3)
        Recency, frequency, monetary; 1 is lowest, and recent is high. All 0 without an order.
    group : ndarray of int64, shape (n,)
        Place in ``GROUPS``; -1 without an order.
    bounds : tuple of three ndarrays of float64
        The smallest value that has score 1, 2, …; of recency: minus the days. Two alike: the lower score is empty.
    """

    scores: Ints
    group: Ints
    bounds: tuple[Floats, Floats, Floats]


def rfm(standing: Standing, spec: RfmSpec) -> Rfm:
    """Score everybody who has ordered, among each other.

    Parameters
    ----------
    standing : Standing
    spec : RfmSpec

    Returns
    -------
    Rfm

    Notes
    -----
    Score s of n says that at least (s - 1)/n of the customers are lower. Equal customers have equal scores, so that
    where most ordered once the scores above them are empty, instead of being handed out by chance.

    References
    ----------
    Bult, Wansbeek: Optimal Selection for Direct Mail, Marketing Science 1995.
    """
    some = standing.has_ordered
    letters = (-standing.recency_days.astype(np.float64), standing.orders.astype(np.float64), standing.spend)
    bounds = [lower_bounds(values[some], n) for values, n in zip(letters, spec.n_scores, strict=True)]
    scores = np.column_stack([scored(values, bound) for values, bound in zip(letters, bounds, strict=True)])
    scores[~some] = 0
    group = np.where(some, groups_of(np.maximum(scores, 1), spec), -1)
    return Rfm(scores, group, (bounds[0], bounds[1], bounds[2]))


def lower_bounds(values: Floats, n_scores: int) -> Floats:
    """The smallest value of every score, shape (n_scores,); infinite where no value is high enough."""
    known, counts = np.unique(values, return_counts=True)
    below = np.cumsum(counts) - counts
    score = 1 + n_scores * below // max(len(values), 1)
    places = np.searchsorted(score, np.arange(1, n_scores + 1))
    return np.append(known, np.inf)[places]


def scored(values: Floats, bounds: Floats) -> Ints:
    """Score of every value; what is below everybody scored before has 1."""
    return np.maximum(np.searchsorted(bounds, values, side="right"), 1).astype(np.int64)


def groups_of(scores: Ints, spec: RfmSpec) -> Ints:
    """Place in ``GROUPS`` of every triple of scores, shape (n,).

    Parameters
    ----------
    scores : ndarray of int64, shape (n, 3)
        From 1.

    Notes
    -----
    A letter's place on its scale is (score - 1/2)/n; its thirds are low, middle, high. Orders and spend count as one:
    the mean of both places. Whoever has the lowest score of orders, as all have who ordered once, counts as low
    whatever they spent: one large order makes nobody loyal.
    """
    places = (scores - 0.5) / np.array(spec.n_scores)
    recent = _third(places[:, 0])
    value = np.where(scores[:, 1] == 1, 0, _third(places[:, 1:].mean(axis=1)))
    named = np.array([[GROUPS.index(name) for name in row] for row in GRID])
    return named[recent, value].astype(np.int64)


def _third(places: Floats) -> Ints:
    # A hair above, so that exactly one third is middle and exactly two thirds is high, whatever the rounding.
    return np.minimum((places + 1e-9) * 3, 2).astype(np.int64)


def empty_scores(bounds: Floats) -> list[int]:
    """Scores that nobody has, because too many customers are equal."""
    next_bounds = np.append(bounds[1:], np.inf)
    return [
        score for score, (own, following) in enumerate(zip(bounds, next_bounds, strict=True), 1) if own == following
    ]


def ties_sentence(bounds: Sequence[Floats]) -> str:
    """What is said of scores that nobody has; empty where there are none."""
    words = ("the last order", "the number of orders", "spend")
    told = []
    for word, bound in zip(words, bounds, strict=True):
        empty = empty_scores(bound)
        if empty:
            told.append(f"{' and '.join(map(str, empty)) if len(empty) < 3 else _run(empty)} for {word}")
    if not told:
        return ""
    return f"Nobody has score {'; '.join(told)}: many customers are equal, and equal customers have equal scores."


def _run(scores: list[int]) -> str:
    return f"{', '.join(map(str, scores[:-1]))} and {scores[-1]}"
