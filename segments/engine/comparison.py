"""Two groups of customers side by side, honest about looking at many things at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

Floats = NDArray[np.float64]
# All intervals of one table together hold in 95 of 100 cases.
MISSED = 0.05
FEWEST = 10


@dataclass(frozen=True)
class MeanDifference:
    """A habit, on average in one group and in the other.

    Attributes
    ----------
    one, other : float
        Means; NaN where nobody has a value.
    low, high : float
        Of ``one - other``; infinite where either has fewer than ten values.
    n_one, n_other : int
        Customers with a value.
    """

    one: float
    other: float
    low: float
    high: float
    n_one: int
    n_other: int

    @property
    def is_told(self) -> bool:
        """Whether the difference is more than chance."""
        return self.low > 0 or self.high < 0


def mean_differences(one: list[Floats], other: list[Floats]) -> list[MeanDifference]:
    """Compare the same habits of two groups.

    Parameters
    ----------
    one, other : list of ndarray of float64, each of shape (n_customers_of_the_group,)
        A habit each, in the same order; NaN where a customer has none.

    Returns
    -------
    list of MeanDifference
        Intervals that hold all together, by Bonferroni: with k habits each is one of 1 - 5 %/k.

    References
    ----------
    Welch: The Generalization of "Student's" Problem, Biometrika 1947. Dunn: Multiple Comparisons, JASA 1961.
    """
    pairs = list(zip(one, other, strict=True))
    return [_mean_difference(a[~np.isnan(a)], b[~np.isnan(b)], MISSED / len(pairs)) for a, b in pairs]


def _mean_difference(one: Floats, other: Floats, missed: float) -> MeanDifference:
    means = [float(values.mean()) if len(values) else float("nan") for values in (one, other)]
    if min(len(one), len(other)) < FEWEST:
        return MeanDifference(means[0], means[1], -np.inf, np.inf, len(one), len(other))
    parts = [float(values.var(ddof=1)) / len(values) for values in (one, other)]
    error = sum(parts) ** 0.5
    weights = sum(part**2 / (len(values) - 1) for part, values in zip(parts, (one, other), strict=True))
    half = float(t.ppf(1 - missed / 2, sum(parts) ** 2 / weights)) * error if error > 0 else 0.0
    middle = means[0] - means[1]
    return MeanDifference(means[0], means[1], middle - half, middle + half, len(one), len(other))


@dataclass(frozen=True)
class Lift:
    """How much more common something is in one group than in the other.

    Attributes
    ----------
    one, other : float
        Shares (0–1).
    lift : float
        Their ratio; 1 is as common.
    low, high : float
    """

    one: float
    other: float
    lift: float
    low: float
    high: float

    @property
    def is_told(self) -> bool:
        """Whether the difference is more than chance."""
        return self.low > 1 or self.high < 1


def lifts(hits_one: Floats, n_one: int, hits_other: Floats, n_other: int) -> list[Lift]:
    """Compare shares of two groups, one a thing, all intervals holding together.

    Parameters
    ----------
    hits_one, hits_other : ndarray of float64, shape (n_things,)
        Customers of whom it is true.
    n_one, n_other : int
        Customers; at least 1.

    Notes
    -----
    Half a customer is added to each count, so that a thing nobody of a group does has a lift, too.

    References
    ----------
    Katz, Baptista, Azen, Pike: Obtaining Confidence Intervals for the Risk Ratio in Cohort Studies, Biometrics 1978.
    """
    a, b = (np.asarray(hits_one) + 0.5) / (n_one + 1), (np.asarray(hits_other) + 0.5) / (n_other + 1)
    logs = np.log(a / b)
    errors = np.sqrt((1 - a) / (a * (n_one + 1)) + (1 - b) / (b * (n_other + 1)))
    half = float(norm.ppf(1 - MISSED / max(len(logs), 1) / 2)) * errors
    columns = (np.asarray(hits_one) / n_one, np.asarray(hits_other) / n_other, logs, logs - half, logs + half)
    return [
        Lift(float(one), float(other), *(float(np.exp(log)) for log in rest))
        for one, other, *rest in zip(*columns, strict=True)
    ]
