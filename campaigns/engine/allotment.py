"""What is to be decided when offers are given to customers, and what a decision is worth.

Every customer may get a few of the offers; every offer has a cap; all of it has a budget. Reaching a customer costs
the same however many offers they get.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from campaigns.engine.frames import BoolArray, FloatArray, IntArray

NO_CAP = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Question:
    """Who may get what, what it would bring, and what limits there are.

    Attributes
    ----------
    gains : ndarray of float64, shape (n_customers, n_offers)
        What each offer is expected to leave with each customer after its benefit, before the cost of contact; money.
    spend : ndarray of float64, shape (n_customers, n_offers)
        Expected cost of the benefit, not negative; it counts against the budget.
    is_allowed : ndarray of bool, shape (n_customers, n_offers)
    caps : ndarray of int64, shape (n_offers,)
        How many customers each offer may go to; `NO_CAP` where nothing limits it.
    most_per_customer : int
        At least 1.
    contact_cost : float
        Of one customer, once.
    budget : float
        For contacts and benefits together; infinite where nothing limits it.

    Raises
    ------
    ValueError
        When shapes disagree or a limit is negative.
    """

    gains: FloatArray
    spend: FloatArray
    is_allowed: BoolArray
    caps: IntArray
    most_per_customer: int = 1
    contact_cost: float = 0.0
    budget: float = np.inf

    def __post_init__(self) -> None:
        shapes = {self.gains.shape, self.spend.shape, self.is_allowed.shape, (len(self.gains), len(self.caps))}
        if len(shapes) != 1:
            raise ValueError("gains, spend, is_allowed and caps must have one shape")
        if self.most_per_customer < 1 or min(self.contact_cost, self.budget, self.caps.min(initial=0)) < 0:
            raise ValueError("at least one offer a customer, and no limit below zero")
        if (self.spend[self.is_allowed] < 0).any() or not np.isfinite(self.gains[self.is_allowed]).all():
            raise ValueError("gains must be finite and spend not negative")

    @property
    def n_customers(self) -> int:
        return len(self.gains)

    @property
    def n_offers(self) -> int:
        return len(self.caps)

    def without_caps(self) -> Self:
        """The same question if no offer had a cap."""
        return replace(self, caps=np.full_like(self.caps, NO_CAP))

    def without_budget(self) -> Self:
        """The same question if money did not matter."""
        return replace(self, budget=np.inf)

    def sample(self, step: int) -> Self:
        """Every `step`-th customer, with as small a part of every limit."""
        caps = np.where(self.caps == NO_CAP, NO_CAP, self.caps // step)
        matrices = {name: getattr(self, name)[::step] for name in ("gains", "spend", "is_allowed")}
        return replace(self, **matrices, caps=caps, budget=self.budget / step)

    def value_of(self, chosen: BoolArray) -> float:
        """Return what a choice, shape (n_customers, n_offers), is expected to leave, contacts paid."""
        return float(self.gains[chosen].sum() - self.contact_cost * chosen.any(axis=1).sum())

    def spend_of(self, chosen: BoolArray) -> float:
        """Return what a choice takes from the budget."""
        return float(self.spend[chosen].sum() + self.contact_cost * chosen.any(axis=1).sum())


@dataclass(frozen=True)
class Prices:
    """What one more of each limit would be worth.

    Attributes
    ----------
    offers : ndarray of float64, shape (n_offers,)
        Money one more customer of each offer would bring; 0 where its cap does not bind.
    budget : float
        Money one more of the budget would bring.
    """

    offers: FloatArray
    budget: float = 0.0

    def worth(self, question: Question) -> FloatArray:
        """Return the gains less their prices, minus infinity where not allowed, shape (n_customers, n_offers)."""
        priced = question.gains - self.budget * question.spend - self.offers
        return np.where(question.is_allowed, priced, -np.inf)

    def contact(self, question: Question) -> float:
        """Return what reaching a customer costs at these prices."""
        return question.contact_cost * (1.0 + self.budget)


def wanted(question: Question, prices: Prices) -> tuple[BoolArray, FloatArray]:
    """Return what each customer would get if only prices limited it.

    Returns
    -------
    chosen : ndarray of bool, shape (n_customers, n_offers)
        The best `most_per_customer` offers that are worth more than nothing, where together they pay the contact.
    surplus : ndarray of float64, shape (n_customers,)
        What that leaves at these prices, not negative.
    """
    worth = prices.worth(question)
    chosen = best_of_row(worth, question.most_per_customer) & (worth > 0)
    surplus = np.where(chosen, worth, 0.0).sum(axis=1) - prices.contact(question)
    pays = surplus > 0
    return chosen & pays[:, None], np.where(pays, surplus, 0.0)


def best_of_row(worth: FloatArray, most: int) -> BoolArray:
    """Mark the `most` largest of each row, the first of equal ones, shape of `worth`."""
    marked = np.zeros(worth.shape, dtype=bool)
    if worth.size == 0:
        return marked
    best = np.argsort(-worth, axis=1, kind="stable")[:, :most] if most > 1 else worth.argmax(axis=1)[:, None]
    np.put_along_axis(marked, best, True, axis=1)
    return marked
