"""Prices at which customers want no more of each offer than there is: Lagrange multipliers of caps and budget.

Whatever the prices, no allotment within the limits can be worth more than what customers would get for them plus what
the limits cost at them (weak duality; Geoffrion 1974). That bound proves how good an allotment is.
"""

import numpy as np

from campaigns.engine.allotment import Prices, Question, wanted
from campaigns.engine.frames import FloatArray

MOST_SWEEPS = 40
BISECTIONS = 24
# Prices may stand still for a sweep while offers that are alike outbid each other.
PATIENCE = 3
ENOUGH = 1e-4
STEP = 0.5
# Prices hardly differ between a tenth of very many customers and all of them; what is left is found on all.
SAMPLE = 20_000
SWEEPS_AFTER_SAMPLE = 2


def find_prices(question: Question) -> tuple[Prices, float]:
    """Raise the price of each offer, one after the other, until it is wanted no more often than its cap.

    From zero upwards: at the prices of the others, an offer is never dearer than where all limits hold, so prices
    rise towards the lowest that clear (Demange, Gale & Sotomayor 1986 for one offer a customer).

    Returns
    -------
    prices : Prices
        Of the lowest bound that was met.
    bound : float
        No allotment within the limits is worth more.
    """
    nothing = Prices(np.zeros(question.n_offers))
    if question.n_customers <= 2 * SAMPLE:
        return _settle(question, nothing, MOST_SWEEPS)
    start, _ = _settle(question.sample(question.n_customers // SAMPLE), nothing, MOST_SWEEPS)
    return min(
        (_settle(question, given, sweeps) for given, sweeps in ((start, SWEEPS_AFTER_SAMPLE), (nothing, 0))),
        key=lambda found: found[1],
    )


def _settle(question: Question, prices: Prices, most_sweeps: int) -> tuple[Prices, float]:
    best, lowest = prices, upper_bound(question, prices)
    idle = 0
    for _ in range(most_sweeps):
        prices = _sweep(question, prices)
        bound = upper_bound(question, prices)
        idle = 0 if lowest - bound > ENOUGH * max(abs(lowest), 1e-12) else idle + 1
        if bound < lowest:
            best, lowest = prices, bound
        if idle == PATIENCE:
            break
    return best, lowest


def upper_bound(question: Question, prices: Prices) -> float:
    """Return what no allotment within the limits can exceed."""
    _, surplus = wanted(question, prices)
    caps = np.minimum(question.caps, question.n_customers)
    for_budget = prices.budget * question.budget if prices.budget else 0.0
    return float(surplus.sum() + prices.offers @ caps + for_budget)


def _sweep(question: Question, prices: Prices) -> Prices:
    offers = prices.offers.copy()
    for offer in np.flatnonzero(question.caps < question.n_customers):
        now = Prices(offers, prices.budget)
        offers[offer] = _clearing_price(question, now, int(offer))
    return Prices(offers, _budget_price(question, Prices(offers, prices.budget)))


def _clearing_price(question: Question, prices: Prices, offer: int) -> float:
    """The lowest price at which an offer is wanted no more often than its cap, the other prices as they are."""
    bids = bids_for(question, prices, offer)
    cap = int(question.caps[offer])
    if cap >= len(bids):
        return 0.0
    beaten = float(-np.partition(-bids, cap)[cap])
    if beaten <= 0:
        return 0.0
    # A little above the bid that is beaten, as an auctioneer would, or offers that are alike never part.
    winning = float(-np.partition(-bids, cap - 1)[cap - 1]) if cap else beaten
    return beaten + STEP * (winning - beaten)


def bids_for(question: Question, prices: Prices, offer: int) -> FloatArray:
    """Return the price at which each customer would rather go without the offer, shape (n_customers,).

    With it a customer gets the best `most - 1` others as well; without it one more of them, or nothing at all.
    """
    worth = prices.worth(question)
    own = worth[:, offer] + prices.offers[offer]
    worth[:, offer] = -np.inf
    most = min(question.most_per_customer, question.n_offers)
    if most == 1:
        kept, missed = 0.0, np.maximum(worth.max(axis=1), 0.0)
    else:
        best = np.maximum(-np.partition(-worth, most - 1, axis=1)[:, :most], 0.0)
        missed = best.min(axis=1)
        kept = best.sum(axis=1) - missed
    bids: FloatArray = own - np.maximum(missed, prices.contact(question) - kept)
    return bids


def _budget_price(question: Question, prices: Prices) -> float:
    """The lowest price of money at which customers get no more of it than there is."""
    if not np.isfinite(question.budget) or _spent(question, prices.offers, 0.0) <= question.budget:
        return 0.0
    low, high = 0.0, 1.0
    while _spent(question, prices.offers, high) > question.budget:
        low, high = high, high * 2
        if high > 1e12:
            break
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _spent(question, prices.offers, middle) > question.budget else (low, middle)
    return high


def _spent(question: Question, offers: FloatArray, budget: float) -> float:
    chosen, _ = wanted(question, Prices(offers, budget))
    return question.spend_of(chosen)
