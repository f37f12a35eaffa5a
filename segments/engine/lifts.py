"""Of which products a segment buys more than other customers do."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
FEWEST_BUYERS = 5


@dataclass(frozen=True)
class Lift:
    """How much larger a product's part is in what a segment buys than in what others buy.

    Attributes
    ----------
    row : int
        Of the product.
    share, other_share : float
        Share (0–1) in what the segment buys, and in what the others buy.
    lift, low, high : float
        Ratio of the shares with its 95 % interval.
    """

    row: int
    share: float
    other_share: float
    lift: float
    low: float
    high: float


def strongest_lifts(
    buyers: NDArray[np.int64], others: NDArray[np.int64], n_inside: int, n_outside: int, n_best: int = 5
) -> tuple[Lift, ...]:
    """Products whose ratio is surest to be large: ordered by the lower end of the interval, which must be above 1.

    Parameters
    ----------
    buyers, others : ndarray of int64, shape (n_products,)
        Buyers in the segment and outside, each counted once a product.
    n_inside, n_outside : int
        Of how many: customers, or all of their products together.

    References
    ----------
    Katz et al.: Obtaining confidence intervals for the risk ratio in cohort studies, Biometrics 1978. The interval is
    widened for the number of products that are compared (Bonferroni).
    """
    if not len(buyers) or not n_inside or not n_outside:
        return ()
    # Half a buyer more on both sides: nobody outside would make the ratio infinite.
    inside, outside = (buyers + 0.5) / (n_inside + 0.5), (others + 0.5) / (n_outside + 0.5)
    errors = np.sqrt(1 / (buyers + 0.5) - 1 / (n_inside + 0.5) + 1 / (others + 0.5) - 1 / (n_outside + 0.5))
    half = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * len(buyers))) * errors
    ratios = inside / outside
    lows, highs = ratios * np.exp(-half), ratios * np.exp(half)
    best = [row for row in np.argsort(-lows, kind="stable") if lows[row] > 1 and buyers[row] >= FEWEST_BUYERS]
    return tuple(
        Lift(
            int(row),
            float(buyers[row] / n_inside),
            float(others[row] / n_outside),
            float(ratios[row]),
            float(lows[row]),
            float(highs[row]),
        )
        for row in best[:n_best]
    )
