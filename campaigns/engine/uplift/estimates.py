"""A number with its standard error, from what each person contributes to it."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from campaigns.engine.frames import FloatArray, IntArray


@dataclass(frozen=True)
class Estimate:
    """An estimate and its standard error, in the unit of the outcome."""

    value: float
    se: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the central normal interval at `level`."""
        reach = float(norm.ppf((1 + level) / 2)) * self.se
        return self.value - reach, self.value + reach

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.interval()[0]

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.interval()[1]

    @property
    def is_positive(self) -> bool:
        """Whether the whole 95 % interval lies above zero."""
        return self.low > 0

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside the 95 % interval."""
        return self.low > 0 or self.high < 0


def estimate_mean(contributions: FloatArray, groups: IntArray) -> Estimate:
    """Estimate a mean; the standard error lets the rows of one group be alike.

    Parameters
    ----------
    contributions : ndarray of float64, shape (n_rows,)
    groups : ndarray of int64, shape (n_rows,)
    """
    mean = float(contributions.mean())
    return Estimate(mean, standard_error(contributions - mean, groups))


def standard_error(influence: FloatArray, groups: IntArray) -> float:
    """Return the standard error of a mean whose rows have this influence, which sums to zero."""
    _, inverse = numbered(groups)
    sums = np.bincount(inverse, weights=influence)
    n_groups = len(sums)
    return float(np.sqrt((sums**2).sum() * n_groups / max(n_groups - 1, 1)) / len(influence))


def numbered(groups: IntArray) -> tuple[IntArray, IntArray]:
    """Number the groups from 0.

    Returns
    -------
    first : ndarray of int64, shape (n_groups,)
        A row of each group.
    number : ndarray of int64, shape (n_rows,)
    """
    if (np.diff(groups) > 0).all():
        # Everybody alone and in order, as most trials are: nothing to sort.
        alone = np.arange(len(groups))
        return alone, alone
    _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    return first, number
