"""One customer's list at the moment it is asked for: pure arrays, made of what was worked out before.

A request blends the stored shortlist with the neighbours of what is being looked at, leaves out what may not be
shown and counts why, and spreads what is left over categories. Nothing here is learnt, so it takes microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.engine.neighbours import ItemNeighbours

NOBODY = -1


@dataclass(frozen=True)
class Candidates:
    """Products that could be shown to one customer, best first.

    Attributes
    ----------
    product_ids : ndarray of int64, shape (n,)
        Each once.
    scores : ndarray of float64, shape (n,)
        Descending; comparable within the list only.
    because_ids : ndarray of int64, shape (n,)
        The product that speaks for it, ``-1`` where none does.
    from_session : ndarray of bool, shape (n,)
        Whether that product belongs to the session and not to earlier purchases.
    """

    product_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    because_ids: NDArray[np.int64]
    from_session: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.product_ids)

    @classmethod
    def of(cls, product_ids: Iterable[int], because_ids: Iterable[int] | None = None) -> Candidates:
        """A stored list, best first; only its order counts, for scores of two algorithms have no common scale."""
        ids = np.asarray(list(product_ids), dtype=np.int64)
        because = np.full(len(ids), NOBODY) if because_ids is None else np.asarray(list(because_ids))
        return cls(ids, discounts(len(ids)), because.astype(np.int64), np.zeros(len(ids), dtype=bool))

    def kept(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Candidates:
        """A choice of them, by mask or by position."""
        return Candidates(
            self.product_ids[chosen], self.scores[chosen], self.because_ids[chosen], self.from_session[chosen]
        )

    def followed_by(self, others: Candidates) -> Candidates:
        """One list, these first; the scores of the two are not comparable."""
        return Candidates(
            np.concatenate([self.product_ids, others.product_ids]),
            np.concatenate([self.scores, others.scores]),
            np.concatenate([self.because_ids, others.because_ids]),
            np.concatenate([self.from_session, others.from_session]),
        )


def discounts(n: int) -> NDArray[np.float64]:
    """What a place is worth, 1 for the first: 1 / log2(1 + place), as in NDCG."""
    return np.asarray(1.0 / np.log2(np.arange(2, n + 2)))


def near(seeds: Iterable[int], known: ItemNeighbours, *, from_session: bool, limit: int = 100) -> Candidates:
    """Products bought by those who bought the seeds; a later seed counts more than the one before it.

    Parameters
    ----------
    seeds : iterable of int
        Product keys, oldest first; unknown ones are passed over. Seeds themselves are not among the candidates.
    known : ItemNeighbours
    from_session : bool
        Whether the seeds are of the session.
    limit : int

    Returns
    -------
    Candidates
        ``because_ids`` names the seed that adds most.
    """
    rows = _latest_first(known.rows_of(np.fromiter(seeds, dtype=np.int64)))
    if not len(rows):
        return Candidates.of([])
    others = known.neighbours[rows].astype(np.int64)
    added = known.similarity[rows].astype(np.float64) * discounts(len(rows))[:, None]
    added[(others < 0) | np.isin(others, rows)] = 0.0
    found, places = np.unique(others, return_inverse=True)
    places = places.reshape(others.shape)
    table = np.zeros((len(rows), len(found)))
    table[np.arange(len(rows))[:, None], places] = added
    scores = table.sum(axis=0)
    order = np.argsort(-scores, kind="stable")[:limit]
    order = order[scores[order] > 0]
    because = known.product_ids[rows[table[:, order].argmax(axis=0)]]
    named = np.full(len(order), from_session)
    return Candidates(known.product_ids[found[order]], scores[order], because, named)


def _latest_first(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each known row once, the newest first."""
    newest = rows[rows >= 0][::-1]
    _, first = np.unique(newest, return_index=True)
    return newest[np.sort(first)]


def blend(stored: Candidates, nearby: Candidates, *, weight: float) -> Candidates:
    """Both lists as one: a product's worth is that of its place in the one plus ``weight`` times that in the other.

    Where a product stands in both, the session is the reason if it adds more.
    """
    if not len(nearby):
        return stored
    extra = weight * discounts(len(nearby))
    ids, places = np.unique(np.concatenate([stored.product_ids, nearby.product_ids]), return_inverse=True)
    parts = np.zeros((2, len(ids)))
    parts[0, places[: len(stored)]] = discounts(len(stored))
    parts[1, places[len(stored) :]] = extra
    because = np.full((2, len(ids)), NOBODY, dtype=np.int64)
    because[0, places[: len(stored)]] = stored.because_ids
    because[1, places[len(stored) :]] = nearby.because_ids
    told = (parts[1] > parts[0]).astype(np.int64)
    scores = parts.sum(axis=0)
    order = np.argsort(-scores, kind="stable")
    rows = told[order]
    return Candidates(ids[order], scores[order], because[rows, order], rows.astype(bool) & nearby.from_session.any())


class Excluded(NamedTuple):
    """What is left, and how many each reason took; a product is counted under the first reason that holds."""

    candidates: Candidates
    n_by_reason: dict[str, int]


def exclude(candidates: Candidates, reasons: Mapping[str, Iterable[int]]) -> Excluded:
    """Leave out what may not be shown.

    Parameters
    ----------
    candidates : Candidates
    reasons : mapping of str to iterable of int
        Product keys by reason, in the order in which reasons are told.
    """
    left = np.ones(len(candidates), dtype=bool)
    counted = {}
    for reason, product_ids in reasons.items():
        hit = left & np.isin(candidates.product_ids, np.fromiter(product_ids, dtype=np.int64))
        counted[reason] = int(hit.sum())
        left &= ~hit
    return Excluded(candidates.kept(left), counted)


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


def diversify(groups: NDArray[np.int64], rules: Rules) -> NDArray[np.int64]:
    """Positions to show, best first: no group takes more places than it may while others could fill them.

    Parameters
    ----------
    groups : ndarray of int64, shape (n,)
        The candidates' categories, best candidate first; ``-1`` is a category of its own for each.
    rules : Rules

    Returns
    -------
    ndarray of int64, shape (min(n, k),)
    """
    if rules.per_group is None:
        return np.arange(min(len(groups), rules.k))
    taken: dict[int, int] = {}
    first: list[int] = []
    put_back: list[int] = []
    for place, group in enumerate(groups.tolist()):
        if len(first) == rules.k:
            break
        n = taken.get(group, 0)
        if group != NOBODY and n >= rules.per_group:
            put_back.append(place)
        else:
            taken[group] = n + 1
            first.append(place)
    return np.asarray([*first, *put_back][: rules.k], dtype=np.int64)
