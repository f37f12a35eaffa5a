"""What a customer's own purchases say about buying each product again, and about the customer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.engine.history import PurchaseLog
from recommender.engine.tifu_knn import baskets_back

FloatTable = NDArray[np.float32]
HALF_LIVES_DAYS = (7.0, 14.0, 30.0, 60.0, 120.0, 240.0)
BASKET_DECAYS = (0.8, 0.9, 0.97)
SPANS_DAYS = (28.0, 56.0, 84.0)
# Stands for "never" among ages: no shop looks back so far.
NEVER_DAYS = 4000.0

OWN_NAMES = (
    "baskets_with",
    "lines_with",
    *(f"decay_{days:g}" for days in HALF_LIVES_DAYS),
    *(f"share_{days:g}" for days in HALF_LIVES_DAYS),
    *(f"basket_decay_{decay:g}" for decay in BASKET_DECAYS),
    *(f"within_{days:g}" for days in SPANS_DAYS),
    "last_days",
    "first_days",
    "gap_days",
    "overdue",
    "gap_spread",
    "baskets_since",
    "share_of_baskets",
    "share_since_first",
)
CUSTOMER_NAMES = (
    "baskets",
    "products",
    "lines",
    "baskets_28",
    "baskets_84",
    "last_visit_days",
    "visit_gap_days",
    "basket_size",
    "recent_basket_size",
    "tenure_days",
    "repeat_share",
    "first_rate_28",
)


@dataclass(frozen=True)
class OwnPurchases:
    """Every (customer, product) pair with a purchase, by customer and product.

    Attributes
    ----------
    rows, columns : ndarray of int64, shape (n_pairs,)
        Customer and product row.
    values : ndarray of float32, shape (n_pairs, len(OWN_NAMES))
        As ``OWN_NAMES``.
    customers : ndarray of float32, shape (n_customers, len(CUSTOMER_NAMES))
        As ``CUSTOMER_NAMES``.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: FloatTable
    customers: FloatTable


@dataclass(frozen=True)
class Events:
    """A product counted once a basket, sorted by customer and product, the oldest first within.

    Attributes
    ----------
    rows, columns, places : ndarray of int64, shape (n_events,)
        Customer row, product row, and the basket: 0 is the newest.
    age_days : ndarray of float64, shape (n_events,)
    starts : ndarray of int64, shape (n_pairs,)
        First event of every pair.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    places: NDArray[np.int64]
    age_days: NDArray[np.float64]
    starts: NDArray[np.int64]


def events_of(log: PurchaseLog, n_products: int) -> Events:
    """The log, a product once a basket."""
    places, _ = baskets_back(log)
    rows, columns = log.customer_rows, log.product_rows.astype(np.int64)
    pairs = rows * n_products + columns
    # The log is in the order of time within a customer, and a stable sort leaves it so within a pair.
    order = np.argsort(pairs, kind="stable")
    pairs, places = pairs[order], places[order]
    kept = np.ones(len(pairs), dtype=np.bool_)
    kept[1:] = (np.diff(pairs) != 0) | (np.diff(places) != 0)
    order, pairs, places = order[kept], pairs[kept], places[kept]
    begins = np.ones(len(pairs), dtype=np.bool_)
    begins[1:] = np.diff(pairs) != 0
    return Events(rows[order], columns[order], places, log.age_days[order].astype(np.float64), np.flatnonzero(begins))


def own_purchases(log: PurchaseLog, n_products: int) -> OwnPurchases:
    """Signals of all pairs with a purchase.

    Parameters
    ----------
    log : PurchaseLog
        Of n_customers.
    n_products : int

    Returns
    -------
    OwnPurchases
    """
    events = events_of(log, n_products)
    customers, visits = _customers(log, events)
    if not len(events.starts):
        nothing = np.empty(0, dtype=np.int64)
        return OwnPurchases(nothing, nothing, np.empty((0, len(OWN_NAMES)), np.float32), customers)
    values = _pairs(events, log, n_products, visits)
    return OwnPurchases(events.rows[events.starts], events.columns[events.starts], values, customers)


def _pairs(events: Events, log: PurchaseLog, n_products: int, visits: FloatTable) -> FloatTable:
    starts, ages = events.starts, events.age_days
    rows, n_events = events.rows[starts], np.diff(np.append(starts, len(ages)))
    ends = starts + n_events - 1
    first, last = ages[starts], ages[ends]
    decays = [np.add.reduceat(np.exp2(-ages / days), starts) for days in HALF_LIVES_DAYS]
    shares = [decay / np.maximum(visits[rows, at], 1e-9) for at, decay in enumerate(decays)]
    in_baskets = [np.add.reduceat(np.power(decay, events.places), starts) for decay in BASKET_DECAYS]
    spans = [np.add.reduceat((ages <= days).astype(float), starts) for days in SPANS_DAYS]
    gap = np.where(n_events > 1, (first - last) / np.maximum(n_events - 1, 1), NEVER_DAYS)
    n_baskets = visits[rows, -1]
    columns = [
        n_events,
        _lines(log, n_products, events),
        *decays,
        *shares,
        *in_baskets,
        *spans,
        last,
        first,
        gap,
        last / np.maximum(gap, 1.0),
        _gap_spread(events, n_events, gap),
        events.places[ends],
        n_events / n_baskets,
        n_events / (events.places[starts] + 1),
    ]
    return np.column_stack(columns).astype(np.float32)


def _lines(log: PurchaseLog, n_products: int, events: Events) -> NDArray[np.float64]:
    pairs = events.rows[events.starts] * n_products + events.columns[events.starts]
    at = np.searchsorted(pairs, log.customer_rows * n_products + log.product_rows)
    return np.bincount(at, weights=log.weights, minlength=len(pairs)).astype(np.float64)


def _gap_spread(events: Events, n_events: NDArray[np.int64], gap: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation of the gaps between purchases over their mean; 1, as by chance, where there are too few."""
    steps = np.zeros(len(events.age_days))
    steps[1:] = events.age_days[:-1] - events.age_days[1:]
    steps[events.starts] = 0.0
    squares = np.add.reduceat(steps * steps, events.starts) / np.maximum(n_events - 1, 1)
    spread = np.sqrt(np.maximum(squares - gap * gap, 0.0)) / np.maximum(gap, 1e-9)
    return np.where(n_events > 2, spread, 1.0)


def _customers(log: PurchaseLog, events: Events) -> tuple[FloatTable, FloatTable]:
    """Signals of the customers, and their baskets: decayed by every half-life, and all of them."""
    n, rows = len(log), log.customer_rows
    places, n_baskets = baskets_back(log)
    newest = np.ones(len(rows), dtype=np.bool_)
    newest[1:] = (np.diff(rows) != 0) | (np.diff(places) != 0)
    who, ages = rows[newest], log.age_days[newest].astype(np.float64)

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(who, weights=values, minlength=n).astype(np.float64)

    visits = np.column_stack([*(total(np.exp2(-ages / days)) for days in HALF_LIVES_DAYS), n_baskets])
    tenure, since = np.zeros(n), np.full(n, NEVER_DAYS)
    np.maximum.at(tenure, who, ages)
    np.minimum.at(since, who, ages)
    n_products = np.bincount(events.rows[events.starts], minlength=n)
    n_events = np.bincount(events.rows, minlength=n)
    recent = np.bincount(events.rows, weights=events.age_days <= SPANS_DAYS[0], minlength=n)
    fresh = np.bincount(
        events.rows[events.starts], weights=events.age_days[events.starts] <= SPANS_DAYS[0], minlength=n
    )
    recent_baskets = total((ages <= SPANS_DAYS[0]).astype(float))
    columns = [
        n_baskets,
        n_products,
        np.diff(log.starts),
        recent_baskets,
        total((ages <= SPANS_DAYS[2]).astype(float)),
        since,
        np.where(n_baskets > 1, (tenure - since) / np.maximum(n_baskets - 1, 1), NEVER_DAYS),
        n_events / np.maximum(n_baskets, 1),
        recent / np.maximum(recent_baskets, 1),
        tenure,
        1 - n_products / np.maximum(n_events, 1),
        fresh / np.maximum(recent, 1),
    ]
    return np.column_stack(columns).astype(np.float32), visits.astype(np.float32)
