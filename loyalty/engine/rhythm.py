"""Every regular customer's own buying rhythm, and where it broke off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class RhythmRule:
    """When a customer is regular, and when a gap is too long to be chance.

    Attributes
    ----------
    fewest_visits : int
        Visits (days with a purchase) after which somebody has a rhythm of their own; at least 2.
    shortest_silence : int
        Days; no shorter gap is called silence, however often somebody comes.
    tail : float
        Chance that a gap of an unchanged customer is longer than the allowed one.
    """

    fewest_visits: int = 10
    shortest_silence: int = 28
    tail: float = 0.01


DEFAULT_RULE = RhythmRule()


@dataclass(frozen=True)
class Rhythms:
    """One row a visit, by customer and then by day. Nothing in a row but `gap` knows what came after the visit.

    Attributes
    ----------
    customer, day : ndarray of int64, shape (n_visits,)
        Days are whole numbers from any beginning.
    count : ndarray of int64
        The customer's visits so far, this one included.
    usual_gap : ndarray of float64
        Mean days between the visits so far; 0 at the first one.
    allowed_gap : ndarray of float64
        Days after which somebody who has not changed would be back with chance 1 − tail.
    gap : ndarray of int64
        Days to the next visit, or from the last one to `as_of_day`.
    is_last, is_regular : ndarray of bool
    is_observed : ndarray of bool
        Regular, and the allowed gap ended before `as_of_day`, so that a silence would have been seen. Visits
        near the end are left out whether or not somebody came back: keeping only those who did would bias.
    is_silent : ndarray of bool
        Observed, and the gap was longer than allowed.
    as_of_day : int
    """

    customer: Ints
    day: Ints
    count: Ints
    usual_gap: Floats
    allowed_gap: Floats
    gap: Ints
    is_last: Flags
    is_regular: Flags
    is_observed: Flags
    is_silent: Flags
    as_of_day: int

    def __len__(self) -> int:
        return len(self.day)


def rhythms(customer: Ints, day: Ints, *, as_of_day: int, rule: RhythmRule = DEFAULT_RULE) -> Rhythms:
    """Follow every customer from visit to visit.

    Parameters
    ----------
    customer, day : ndarray of int64, shape (n,)
        Purchases in any order; those of one customer on one day are one visit. From `as_of_day` on they are ignored.
    as_of_day : int
        The day as of which silence is judged.

    Notes
    -----
    Gaps are exponential with a rate of the customer's own, which is Gamma(r, α) after r gaps in α days. The next gap
    then exceeds t with chance (α / (α + t))^r, so that the allowed one is α · (tail^(−1/r) − 1).

    Raises
    ------
    ValueError
        When the two arrays differ in length.
    """
    if len(customer) != len(day):
        raise ValueError("customer and day must have the same length")
    known = day < as_of_day
    customer, day = _visits(customer[known], day[known])
    begins = np.r_[True, customer[1:] != customer[:-1]] if len(day) else np.zeros(0, bool)
    opening = np.maximum.accumulate(np.where(begins, np.arange(len(day)), 0))
    n_gaps = np.arange(len(day)) - opening
    tenure = day - day[opening]
    allowed = _allowed_gap(n_gaps, tenure, rule)
    is_last = np.r_[begins[1:], True][: len(day)]
    gap = np.where(is_last, as_of_day, np.r_[day[1:], 0][: len(day)]) - day
    is_regular = n_gaps + 1 >= rule.fewest_visits
    is_observed = is_regular & (day + allowed < as_of_day)
    return Rhythms(
        customer=customer,
        day=day,
        count=n_gaps + 1,
        usual_gap=tenure / np.maximum(n_gaps, 1),
        allowed_gap=allowed,
        gap=gap,
        is_last=is_last,
        is_regular=is_regular,
        is_observed=is_observed,
        is_silent=is_observed & (gap > allowed),
        as_of_day=as_of_day,
    )


def _visits(customer: Ints, day: Ints) -> tuple[Ints, Ints]:
    """Distinct pairs, sorted."""
    order = np.lexsort((day, customer))
    customer, day = customer[order], day[order]
    is_new = np.r_[True, (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])] if len(day) else np.zeros(0, bool)
    return customer[is_new], day[is_new]


def _allowed_gap(n_gaps: Ints, tenure: Ints, rule: RhythmRule) -> Floats:
    """Days; infinite before the first gap, when nothing is known."""
    shape = np.maximum(n_gaps, 1)
    predictive = tenure * (rule.tail ** (-1.0 / shape) - 1.0)
    return np.where(n_gaps > 0, np.maximum(predictive, rule.shortest_silence), np.inf)


def row_of(of: Rhythms, customer: Ints, day: Ints) -> Ints:
    """Return the row of each visit, shape (n,). The visits must be there: a purchase always is one."""
    if not len(day):
        return np.zeros(0, np.int64)
    span = int(of.day.max()) + 1 - int(of.day.min())
    beginning = int(of.day.min())
    ranks = np.searchsorted(np.unique(of.customer), of.customer) * span + of.day - beginning
    wanted = np.searchsorted(np.unique(of.customer), customer) * span + day - beginning
    return np.searchsorted(ranks, wanted).astype(np.int64)
