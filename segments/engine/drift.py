"""Whether customers have changed so much since segments were found that their borders are those of another shop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

Matrix = NDArray[np.float64]
# Above this a distribution counts as another one, by the habit of those who watch scores of credit.
SHIFTED = 0.2
N_PARTS = 10
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Drift:
    """How far each feature has moved.

    Attributes
    ----------
    index : ndarray of float64, shape (n_features,)
        Population stability index, 0 where nothing moved.
    limit : ndarray of float64, shape (n_features,)
        What it has to exceed: the habitual .2, or more where so few customers give that by chance.
    """

    index: Matrix
    limit: Matrix

    @property
    def has_drifted(self) -> bool:
        """Whether any feature is beyond its limit."""
        return bool((self.index > self.limit).any())

    @property
    def furthest(self) -> int:
        """The feature that moved most, measured by its limit."""
        return int((self.index / self.limit).argmax())


def drift(before: Matrix, now: Matrix) -> Drift:
    """Compare customers at two moments, feature by feature, in tenths of the customers before.

    Parameters
    ----------
    before, now : ndarray of float64, shapes (n, n_features) and (m, n_features)
        Raw features, NaN where missing; what is missing is a part of its own. At least one row each.

    References
    ----------
    Siddiqi: Credit Risk Scorecards, 2006. Yurdakul, Naranjo: Statistical properties of the population stability
    index, 2020: without a change it is spread as chi-square by the numbers of customers.
    """
    columns = [_moved(before[:, column], now[:, column]) for column in range(before.shape[1])]
    index, n_parts = (np.array(one, dtype=np.float64) for one in zip(*columns, strict=True))
    alpha = (1 - CONFIDENCE) / before.shape[1]
    by_chance = chi2.ppf(1 - alpha, np.maximum(n_parts - 1, 1)) * (1 / len(before) + 1 / len(now))
    return Drift(index, np.maximum(by_chance, SHIFTED))


def _moved(before: Matrix, now: Matrix) -> tuple[float, int]:
    known = before[~np.isnan(before)]
    # Where most have one and the same value, several tenths are one part.
    edges = np.unique(np.quantile(known, np.linspace(0, 1, N_PARTS + 1)[1:-1])) if len(known) else np.empty(0)
    shares = [_shares(values, edges) for values in (before, now)]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum()), len(shares[0])


def _shares(values: Matrix, edges: Matrix) -> Matrix:
    is_known = ~np.isnan(values)
    places = np.where(is_known, np.searchsorted(edges, np.where(is_known, values, 0.0), side="left"), len(edges) + 1)
    # Half a customer more in each part: an empty one would be infinitely far away.
    counts = np.bincount(places, minlength=len(edges) + 2) + 0.5
    shares: Matrix = counts / counts.sum()
    return shares
