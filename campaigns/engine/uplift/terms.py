"""An expected effect as a sum of surfaces: what every learner of uplift is, and what can be kept of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from campaigns.engine.frames import FloatArray

# From features, shape (n_rows, n_features), to what is expected of each row, shape (n_rows,).
Surface = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Constant:
    """The same for everybody."""

    value: float

    def __call__(self, values: FloatArray) -> FloatArray:
        return np.full(len(values), self.value)


@dataclass(frozen=True)
class Term:
    """One surface of an effect.

    Attributes
    ----------
    weight : float
        What its answer is multiplied by.
    surface : callable
    arm : int or None, default=None
        What it is told as a feature: 1 as if everybody were treated, 0 as if nobody; None where it is told no arm.
    has_products : bool, default=False
        Whether it is told the arm's products with the other features as well.
    """

    weight: float
    surface: Surface
    arm: int | None = None
    has_products: bool = False

    def __call__(self, values: FloatArray) -> FloatArray:
        told = values
        if self.arm is not None:
            told = with_arm(values, np.full(len(values), float(self.arm)), has_products=self.has_products)
        return self.weight * self.surface(told)


@dataclass(frozen=True)
class EffectSum:
    """What an arm is expected to change in each person: the sum of its terms, at least one."""

    terms: tuple[Term, ...]

    def __call__(self, values: FloatArray) -> FloatArray:
        """Return the expected effect of people with these features, (n_rows, n_features) to (n_rows,)."""
        first, *others = self.terms
        total = first(values)
        for term in others:
            total = total + term(values)
        return total


def with_arm(values: FloatArray, arm: FloatArray, *, has_products: bool) -> FloatArray:
    """Put the arm beside the features, and its products with them where a line is fitted."""
    products = [values * arm[:, None]] if has_products else []
    return np.column_stack([values, arm, *products])
