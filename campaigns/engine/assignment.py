"""Which customer gets which offer: as much expected value as caps and budget allow, with proof of how close it is."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from campaigns.engine.allotment import Prices, Question
from campaigns.engine.allotment_filling import allot
from campaigns.engine.allotment_prices import find_prices
from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.frames import BoolArray, FloatArray

N_DRAWS = 4_000
N_BINS = 400
SURE = 1e-9


@dataclass(frozen=True)
class Allotment:
    """Which customer gets which offer.

    Attributes
    ----------
    chosen : ndarray of bool, shape (n_customers, n_offers)
        Within every limit of the question.
    value : float
        Expected money, contacts paid; 0 when nobody gets anything.
    spend : float
        What it takes from the budget.
    bound : float
        No allotment within the limits is worth more.
    prices : Prices
        What one more of each limit would be worth.
    """

    chosen: BoolArray
    value: float
    spend: float
    bound: float
    prices: Prices

    @property
    def gap_share(self) -> float:
        """How much more the best allotment could be worth at most, as a share of the bound."""
        return max(self.bound - self.value, 0.0) / self.bound if self.bound > 0 else 0.0


def assign(question: Question) -> Allotment:
    """Give out offers by Lagrange multipliers, then repair what ties leave over.

    Exact where no cap and no budget binds. Deterministic.

    Returns
    -------
    Allotment
        The better of two: from the prices that clear, and from no prices at all.

    References
    ----------
    Fisher 1981 (Lagrangian relaxation for integer programmes).
    """
    prices, bound = find_prices(question)
    tried = [allot(question, given) for given in (prices, Prices(np.zeros(question.n_offers)))]
    chosen = max(tried, key=question.value_of)
    return Allotment(chosen, question.value_of(chosen), question.spend_of(chosen), bound, prices)


@dataclass(frozen=True)
class Spread:
    """Where the money of an allotment falls nine times in ten."""

    mean: float
    low: float
    high: float


def value_spread(
    logits: FloatArray, gains: FloatArray, costs: float, effect: CampaignEffect, rng: np.random.Generator
) -> Spread:
    """Simulate what an allotment brings, the surprise of the whole campaign shared by everybody.

    Parameters
    ----------
    logits : ndarray of float64, shape (n_pairs,)
        Log-odds that each (customer, offer) is taken, before the campaign effect.
    gains : ndarray of float64, shape (n_pairs,)
        Money each leaves when it is taken.
    costs : float
        Paid whatever happens.
    effect : CampaignEffect
    rng : Generator

    Returns
    -------
    Spread
        Mean and central 90 % interval. Coin tosses within a bin are summed as a normal variable.
    """
    if len(logits) == 0:
        return Spread(0.0, 0.0, 0.0)
    order = np.argsort(logits, kind="stable")
    edges = np.unique(np.linspace(0, len(order), min(N_BINS, len(order)) + 1).astype(np.int64))[:-1]
    sizes = np.diff(np.append(edges, len(order)))
    centres = logit(np.clip(np.add.reduceat(expit(logits[order]), edges) / sizes, SURE, 1 - SURE))
    chances = expit(centres[:, None] + effect.draw(N_DRAWS, rng)[None, :])
    expected = np.add.reduceat(gains[order], edges) @ chances
    variance = np.add.reduceat(gains[order] ** 2, edges) @ (chances * (1 - chances))
    drawn = expected + np.sqrt(variance) * rng.standard_normal(N_DRAWS) - costs
    low, high = np.quantile(drawn, [0.05, 0.95])
    return Spread(float(drawn.mean()), float(low), float(high))
