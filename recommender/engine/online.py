"""One customer's list at the moment it is asked for: made of what was worked out before, learning nothing.

A request blends the stored shortlist with the neighbours of what is being looked at, leaves out what may not be
shown and counts why, and spreads what is left over categories. Lists here have about a hundred entries: on so few
Python's own lists and sets are several times faster than arrays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import NamedTuple

import numpy as np

from recommender.engine.neighbours import ItemNeighbours

NOBODY = -1


class Candidate(NamedTuple):
    """One product that could be shown to one customer. Lists of them are best first, each product once.

    Attributes
    ----------
    product_id : int
    score : float
        Comparable within the list only.
    because_id : int
        The product that speaks for it, ``-1`` where none does.
    from_session : bool
        Whether that product belongs to the session and not to earlier purchases.
    """

    product_id: int
    score: float
    because_id: int = NOBODY
    from_session: bool = False


def discount(place: int) -> float:
    """What a place is worth, 1 for the first, whose number is 0: 1 / log2(2 + place), as in NDCG."""
    return 1.0 / log2(2 + place)


def in_order(product_ids: Sequence[int], because_ids: Sequence[int] | None = None) -> list[Candidate]:
    """A stored list, best first; only its order counts, for scores of two algorithms have no common scale."""
    reasons = because_ids or [NOBODY] * len(product_ids)
    pairs = enumerate(zip(product_ids, reasons, strict=True))
    return [Candidate(product_id, discount(place), because_id) for place, (product_id, because_id) in pairs]


def near(seeds: Sequence[int], known: ItemNeighbours, *, from_session: bool, limit: int = 100) -> list[Candidate]:
    """Products bought by those who bought the seeds; a later seed counts more than the one before it.

    Parameters
    ----------
    seeds : sequence of int
        Product keys, oldest first; unknown ones are passed over. Seeds themselves are not among the candidates.
    known : ItemNeighbours
    from_session : bool
        Whether the seeds are of the session.
    limit : int

    Returns
    -------
    list of Candidate
        ``because_id`` names the seed that adds most.
    """
    rows = known.rows_of(np.array(seeds, dtype=np.int64)).tolist()
    latest_first = [row for row in dict.fromkeys(reversed(rows)) if row >= 0]
    own = set(latest_first)
    scores: dict[int, float] = {}
    most: dict[int, tuple[float, int]] = {}
    for place, seed in enumerate(latest_first):
        worth = discount(place)
        others, similarity = known.neighbours[seed].tolist(), known.similarity[seed].tolist()
        for other, close in zip(others, similarity, strict=True):
            added = worth * close
            if other < 0 or added <= 0 or other in own:
                continue
            scores[other] = scores.get(other, 0.0) + added
            if other not in most or added > most[other][0]:
                most[other] = added, seed
    best = sorted(scores, key=lambda other: (-scores[other], other))[:limit]
    ids = known.product_ids[np.array(best, dtype=np.int64)].tolist()
    named = known.product_ids[np.array([most[other][1] for other in best], dtype=np.int64)].tolist()
    return [
        Candidate(product_id, scores[other], because_id, from_session)
        for product_id, other, because_id in zip(ids, best, named, strict=True)
    ]


def blend(stored: Sequence[Candidate], nearby: Sequence[Candidate], *, weight: float) -> list[Candidate]:
    """Both lists as one: a product's worth is that of its place in the one plus ``weight`` times that in the other.

    Where a product stands in both, the list that adds more is the reason.
    """
    if not nearby:
        return list(stored)
    scores = {one.product_id: discount(place) for place, one in enumerate(stored)}
    reasons = {one.product_id: one for one in stored}
    for place, one in enumerate(nearby):
        extra, known = weight * discount(place), scores.get(one.product_id, 0.0)
        scores[one.product_id] = known + extra
        if extra > known:
            reasons[one.product_id] = one
    best = sorted(scores, key=lambda product_id: (-scores[product_id], product_id))
    return [Candidate(one, scores[one], reasons[one].because_id, reasons[one].from_session) for one in best]


class Excluded(NamedTuple):
    """What is left, and how many each reason took; a product is counted under the first reason that holds."""

    candidates: list[Candidate]
    n_by_reason: dict[str, int]


def exclude(candidates: Sequence[Candidate], reasons: Mapping[str, Collection[int]]) -> Excluded:
    """Leave out what may not be shown.

    Parameters
    ----------
    candidates : sequence of Candidate
    reasons : mapping of str to collection of int
        Product keys by reason, in the order in which reasons are told.
    """
    left = list(candidates)
    counted = {}
    for reason, product_ids in reasons.items():
        unwanted = set(product_ids)
        before = len(left)
        left = [one for one in left if one.product_id not in unwanted]
        counted[reason] = before - len(left)
    return Excluded(left, counted)


@dataclass(frozen=True)
class Rules:
    """How a placement chooses.

    Attributes
    ----------
    k : int
        How many are shown.
    per_group : int, optional
        At most so many of one category, as long as others are left; open where not given.
    session_weight : float
        What the neighbours of the session weigh beside the shortlist.
    """

    k: int = 10
    per_group: int | None = None
    session_weight: float = 1.0


def diversify(groups: Sequence[int], rules: Rules) -> list[int]:
    """Positions to show, best first: no group takes more places than it may while others could fill them.

    Parameters
    ----------
    groups : sequence of int, length n
        The candidates' categories, best candidate first; ``-1`` is a category of its own for each.
    rules : Rules

    Returns
    -------
    list of int, length min(n, k)
    """
    if rules.per_group is None:
        return list(range(min(len(groups), rules.k)))
    taken: dict[int, int] = {}
    first: list[int] = []
    put_back: list[int] = []
    for place, group in enumerate(groups):
        if len(first) == rules.k:
            break
        n = taken.get(group, 0)
        if group != NOBODY and n >= rules.per_group:
            put_back.append(place)
        else:
            taken[group] = n + 1
            first.append(place)
    return [*first, *put_back][: rules.k]
