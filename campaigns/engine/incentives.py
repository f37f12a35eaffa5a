"""The least benefit that is enough for each customer: as much expected margin as budget and caps allow.

Whoever would take it for a small benefit gets a small one; a larger one goes where it changes more than it costs.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.optimize import linprog
from scipy.special import expit

from campaigns.engine.allotment import NO_CAP, Question
from campaigns.engine.assignment import assign
from campaigns.engine.frames import BoolArray, FloatArray

MOST_BENEFITS = 4
# The programme is solved as a whole up to this many customers; past it its dual is, which has the same value.
MOST_IN_ONE_PROGRAMME = 100_000
TINY = 1e-9


@dataclass(frozen=True)
class Programme:
    """The linear programme's answer: customers may be split between benefits, so no whole answer is worth more.

    Attributes
    ----------
    value : float
        Expected margin, benefits and contacts paid.
    shadow_price : float
        What one more unit of budget would bring; 0 where the budget does not bind.
    """

    value: float
    shadow_price: float


@dataclass(frozen=True)
class Incentives:
    """Which customer gets which benefit.

    Attributes
    ----------
    chosen : ndarray of bool, shape (n_customers, n_benefits)
        At most one a customer, within budget and caps.
    value, spend : float
        Expected margin with everything paid, and what it takes from the budget.
    programme : Programme
        What no answer can exceed.
    uniform : tuple of float
        The value of giving every customer who pays back the same benefit, for each benefit, within the same limits.
    """

    chosen: BoolArray
    value: float
    spend: float
    programme: Programme
    uniform: tuple[float, ...]

    @property
    def gap_share(self) -> float:
        """How much more the best answer could be worth at most, as a share of it."""
        best = self.programme.value
        return max(best - self.value, 0.0) / best if best > 0 else 0.0

    @property
    def best_uniform(self) -> int:
        """The benefit that would be worth most if everybody got the same."""
        return int(np.argmax(self.uniform))


def chances_by_benefit(logits: FloatArray, benefits: FloatArray, usual: float, slope: float) -> FloatArray:
    """Return the chance that each customer takes the offer for each benefit, shape (n_customers, n_benefits).

    Parameters
    ----------
    logits : ndarray of float64, shape (n_customers,)
        Log-odds for the usual benefit.
    benefits : ndarray of float64, shape (n_benefits,)
        Money, above 0.
    usual : float
        The benefit that `logits` are about, above 0.
    slope : float
        Rise of the log-odds when the benefit doubles.
    """
    chances: FloatArray = expit(logits[:, None] + slope * np.log2(benefits / usual)[None, :])
    return chances


def least_sufficient(question: Question) -> Incentives:
    """Give each customer at most one benefit so that the expected margin is largest.

    Raises
    ------
    ValueError
        When a customer could get several, or there are more than `MOST_BENEFITS`.
    """
    if question.most_per_customer != 1 or question.n_offers > MOST_BENEFITS:
        raise ValueError(f"one benefit a customer, out of at most {MOST_BENEFITS}")
    allotted = assign(question)
    if question.n_customers > MOST_IN_ONE_PROGRAMME:
        programme = Programme(allotted.bound, allotted.prices.budget)
    else:
        programme = solve(question)
    uniform = tuple(assign(_only(question, benefit)).value for benefit in range(question.n_offers))
    return Incentives(allotted.chosen, allotted.value, allotted.spend, programme, uniform)


def _only(question: Question, benefit: int) -> Question:
    kept = np.zeros_like(question.is_allowed)
    kept[:, benefit] = question.is_allowed[:, benefit]
    return replace(question, is_allowed=kept)


def solve(question: Question) -> Programme:
    """Solve the linear programme by an interior point, sparse: one row a customer, one a cap, one for the budget.

    Pairs that no answer would use are left out first: those that bring nothing, and those that cost at least as much
    as another of the same customer and bring no more.

    References
    ----------
    Sinha, Zoltners 1979 (dominance in the multiple-choice knapsack problem); Huangfu, Hall 2018 (HiGHS).
    """
    gains, costs = question.gains - question.contact_cost, question.spend + question.contact_cost
    kept = question.is_allowed & (gains > 0) & ~_beaten(gains, costs, question)
    rows, columns = np.nonzero(kept)
    if len(rows) == 0:
        return Programme(0.0, 0.0)
    _, places = np.unique(rows, return_inverse=True)
    limits, bounds = _limits(question, columns, costs[rows, columns], kept)
    at_most_one = sparse.csr_array((np.ones(len(rows)), (places, np.arange(len(rows)))))
    found = linprog(
        -gains[rows, columns],
        A_ub=sparse.vstack([at_most_one, *limits]).tocsr(),
        b_ub=np.concatenate([np.ones(at_most_one.shape[0]), bounds]),
        bounds=(0, None),
        method="highs-ipm",
    )
    if found.status != 0:
        raise ValueError(f"the linear programme has no answer: {found.message}")
    shadow = -float(found.ineqlin.marginals[-1]) if np.isfinite(question.budget) else 0.0
    return Programme(-float(found.fun), max(shadow, 0.0))


def _beaten(gains: FloatArray, costs: FloatArray, question: Question) -> BoolArray:
    """Pairs that another of the same customer dominates, where no cap could make up for it."""
    beaten = np.zeros(gains.shape, dtype=bool)
    for one in range(question.n_offers):
        for other in range(question.n_offers):
            if one == other or question.caps[other] != NO_CAP:
                continue
            better = question.is_allowed[:, other] & (gains[:, other] >= gains[:, one])
            better &= costs[:, other] <= costs[:, one]
            same = (gains[:, other] == gains[:, one]) & (costs[:, other] == costs[:, one])
            beaten[:, one] |= better & ~(same & (other > one))
    return beaten


def _limits(
    question: Question, columns: np.ndarray, costs: FloatArray, kept: BoolArray
) -> tuple[list[sparse.csr_array], FloatArray]:
    """The caps that could bind, then the budget, as rows of the programme; what each allows."""
    capped = [one for one in range(question.n_offers) if question.caps[one] < kept[:, one].sum()]
    rows = [sparse.csr_array((columns == one).astype(np.float64)[None, :]) for one in capped]
    bounds = [float(question.caps[one]) for one in capped]
    if np.isfinite(question.budget):
        rows.append(sparse.csr_array(costs[None, :]))
        bounds.append(question.budget)
    return rows, np.array(bounds, dtype=np.float64)
