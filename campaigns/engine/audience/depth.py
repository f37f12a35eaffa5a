"""Whom to send an offer to: everybody ranked by expected profit, and how deep it pays to go."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import expit

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.simulation import LEVELS, LogitBins, Plan

N_DEPTHS = 100


class Advice(StrEnum):
    """What the profit curve recommends; all three are legal answers."""

    BEST = "best"
    EVERYBODY = "everybody"
    NOBODY = "nobody"


@dataclass(frozen=True)
class ProfitCurve:
    """Profit of sending to the best customers only, by how many are sent to.

    Attributes
    ----------
    depths : ndarray of int64, shape (n_depths,)
        Customers sent to; the first is 0 (nobody), the last everybody.
    profit : ndarray of float64, shape (n_depths,)
        Expected profit, in the currency of the assumptions.
    low, high : ndarray of float64, shape (n_levels, n_depths)
        Central intervals at `LEVELS`, campaign effect included.
    redeemer_share : ndarray of float64, shape (n_depths,)
        Share of all expected redeemers that is reached.
    """

    depths: IntArray
    profit: FloatArray
    low: FloatArray
    high: FloatArray
    redeemer_share: FloatArray

    def interval(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Return lower and upper band at `level`, one of `LEVELS`, each of shape (n_depths,)."""
        row = LEVELS.index(level)
        return self.low[row], self.high[row]


@dataclass(frozen=True)
class Cut:
    """How many customers to send to.

    Attributes
    ----------
    advice : Advice
    depth : int
        0 for nobody.
    profit : float
        Expected profit at that depth.
    """

    advice: Advice
    depth: int
    profit: float


def expected_profit(plan: Plan) -> FloatArray:
    """Return the profit expected of contacting each customer, shape (n_customers,).

    The campaign effect is at its mean. The order is that of the logits whenever a redemption pays.
    """
    chances = expit(plan.logits + plan.effect.mean)
    value = plan.counts.mean * plan.assumptions.value_per_redemption
    return np.asarray(chances * value - plan.assumptions.cost_per_contact)


def break_even(plan: Plan) -> float:
    """Return what a redemption would have to leave, after its benefit, for everybody in `plan` to pay back together.

    Infinite when nobody is expected to redeem.
    """
    redemptions = expit(plan.logits + plan.effect.mean).sum() * plan.counts.mean
    contacts = len(plan.logits) * plan.assumptions.cost_per_contact
    return float(contacts / redemptions) if redemptions else float("inf")


def rank(logits: FloatArray, customer_ids: IntArray) -> IntArray:
    """Return customer rows best first, ties by id so that the order never changes, shape (n_customers,)."""
    return np.lexsort((customer_ids, -logits)).astype(np.int64)


def profit_curve(plan: Plan, rng: np.random.Generator, n_depths: int = N_DEPTHS) -> ProfitCurve:
    """Simulate the profit of every depth together, so that neighbouring depths share one simulated campaign.

    Returns
    -------
    ProfitCurve
        With at most `n_depths` + 1 points.
    """
    bins = LogitBins.equally_sized(plan.logits, n_depths)
    redeemers = bins.responses(plan.effect.draw(plan.n_draws, rng), rng)
    depths = np.cumsum(bins.sizes)
    redemptions = plan.counts.totals_by_depth(redeemers, rng)
    profit = redemptions * plan.assumptions.value_per_redemption - depths[:, None] * plan.assumptions.cost_per_contact
    tails = np.array([(1 - level) / 2 for level in LEVELS])
    reached = np.cumsum(redeemers.mean(axis=1))
    return ProfitCurve(
        depths=np.concatenate([[0], depths]),
        profit=np.concatenate([[0.0], profit.mean(axis=1)]),
        low=_from_nobody(np.quantile(profit, tails, axis=1)),
        high=_from_nobody(np.quantile(profit, 1 - tails, axis=1)),
        redeemer_share=np.concatenate([[0.0], reached / max(reached[-1], 1e-12)]),
    )


def recommend_cut(plan: Plan, n_most: int | None = None) -> Cut:
    """Choose how deep to go: send while the next customer is expected to pay for the contact.

    Parameters
    ----------
    plan : Plan
    n_most : int, optional
        Never recommend more than this many.

    Returns
    -------
    Cut
        "everybody" when even the last customer pays, "nobody" when not even the first does.
    """
    worth = np.sort(expected_profit(plan))[::-1][:n_most]
    depth = int((worth > 0).sum())
    if depth == 0:
        return Cut(Advice.NOBODY, 0, 0.0)
    advice = Advice.EVERYBODY if depth == len(plan.logits) else Advice.BEST
    return Cut(advice, depth, float(worth[:depth].sum()))


def _from_nobody(bands: FloatArray) -> FloatArray:
    return np.hstack([np.zeros((len(bands), 1)), bands])
