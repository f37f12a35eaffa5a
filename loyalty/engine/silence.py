"""Products after whose first purchase regular customers fall silent more often than others do."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import poisson

from loyalty.engine.rhythm import Flags, Floats, Ints, RhythmRule, Rhythms, rhythms, row_of
from loyalty.engine.shrinkage import Ratios, fit_prior, shrink

# Where nobody ever fell silent nothing is expected, and logarithms want more than nothing.
LEAST_EXPECTED = 1e-9


@dataclass(frozen=True)
class SilenceRule:
    """How products are judged.

    Attributes
    ----------
    rhythm : RhythmRule
    fewest_buyers : int
        Regular first-time buyers whose next weeks were seen; with fewer, not even a fifth of them leaving shows.
    n_activity_groups : int
        Customers are compared with those who come about as often.
    period_days : int
        And in the same span of time, counted back from the day of judgement.
    false_discovery_rate : float
        Share of false ones among the products flagged, on average at most.
    """

    rhythm: RhythmRule = field(default_factory=RhythmRule)
    fewest_buyers: int = 20
    n_activity_groups: int = 10
    period_days: int = 61
    false_discovery_rate: float = 0.05


DEFAULT_SILENCE_RULE = SilenceRule()


@dataclass(frozen=True)
class FirstPurchases:
    """Each customer's first purchase of each product, by customer.

    Attributes
    ----------
    product, visit : ndarray of int64, shape (n,)
        The product, and the row of the visit in the rhythms.
    n_new : ndarray of int64
        Products the customer bought for the first time on that visit.
    """

    product: Ints
    visit: Ints
    n_new: Ints


@dataclass(frozen=True)
class ProductScores:
    """One row for each product with enough buyers, shape (n_products,).

    Attributes
    ----------
    product, n_buyers : ndarray of int64
    observed, expected : ndarray of float64
        Silences after a first purchase that no worse product explains, and how many were to be expected.
    ratio : Ratios
        Observed over expected, shrunk, with its 90 % interval.
    p, q : ndarray of float64
        One-sided chance of so many silences without a reason, and the false-discovery rate if flagged.
    is_flagged : ndarray of bool
    """

    product: Ints
    n_buyers: Ints
    observed: Floats
    expected: Floats
    ratio: Ratios
    p: Floats
    q: Floats
    is_flagged: Flags


@dataclass(frozen=True)
class Silence:
    """Everything one reading of the purchases tells.

    Attributes
    ----------
    visits : Rhythms
    firsts : FirstPurchases
    scores : ProductScores
    counted : ndarray of bool, shape (n_firsts,)
        First purchases whose silence counts for their product; the others are explained by a worse product.
    """

    visits: Rhythms
    firsts: FirstPurchases
    scores: ProductScores
    counted: Flags


def find_silence(
    customer: Ints, product: Ints, day: Ints, *, as_of_day: int, rule: SilenceRule = DEFAULT_SILENCE_RULE
) -> Silence:
    """Judge all products as of a day.

    Parameters
    ----------
    customer, product, day : ndarray of int64, shape (n,)
        Purchases in any order, returns left out. Nothing from `as_of_day` on is read.

    Notes
    -----
    A silence is charged to every product that the customer bought for the first time on the last visit before it.
    Expected are the silences after first purchases by customers equally active in the same two months. Innocent
    products lie in the same baskets as a guilty one, so the worst product is judged first and the visits that it
    explains are taken out before the next is judged. Benjamini & Hochberg 1995 over all products looked at.
    """
    known = day < as_of_day
    customer, product, day = customer[known], product[known], day[known]
    visits = rhythms(customer, day, as_of_day=as_of_day, rule=rule.rhythm)
    firsts = first_purchases(visits, customer, product, day)
    scores, counted = _score(visits, firsts, rule)
    return Silence(visits, firsts, scores, counted)


def first_purchases(visits: Rhythms, customer: Ints, product: Ints, day: Ints) -> FirstPurchases:
    """Find them among all purchases, which may repeat and come in any order."""
    order = np.lexsort((day, product, customer))
    customer, product, day = customer[order], product[order], day[order]
    is_first = np.ones(len(day), bool)
    is_first[1:] = (customer[1:] != customer[:-1]) | (product[1:] != product[:-1])
    visit = row_of(visits, customer[is_first], day[is_first])
    n_new = np.bincount(visit, minlength=len(visits))
    return FirstPurchases(product[is_first], visit, n_new[visit])


@dataclass
class _Charges:
    """First purchases whose next weeks were seen, each charging its product with the silence that followed, or not."""

    names: Ints
    product: Ints
    visit: Ints
    silent: Flags
    chance: Floats

    def sums(self, rows: Flags) -> tuple[Floats, Floats]:
        """Observed and expected silences of every product over the given rows."""
        observed: Floats = np.bincount(self.product[rows], self.silent[rows], len(self.names)).astype(np.float64)
        expected = np.bincount(self.product[rows], self.chance[rows], len(self.names))
        return observed, np.maximum(expected, LEAST_EXPECTED)


def _score(visits: Rhythms, firsts: FirstPurchases, rule: SilenceRule) -> tuple[ProductScores, Flags]:
    """Take the worst product, set its visits aside, and look again, until none stands out."""
    seen = visits.is_observed[firsts.visit]
    charges = _charges(visits, firsts.product[seen], firsts.visit[seen], rule)
    n_buyers = np.bincount(charges.product, minlength=len(charges.names))
    judged = n_buyers >= rule.fewest_buyers
    is_taken, counts = np.zeros(len(judged), bool), np.ones(len(charges.visit), bool)
    is_free = np.ones(len(visits), bool)
    observed, expected = charges.sums(counts)
    while True:
        p = poisson.sf(observed - 1, expected)
        q = false_discovery_rates(p[judged])
        standing_out = np.flatnonzero(judged)[(q <= rule.false_discovery_rate) & ~is_taken[judged]]
        if not len(standing_out):
            break
        worst = standing_out[np.argmin(p[standing_out])]
        is_taken[worst] = True
        is_free[charges.visit[(charges.product == worst) & counts]] = False
        # What was judged keeps its count; the visits that it explains no longer count for the others.
        counts &= is_free[charges.visit] | is_taken[charges.product]
        observed, expected = charges.sums(counts)
    counted = np.zeros(len(firsts.product), bool)
    counted[seen] = counts
    ratio = shrink(observed[judged], expected[judged], fit_prior(observed[judged], expected[judged]))
    return (
        ProductScores(
            product=charges.names[judged],
            n_buyers=n_buyers[judged],
            observed=observed[judged],
            expected=expected[judged],
            ratio=ratio,
            p=p[judged],
            q=q,
            is_flagged=q <= rule.false_discovery_rate,
        ),
        counted,
    )


def _charges(visits: Rhythms, product: Ints, visit: Ints, rule: SilenceRule) -> _Charges:
    names, code = np.unique(product, return_inverse=True)
    silent = visits.is_silent[visit]
    return _Charges(names, code, visit, silent, _expected_share(visits, visit, silent, rule))


def _expected_share(visits: Rhythms, visit: Ints, silent: Flags, rule: SilenceRule) -> Floats:
    """How often a first purchase by customers equally active, at that time, was followed by silence."""
    if not len(visit):
        return np.zeros(0)
    often = 1.0 / np.maximum(visits.usual_gap, 1e-9)
    inner = np.linspace(0, 1, rule.n_activity_groups + 1)[1:-1]
    group = np.searchsorted(np.quantile(often[visits.is_observed], inner), often[visit])
    period = (visits.as_of_day - visits.day[visit]) // rule.period_days
    cell = (period * rule.n_activity_groups + group).astype(np.int64)
    totals = np.bincount(cell)
    share: Floats = np.bincount(cell, silent) / np.maximum(totals, 1)
    return share[cell]


def false_discovery_rates(p: Floats) -> Floats:
    """Return Benjamini and Hochberg's adjusted values, shape (n,): flag those up to the rate you accept."""
    order = np.argsort(p, kind="stable")
    stepped = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 1.0)
    return adjusted


def still_silent(visits: Rhythms) -> Ints:
    """Rows of the last visits of regular customers who are silent as of the day of judgement."""
    return np.flatnonzero(visits.is_last & visits.is_silent)
