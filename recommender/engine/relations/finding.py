"""How one product stands to another, by definitions that numbers can check, each with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.engine.base import Progress
from recommender.engine.relations.moves import moves_between, occasions
from recommender.engine.relations.pairs import CustomerCounter, PairCounter, Visits, shrunk_lift

SIMILAR, SUBSTITUTE, COMPLEMENT, UPSELL = "similar", "substitute", "complement", "upsell"
ROWS_PER_BLOCK = 256
# Quantiles in standard deviations: surely, 99 times in 100, and nearly surely, 19 in 20.
SURELY, LIKELY = 2.33, 1.64


@dataclass(frozen=True)
class Known:
    """What is known of the products of some visits, a row each.

    Attributes
    ----------
    vectors : ndarray of float32, shape (n, dimensions)
        Rows of length 1; 0 where unknown.
    needs : ndarray of int64, shape (n,)
        What it is bought for, as ``needs.needs_of`` gives it; ``-1`` where unknown.
    groups : ndarray of int64, shape (n,)
        The coarser shelf; ``-1`` where unknown.
    prices : ndarray of float32, shape (n,)
        ``NaN`` where unknown.
    """

    vectors: NDArray[np.float32]
    needs: NDArray[np.int64]
    groups: NDArray[np.int64]
    prices: NDArray[np.float32]


@dataclass(frozen=True)
class Rules:
    """The definitions in numbers. Chosen on windows of The Complete Journey before the one that is measured.

    Attributes
    ----------
    n_similar, n_substitutes, n_complements, n_upsells : int
        At most so many a product.
    price_factor : float
        A substitute costs at most so many times as much, or as little. Narrower limits lose alternatives that were
        really bought: a shelf holds small and large packs.
    step_up : float
        A better product costs at least so many times as much.
    min_together : int
        Complements were in at least so many baskets together.
    prior_moves : float
        As how many moves counts what is known of two products without any.
    """

    n_similar: int = 10
    n_substitutes: int = 10
    n_complements: int = 6
    n_upsells: int = 3
    price_factor: float = 3.0
    step_up: float = 1.15
    min_together: int = 5
    prior_moves: float = 50.0


@dataclass(frozen=True)
class Pairs:
    """Relations of one kind, by product and, for each, the strongest first.

    Attributes
    ----------
    rows, others : ndarray of int64, shape (n_pairs,)
        Product rows: ``others`` is the relation of ``rows``.
    scores : ndarray of float32, shape (n_pairs,)
        Comparable within a kind.
    evidence : mapping of str to ndarray of float32, shape (n_pairs,)
        The numbers that speak for it.
    """

    rows: NDArray[np.int64]
    others: NDArray[np.int64]
    scores: NDArray[np.float32]
    evidence: Mapping[str, NDArray[np.float32]]

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, kept: NDArray[np.int64] | NDArray[np.bool_]) -> Pairs:
        """A choice of the pairs, in the order of ``kept``."""
        evidence = {name: values[kept] for name, values in self.evidence.items()}
        return Pairs(self.rows[kept], self.others[kept], self.scores[kept], evidence)


class RelationFinder:
    """Finds the four kinds of relation among the products of some visits.

    *Similar*: the nearest by their vectors, bought in the same company (Grbovic et al., KDD 2015).

    *Substitute*: the same need, at a comparable price, and not surely more often in one basket than the same customers'
    visits would hold them by chance (else they are bought for variety, or one with the other). Ranked by the chance
    that who moves away from the one moves to the other: moves seen (Colombo, Morrison, Marketing Science 1989), drawn
    to what is known without any: how many buy the other, how near it is in company, and how many more customers than
    by chance know both. That rivals share their company but not the basket is how McAuley et al. (KDD 2015) and Chen
    et al. (SIGIR 2020) define them.

    *Complement*: another need and another shelf; surely more often in one basket than the same customers' visits would
    hold them by chance (Tian et al., EPJ Data Science 2021). Ranked by the lower bound of that lift (DuMouchel 1999).

    *Upsell*: a substitute at a higher price, to which buyers of the product surely move more often than by chance, and
    more often than back.

    Parameters
    ----------
    visits : Visits
    known : Known
        Rows as the columns of ``visits``.
    rules : Rules
    """

    def __init__(self, visits: Visits, known: Known, rules: Rules) -> None:
        self.known, self.rules = known, rules
        self._baskets, self._customers = PairCounter(visits), CustomerCounter(visits)
        self._moves = moves_between(occasions(visits, known.needs))
        self._members = _Members(known.needs)
        self._moves_in_need = np.bincount(np.maximum(known.needs, 0), weights=self._moves.left)

    def find(self, rows: NDArray[np.int64] | None = None, *, progress: Progress | None = None) -> dict[str, Pairs]:
        """All relations by kind.

        Parameters
        ----------
        rows : ndarray of int64, shape (n,), optional
            Products whose relations are wanted, ascending; else all.
        progress : callable, optional
            Called with blocks of products done and blocks in all.
        """
        wanted = np.arange(len(self.known.needs)) if rows is None else rows
        starts = range(0, max(len(wanted), 1), ROWS_PER_BLOCK)
        found: dict[str, list[Pairs]] = {SIMILAR: [], SUBSTITUTE: [], COMPLEMENT: [], UPSELL: []}
        for done, start in enumerate(starts, start=1):
            for kind, pairs in self._of_block(wanted[start : start + ROWS_PER_BLOCK]).items():
                found[kind].append(pairs)
            if progress is not None:
                progress(done, len(starts))
        return {kind: _joined(parts) for kind, parts in found.items()}

    def _of_block(self, block: NDArray[np.int64]) -> dict[str, Pairs]:
        rivals = self._rivals(block)
        found = {
            SIMILAR: self._similar(block),
            COMPLEMENT: self._complements(block),
            SUBSTITUTE: self._substitutes(rivals),
            UPSELL: self._upsells(rivals),
        }
        return {kind: self._described(pairs) for kind, pairs in found.items()}

    def _similar(self, block: NDArray[np.int64]) -> Pairs:
        vectors = self.known.vectors
        cosine = vectors[block] @ vectors.T
        cosine[np.arange(len(block)), block] = -np.inf
        unknown = np.asarray(~vectors.any(axis=1))
        cosine[:, unknown] = -np.inf
        cosine[unknown[block]] = -np.inf
        return _top(cosine, block, self.rules.n_similar)

    def _complements(self, block: NDArray[np.int64]) -> Pairs:
        met = self._baskets.met(block)
        often = met.data >= self.rules.min_together
        rows, others, together = block[met.row[often]], met.col[often].astype(np.int64), met.data[often]
        apart = self._are_apart(rows, others)
        rows, others, together = rows[apart], others[apart], together[apart]
        low = shrunk_lift(together, self._baskets.expected(rows, others), sd=-SURELY)
        return _best(Pairs(rows, others, low, {}).part(low > 1), self.rules.n_complements)

    def _are_apart(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Of another need and, where both are known, of another shelf."""
        needs, groups = self.known.needs, self.known.groups
        is_known = (groups[rows] >= 0) & (groups[others] >= 0)
        other_need = (needs[rows] != needs[others]) | (needs[rows] < 0)
        return (rows != others) & other_need & (~is_known | (groups[rows] != groups[others]))

    def _rivals(self, block: NDArray[np.int64]) -> Pairs:
        """All pairs of one need that pass for substitutes but for the price, with what chance they have."""
        rows, others = self._members.partners(block)
        together, expected = self._baskets.together(rows, others), self._baskets.expected(rows, others)
        kept = shrunk_lift(together, expected, sd=-SURELY) <= 1
        rows, others = rows[kept], others[kept]
        return Pairs(rows, others, self._chance_of_move(rows, others), {})

    def _chance_of_move(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float32]:
        """The chance that who moves away from a product moves to the other, of shape (n_pairs,)."""
        near = np.einsum("ij,ij->i", self.known.vectors[rows], self.known.vectors[others])
        both, chance = self._customers.together(rows, others), self._customers.expected(rows, others)
        weight = self._baskets.n_baskets[others] * np.exp(near) * np.sqrt(shrunk_lift(both, chance))
        whole = np.bincount(rows, weights=weight, minlength=len(self.known.needs))
        prior = weight / np.maximum(whole[rows], 1e-12)
        moved = _cells(self._moves.counts, rows, others)
        drawn = (moved + self.rules.prior_moves * prior) / (self._moves.left[rows] + self.rules.prior_moves)
        return np.asarray(drawn, dtype=np.float32)

    def _substitutes(self, rivals: Pairs) -> Pairs:
        ratio = self._price_ratio(rivals)
        limit = self.rules.price_factor
        # A price that is not known excludes nothing.
        return _best(rivals.part(~((ratio > limit) | (ratio < 1 / limit))), self.rules.n_substitutes)

    def _upsells(self, rivals: Pairs) -> Pairs:
        ratio = self._price_ratio(rivals)
        dearer = rivals.part((ratio >= self.rules.step_up) & (ratio <= self.rules.price_factor))
        there, back = self._moved(dearer.rows, dearer.others), self._moved(dearer.others, dearer.rows)
        low = shrunk_lift(there, self._moves_expected(dearer.rows, dearer.others), sd=-LIKELY)
        return _best(dearer.part((low > 1) & (there > back)), self.rules.n_upsells)

    def _price_ratio(self, pairs: Pairs) -> NDArray[np.float32]:
        prices = self.known.prices
        return np.asarray(prices[pairs.others] / np.maximum(prices[pairs.rows], 1e-6), dtype=np.float32)

    def _moved(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float32]:
        return _cells(self._moves.counts, rows, others)

    def _moves_expected(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float32]:
        """As many moves as there would be if who moves away chose by how often each product is moved to."""
        whole = self._moves_in_need[np.maximum(self.known.needs[rows], 0)] - self._moves.reached[rows]
        same = (self.known.needs[rows] == self.known.needs[others]) & (self.known.needs[rows] >= 0)
        expected = self._moves.left[rows] * self._moves.reached[others] / np.maximum(whole, 1.0)
        return np.where(same, expected, 0.0).astype(np.float32)

    def _described(self, pairs: Pairs) -> Pairs:
        """The same pairs with the numbers that speak for them."""
        rows, others = pairs.rows, pairs.others
        both, chance = self._baskets.together(rows, others), self._baskets.expected(rows, others)
        evidence = {
            "alike": np.einsum("ij,ij->i", self.known.vectors[rows], self.known.vectors[others]),
            "orders": self._baskets.n_baskets[rows].astype(np.float32),
            "other_orders": self._baskets.n_baskets[others].astype(np.float32),
            "orders_together": both,
            "orders_expected": chance,
            "lift": shrunk_lift(both, chance),
            "lift_low": shrunk_lift(both, chance, sd=-SURELY),
            "customers": self._customers.together(rows, others),
            "customers_expected": self._customers.expected(rows, others),
            "moves": self._moved(rows, others),
            "moves_back": self._moved(others, rows),
            "moves_expected": self._moves_expected(rows, others),
            "price_ratio": self._price_ratio(pairs),
        }
        return Pairs(rows, others, pairs.scores, evidence)


class _Members:
    """Which products serve one need."""

    def __init__(self, needs: NDArray[np.int64]) -> None:
        self._needs = needs
        self._order = np.argsort(needs, kind="stable").astype(np.int64)
        self._starts = np.searchsorted(needs[self._order], np.arange(int(needs.max(initial=-1)) + 2))

    def partners(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All pairs of these products with the others of their needs, each of shape (n_pairs,)."""
        rows = rows[self._needs[rows] >= 0]
        first, last = self._starts[self._needs[rows]], self._starts[self._needs[rows] + 1]
        sizes = last - first
        repeated = np.repeat(rows, sizes)
        within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        others = self._order[np.repeat(first, sizes) + within]
        kept = repeated != others
        return repeated[kept], others[kept]


def _top(scores: NDArray[np.float32], block: NDArray[np.int64], k: int) -> Pairs:
    """The k best cells of every row of a dense block; ``-inf`` is none."""
    width = min(k, scores.shape[1])
    places = np.argpartition(-scores, width - 1, axis=1)[:, :width].astype(np.int64)
    best = np.take_along_axis(scores, places, axis=1)
    kept = np.isfinite(best)
    return _best(Pairs(np.repeat(block, width)[kept.ravel()], places[kept], best[kept], {}), k)


def _best(pairs: Pairs, k: int) -> Pairs:
    """The k strongest of every product, ties by the other's row."""
    order = np.lexsort((pairs.others, -pairs.scores, pairs.rows))
    rows = pairs.rows[order]
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    return pairs.part(order[place < k])


def _cells(matrix: sparse.csr_matrix, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> NDArray[np.float32]:
    if not len(rows):
        return np.zeros(0, dtype=np.float32)
    return np.asarray(matrix[rows, cols], dtype=np.float32).ravel()


def _joined(parts: list[Pairs]) -> Pairs:
    evidence = {name: np.concatenate([one.evidence[name] for one in parts]) for name in parts[0].evidence}
    rows, others = np.concatenate([one.rows for one in parts]), np.concatenate([one.others for one in parts])
    return Pairs(rows, others, np.concatenate([one.scores for one in parts]), evidence)
