"""From prices to an allotment that keeps every limit: cut what is too much, then hand out what is left."""

import numpy as np

from campaigns.engine.allotment import Prices, Question, wanted
from campaigns.engine.allotment_prices import bids_for
from campaigns.engine.frames import BoolArray, FloatArray, IntArray

CLOSE_ENOUGH = 1e-9


def allot(question: Question, prices: Prices) -> BoolArray:
    """Return an allotment within all limits, shape (n_customers, n_offers).

    The same question always gets the same answer: of equal customers the first goes first.
    """
    worth = prices.worth(question)
    chosen, _ = wanted(question, prices)
    _cut_to_caps(question, prices, chosen)
    _cut_to_budget(question, chosen)
    _fill(question, worth, chosen)
    if _drop_unpaid(question, chosen):
        _fill(question, worth, chosen)
        _drop_unpaid(question, chosen)
    return chosen


def _cut_to_caps(question: Question, prices: Prices, chosen: BoolArray) -> None:
    """Those keep an offer who would lose most without it, not those who like it most."""
    for offer in np.flatnonzero(chosen.sum(axis=0) > question.caps):
        takers = np.flatnonzero(chosen[:, offer])
        bids = bids_for(question, prices, int(offer))[takers]
        ranked = takers[np.argsort(-bids, kind="stable")]
        chosen[ranked[question.caps[offer] :], offer] = False


def _cut_to_budget(question: Question, chosen: BoolArray) -> None:
    """Whole customers go, those who bring least for what they cost first."""
    if question.spend_of(chosen) <= question.budget:
        return
    customers = np.flatnonzero(chosen.any(axis=1))
    gains = np.where(chosen[customers], question.gains[customers], 0.0).sum(axis=1)
    costs = np.where(chosen[customers], question.spend[customers], 0.0).sum(axis=1) + question.contact_cost
    ranked = np.argsort(-gains / np.maximum(costs, CLOSE_ENOUGH), kind="stable")
    too_many = np.cumsum(costs[ranked]) > question.budget
    chosen[customers[ranked[too_many]]] = False


def _fill(question: Question, worth: FloatArray, chosen: BoolArray) -> None:
    """Give each customer with room the best that is left, the best pairs first, until nothing that pays is left."""
    while True:
        pairs = _next_best(question, worth, chosen)
        pairs = _within_caps(question, chosen, pairs)
        pairs = _within_budget(question, chosen, pairs)
        if len(pairs) == 0:
            return
        chosen[pairs[:, 0], pairs[:, 1]] = True


def _next_best(question: Question, worth: FloatArray, chosen: BoolArray) -> IntArray:
    """One (customer, offer) for each customer who still gains from one, the best first."""
    taken = chosen.sum(axis=1)
    is_open = chosen.sum(axis=0) < question.caps
    contact = np.where(taken == 0, question.contact_cost, 0.0)
    left = question.budget - question.spend_of(chosen)
    pays = question.is_allowed & ~chosen & (question.gains > contact[:, None] + CLOSE_ENOUGH)
    pays &= question.spend + contact[:, None] <= left
    pays &= is_open[None, :] & (taken < question.most_per_customer)[:, None]
    rows = np.flatnonzero(pays.any(axis=1))
    wish = np.where(pays[rows], worth[rows], -np.inf)
    offers = wish.argmax(axis=1)
    order = np.argsort(-wish[np.arange(len(rows)), offers], kind="stable")
    return np.column_stack([rows[order], offers[order]]).astype(np.int64)


def _within_caps(question: Question, chosen: BoolArray, pairs: IntArray) -> IntArray:
    kept = np.zeros(len(pairs), dtype=bool)
    left = question.caps - chosen.sum(axis=0)
    for offer in np.unique(pairs[:, 1]):
        kept[np.flatnonzero(pairs[:, 1] == offer)[: left[offer]]] = True
    return pairs[kept]


def _within_budget(question: Question, chosen: BoolArray, pairs: IntArray) -> IntArray:
    if not np.isfinite(question.budget) or len(pairs) == 0:
        return pairs
    is_new = ~chosen[pairs[:, 0]].any(axis=1)
    costs = question.spend[pairs[:, 0], pairs[:, 1]] + question.contact_cost * is_new
    left = question.budget - question.spend_of(chosen)
    return pairs[np.cumsum(costs) <= left]


def _drop_unpaid(question: Question, chosen: BoolArray) -> bool:
    """Leave customers out whose offers do not pay for reaching them; whether there were any."""
    gains = np.where(chosen, question.gains, 0.0).sum(axis=1)
    unpaid = chosen.any(axis=1) & (gains <= question.contact_cost)
    chosen[unpaid] = False
    return bool(unpaid.any())
