"""Which products a new one would take from: what its buyers buy of its kind, and how much of that earlier ones took.

An estimate, not a measurement: nobody was kept from the earlier launches at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.launches.lines import Lines
from campaigns.engine.launches.totals import PastLaunches

# Those who bought as much of the kind before are compared; more than this counts alike.
MOST_BEFORE = 4
MOST_LAUNCHES = 60
FEWEST_LAUNCHES = 10
N_RESAMPLED = 2_000
BAND = (0.05, 0.95)
LEAST_SHARE, MOST_SHARE = 0.0, 1.0


@dataclass(frozen=True)
class Substitution:
    """Pieces of other products of the kind that were not bought, for every piece of the new one.

    Attributes
    ----------
    share, low, high : float
        Estimate and 90 % interval.
    n_launches : int
        Earlier launches it was learnt from.
    """

    share: float
    low: float
    high: float
    n_launches: int

    @property
    def is_told(self) -> bool:
        """Whether the past tells that launches of this kind take from others at all."""
        return self.n_launches >= FEWEST_LAUNCHES and self.low > LEAST_SHARE


def substitution(
    past: PastLaunches, lines: Lines, groups: IntArray, *, days: int, rng: np.random.Generator
) -> Substitution:
    """Learn from the latest launches what their buyers stopped buying.

    A buyer is compared with those who bought as many pieces of the kind in the weeks before, and not the new product.

    Parameters
    ----------
    past : PastLaunches
        Of the kind.
    lines : Lines
    groups : ndarray of int64, shape (n_products,)
        Kind of every product; ``-1`` where unknown.
    days : int
        Looked at before and after the first day.
    rng : numpy.random.Generator
        Resamples whole launches.

    Notes
    -----
    Difference between buyers and others within strata (subclassification, Cochran 1968). Buyers may be people whose
    need grew just then, which makes the share too small, never too large by that.
    """
    recent = past.where(np.arange(len(past)) >= len(past) - MOST_LAUNCHES)
    pairs = [
        _lost(int(row), int(day), lines, groups, days)
        for row, day in zip(recent.product_rows, recent.days, strict=True)
    ]
    table = np.array([pair for pair in pairs if pair[1] > 0]).reshape(-1, 2)
    if len(table) < FEWEST_LAUNCHES:
        return Substitution(0.0, LEAST_SHARE, MOST_SHARE, len(table))
    drawn = table[rng.integers(0, len(table), (N_RESAMPLED, len(table)))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], BAND)
    share = table[:, 0].sum() / table[:, 1].sum()
    kept = np.clip([share, low, high], LEAST_SHARE, MOST_SHARE).tolist()
    return Substitution(kept[0], kept[1], kept[2], len(table))


def _lost(row: int, day: int, lines: Lines, groups: IntArray, days: int) -> tuple[float, float]:
    """Pieces of the kind that buyers bought less than others like them, and pieces of the new product."""
    peers = np.flatnonzero((groups == groups[row]) & (np.arange(len(groups)) != row))
    n = int(lines.customer_rows.max(initial=0)) + 1
    before = _pieces(lines.between(day - days, day).of_products(peers), n)
    window = lines.between(day, day + days)
    after, new = _pieces(window.of_products(peers), n), _pieces(window.of_products(np.array([row])), n)
    stratum = np.minimum(before, MOST_BEFORE).astype(np.int64)
    # Who never buys of the kind has nothing to stop buying.
    buys, others = (new > 0) & (before > 0), new == 0
    sizes = np.bincount(stratum[others], minlength=MOST_BEFORE + 1)
    means = np.bincount(stratum[others], after[others], minlength=MOST_BEFORE + 1) / np.maximum(sizes, 1)
    known = buys & (sizes[stratum] > 0)
    return float((means[stratum[known]] - after[known]).sum()), float(new[known].sum())


def _pieces(lines: Lines, n_customers: int) -> FloatArray:
    return np.asarray(np.bincount(lines.customer_rows, lines.pieces, minlength=n_customers), dtype=np.float64)


def at_stake(lines: Lines, product_rows: IntArray, chances: FloatArray) -> FloatArray:
    """Pieces that the expected buyers bought of each product, shape (len(product_rows),).

    Parameters
    ----------
    lines : Lines
        Of the weeks before.
    product_rows : ndarray of int64
    chances : ndarray of float64, shape (n_customers,)
        Of buying the new product, by customer row; 0 for those who are not scored.
    """
    kept = lines.of_products(product_rows)
    totals = np.bincount(
        kept.product_rows, kept.pieces * chances[kept.customer_rows], minlength=int(product_rows.max(initial=0)) + 1
    )
    return np.asarray(totals[product_rows], dtype=np.float64)
