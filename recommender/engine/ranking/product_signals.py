"""What all customers together say about a product at one moment: how much it sells, again and anew, now and before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.engine.history import PurchaseLog
from recommender.engine.ranking.purchase_signals import NEVER_DAYS, events_of

FloatArray = NDArray[np.float64]
HALF_LIVES_DAYS = (7.0, 28.0, 90.0)
MONTH_DAYS = 28.0
# Customers' worth of the shop's mean that a product's own share is mixed with.
PRIOR = 10.0

PRODUCT_NAMES = (
    "buyers",
    *(f"sold_{days:g}" for days in HALF_LIVES_DAYS),
    *(f"fresh_{days:g}" for days in HALF_LIVES_DAYS),
    "buyers_month",
    "buyers_month_before",
    "trend",
    "fresh_month",
    "fresh_month_before",
    "fresh_trend",
    "unsold_days",
    "product_age_days",
    "repeat_buyers_share",
    "times_a_buyer",
    "rebuy_share",
    "rebuy_again_share",
    "product_gap_days",
)
FRESH_NOW = PRODUCT_NAMES.index("fresh_28")
SOLD_NOW = PRODUCT_NAMES.index("sold_28")


def product_signals(log: PurchaseLog, n_products: int) -> NDArray[np.float32]:
    """Signals of every product.

    Parameters
    ----------
    log : PurchaseLog
        Of all customers.
    n_products : int

    Returns
    -------
    ndarray of float32, shape (n_products, len(PRODUCT_NAMES))
        Sales are purchases a thousand customers, shares lie in 0-1.
    """
    events = events_of(log, n_products)
    ages, starts = events.age_days, events.starts
    n_events = np.diff(np.append(starts, len(ages)))
    pairs, first, last = events.columns[starts], ages[starts], ages[starts + n_events - 1]
    before = (ages > MONTH_DAYS) & (ages <= 2 * MONTH_DAYS)
    bought_before = np.logical_or.reduceat(before, starts) if len(starts) else np.zeros(0, dtype=np.bool_)
    every = Tally(events.columns, n_products)
    each = Tally(pairs, n_products)
    table = [
        *_sales(every, ages, each, first, last, bought_before, 1000 / max(len(log), 1)),
        *every.span(ages),
        *_repeats(each, n_events, first, last, bought_before),
    ]
    return np.column_stack(table).astype(np.float32)


@dataclass(frozen=True)
class Tally:
    """Adds up by product, whatever is counted: purchases, or pairs of customer and product.

    Attributes
    ----------
    of : ndarray of int64, shape (n,)
        Product rows.
    n_products : int
    """

    of: NDArray[np.int64]
    n_products: int

    def __call__(self, values: NDArray[Any]) -> FloatArray:
        return np.bincount(self.of, weights=values, minlength=self.n_products).astype(np.float64)

    def span(self, ages: FloatArray) -> list[FloatArray]:
        """Least and greatest age of every product."""
        youngest, oldest = np.full(self.n_products, NEVER_DAYS), np.zeros(self.n_products)
        np.minimum.at(youngest, self.of, ages)
        np.maximum.at(oldest, self.of, ages)
        return [youngest, oldest]


def _sales(
    every: Tally,
    ages: FloatArray,
    each: Tally,
    first: FloatArray,
    last: FloatArray,
    bought_before: NDArray[np.bool_],
    per_thousand: float,
) -> list[FloatArray]:
    month, month_before = ages <= MONTH_DAYS, (ages > MONTH_DAYS) & (ages <= 2 * MONTH_DAYS)
    fresh = each(first <= MONTH_DAYS)
    fresh_before = each((first > MONTH_DAYS) & (first <= 2 * MONTH_DAYS))
    return [
        each(np.ones(len(first))) * per_thousand,
        *(every(np.exp2(-ages / days)) * per_thousand for days in HALF_LIVES_DAYS),
        *(each(np.exp2(-first / days)) * per_thousand for days in HALF_LIVES_DAYS),
        each(last <= MONTH_DAYS) * per_thousand,
        each(bought_before) * per_thousand,
        (every(month) + 1) / (every(month_before) + 1),
        fresh * per_thousand,
        fresh_before * per_thousand,
        (fresh + 1) / (fresh_before + 1),
    ]


def _repeats(
    each: Tally, n_events: NDArray[np.int64], first: FloatArray, last: FloatArray, bought_before: NDArray[np.bool_]
) -> list[FloatArray]:
    again, owned, bought_now = n_events > 1, first > MONTH_DAYS, last <= MONTH_DAYS
    buyers = each(np.ones(len(first)))
    gaps, n_gaps = each(np.where(again, first - last, 0.0)), each(np.where(again, n_events - 1, 0))
    return [
        _share(each(again), buyers),
        each(n_events) / np.maximum(buyers, 1),
        _share(each(owned & bought_now), each(owned)),
        _share(each(bought_before & bought_now), each(bought_before)),
        (gaps + PRIOR * MONTH_DAYS) / (n_gaps + PRIOR),
    ]


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    usual = part.sum() / max(whole.sum(), 1)
    shared: FloatArray = (part + PRIOR * usual) / (whole + PRIOR)
    return shared
