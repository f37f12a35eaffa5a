"""Whether some kind of customer is left behind: shares by trait, the four-fifths rule, and what equality costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from campaigns.engine.frames import BoolArray, FloatArray, IntArray
from segments.engine.intervals import share_interval

# Equal Employment Opportunity Commission 1978: a share below four fifths of the highest one is looked into.
FOUR_FIFTHS = 0.8
# The share of a handful of people is mostly chance, so they neither set the measure nor fail it.
FEWEST = 30
UNKNOWN = ""
Labels = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Trait:
    """One trait of many customers, every word of it kept once.

    Attributes
    ----------
    values : tuple of str
        Rising, each once; empty for those of whom it is not known.
    places : ndarray of int64, shape (n_customers,)
        Which of `values` each customer has.
    """

    values: tuple[str, ...]
    places: IntArray

    @classmethod
    def of(cls, labels: Labels) -> Self:
        """Take the trait from one word for each customer."""
        values, places = np.unique(labels, return_inverse=True)
        return cls(tuple(str(value) for value in values), places.astype(np.int64))

    @property
    def sizes(self) -> IntArray:
        """How many customers have each value, shape (n_values,)."""
        return np.bincount(self.places, minlength=len(self.values)).astype(np.int64)


@dataclass(frozen=True)
class GroupShare:
    """One value of a trait.

    Attributes
    ----------
    value : str
        Empty for customers of whom the trait is not known: a group of its own, often the one left behind.
    n, n_chosen : int
    share, low, high : float
        Share (0-1) of the group that is chosen, with its 95 % interval (Wilson).
    mean_score : float
        Mean chance of the whole group, chosen or not.
    ratio : float or None
        Share over that of the best served group; None for a group too small to judge.
    is_flagged : bool
        Whether the ratio is below four fifths.
    """

    value: str
    n: int
    n_chosen: int
    share: float
    low: float
    high: float
    mean_score: float
    ratio: float | None
    is_flagged: bool


def shares_by(trait: Trait, chosen: BoolArray, scores: FloatArray) -> tuple[GroupShare, ...]:
    """Compare how often each value of a trait is chosen, the largest group first, unknown last.

    Parameters
    ----------
    trait : Trait
    chosen : ndarray of bool, shape (n_customers,)
    scores : ndarray of float64, shape (n_customers,)
        Chances.
    """
    values, places, sizes = trait.values, trait.places, trait.sizes
    taken = np.bincount(places, weights=chosen, minlength=len(values))
    shares = taken / np.maximum(sizes, 1)
    means = np.bincount(places, weights=scores, minlength=len(values)) / np.maximum(sizes, 1)
    lows, highs = share_interval(taken, sizes)
    best = max((share for share, size in zip(shares, sizes, strict=True) if size >= FEWEST), default=0.0)
    groups = [
        GroupShare(
            value=values[row],
            n=int(sizes[row]),
            n_chosen=int(taken[row]),
            share=float(shares[row]),
            low=float(lows[row]),
            high=float(highs[row]),
            mean_score=float(means[row]),
            ratio=_ratio(float(shares[row]), float(best), int(sizes[row])),
            is_flagged=bool(sizes[row] >= FEWEST and best > 0 and shares[row] < FOUR_FIFTHS * best),
        )
        for row in np.flatnonzero(sizes).tolist()
    ]
    return tuple(sorted(groups, key=lambda group: (group.value == UNKNOWN, -group.n, group.value)))


def _ratio(share: float, best: float, n: int) -> float | None:
    return share / best if best > 0 and n >= FEWEST else None


@dataclass(frozen=True)
class Equalised:
    """An audience of the same size in which every group has the same share.

    Attributes
    ----------
    rows : ndarray of int64, shape (n,)
        Rising.
    cost : float
        Expected profit that equality gives up; never negative but for rounding.
    """

    rows: IntArray
    cost: float


def equalise(worth: FloatArray, trait: Trait, n: int, order: IntArray) -> Equalised:
    """Choose the best of every group, as many of each as its part of all.

    Parameters
    ----------
    worth : ndarray of float64, shape (n_customers,)
        Expected profit of contacting each.
    trait : Trait
    n : int
        How many to choose.
    order : ndarray of int64, shape (n_customers,)
        All rows, best first; it breaks ties.
    """
    quotas = _quotas(trait.sizes, n)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    kept = []
    for value, quota in enumerate(quotas.tolist()):
        group = np.flatnonzero(trait.places == value)
        kept.append(group[np.argsort(place[group], kind="stable")][:quota])
    rows = np.sort(np.concatenate(kept)) if kept else np.empty(0, dtype=np.int64)
    return Equalised(rows, float(worth[order[:n]].sum() - worth[rows].sum()))


def _quotas(sizes: IntArray, n: int) -> IntArray:
    """Parts of `n` in whole people, by the sizes of the groups: the largest remainders are rounded up."""
    n_customers = int(sizes.sum())
    exact = sizes * min(n, n_customers) / max(n_customers, 1)
    quotas = np.floor(exact).astype(np.int64)
    missing = min(n, n_customers) - int(quotas.sum())
    quotas[np.argsort(-(exact - quotas), kind="stable")[:missing]] += 1
    return quotas


def flagged(groups: Sequence[GroupShare]) -> list[GroupShare]:
    """The groups that fail the four-fifths rule, the worst first."""
    return sorted((group for group in groups if group.is_flagged), key=lambda group: group.ratio or 0.0)
