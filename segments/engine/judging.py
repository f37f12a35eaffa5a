"""What speaks for a division of customers: how tight, how far apart, and whether another sample would give the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]

SILHOUETTE_SAMPLE, SILHOUETTE_PARTS = 5000, 8
STABLE_ARI = 0.75
CONFIDENCE = 0.95


@dataclass(frozen=True)
class KScore:
    """What speaks for dividing into ``k`` groups.

    Attributes
    ----------
    k : int
    silhouette : float
        -1 to 1, higher is better.
    davies_bouldin : float
        0 upwards, lower is better.
    stability : float
        Mean adjusted Rand index of bootstrap fits with the fit on everybody; 1 is identical.
    smallest_share : float
        Share (0–1) of customers in the smallest group.
    silhouette_error : float
        Standard error of the silhouette by the sample it was measured on; 0 when that was everybody.
    calinski_harabasz : float
        0 upwards, higher is better; to be compared only over the same customers.
    stability_low, stability_high : float
        95 % interval of the stability, by the spread of the bootstrap fits.
    unassigned_share : float
        Share (0–1) of customers in no group.
    """

    k: int
    silhouette: float
    davies_bouldin: float
    stability: float
    smallest_share: float
    silhouette_error: float = 0.0
    calinski_harabasz: float = 0.0
    stability_low: float = 0.0
    stability_high: float = 1.0
    unassigned_share: float = 0.0

    def is_offered(self, min_share: float) -> bool:
        """Whether another sample would give the same groups, none of them tiny."""
        return self.stability >= STABLE_ARI and self.smallest_share >= min_share


@dataclass(frozen=True)
class Suggestions:
    """The number of groups that each index speaks for, of all that were tried, and those that may be chosen.

    Attributes
    ----------
    silhouette, davies_bouldin, calinski_harabasz : int
    offered : tuple of int
        Stable and without tiny groups.
    """

    silhouette: int
    davies_bouldin: int
    calinski_harabasz: int
    offered: tuple[int, ...]

    @classmethod
    def of(cls, scores: Sequence[KScore], min_share: float) -> Suggestions:
        """Read off the scores, at least one."""
        return cls(
            max(scores, key=lambda one: one.silhouette).k,
            min(scores, key=lambda one: one.davies_bouldin).k,
            max(scores, key=lambda one: one.calinski_harabasz).k,
            tuple(one.k for one in scores if one.is_offered(min_share)),
        )

    @property
    def agree(self) -> bool:
        """Whether all three indices speak for the same number."""
        return self.silhouette == self.davies_bouldin == self.calinski_harabasz


def judged(values: Matrix, labels: Labels, agreements: Sequence[float], rng: np.random.Generator) -> KScore:
    """Score a division.

    Parameters
    ----------
    values : ndarray of float64, shape (n, n_features)
        Prepared rows.
    labels : ndarray of int64, shape (n,)
        -1 where a row is in no group; those rows count as unassigned and for nothing else.
    agreements : sequence of float
        Adjusted Rand index of each bootstrap fit with this one, at least one.
    rng : numpy.random.Generator
        Draws the rows that the silhouette is measured on where there are more than 5,000.

    Raises
    ------
    ValueError
        When there are not two groups.

    References
    ----------
    Rousseeuw: Silhouettes, J. Comput. Appl. Math. 1987. Davies, Bouldin: A Cluster Separation Measure, 1979.
    Caliński, Harabasz: A dendrite method for cluster analysis, 1974. Hubert, Arabie: Comparing partitions, 1985.
    """
    inside = labels >= 0
    rows, own = values[inside], labels[inside]
    sizes = np.bincount(own)
    low, high = _interval(agreements)
    tightness, error = silhouette(rows, own, rng)
    return KScore(
        k=len(sizes),
        silhouette=tightness,
        davies_bouldin=float(davies_bouldin_score(rows, own)),
        stability=float(np.mean(agreements)),
        smallest_share=float(sizes.min() / len(values)),
        silhouette_error=error,
        calinski_harabasz=float(calinski_harabasz_score(rows, own)),
        stability_low=low,
        stability_high=high,
        unassigned_share=float(1 - inside.mean()),
    )


def silhouette(values: Matrix, labels: Labels, rng: np.random.Generator) -> tuple[float, float]:
    """Mean silhouette and its standard error; of at most 5,000 rows, since it compares each with every other.

    The error is by the spread over parts of the sample: rows of one part are compared with the same others, so that
    they do not err each by itself.
    """
    n = len(values)
    drawn = np.random.default_rng(int(rng.integers(0, 2**31 - 1)))
    if n <= SILHOUETTE_SAMPLE:
        return float(silhouette_score(values, labels)), 0.0
    parts = np.array_split(drawn.permutation(n)[:SILHOUETTE_SAMPLE], SILHOUETTE_PARTS)
    each = np.array([silhouette_score(values[rows], labels[rows]) for rows in parts])
    left_out = 1 - SILHOUETTE_SAMPLE / n
    return float(each.mean()), float(each.std(ddof=1) * np.sqrt(left_out / SILHOUETTE_PARTS))


def agreement(one: Labels, other: Labels) -> float:
    """Adjusted Rand index of two divisions of the same rows."""
    return float(adjusted_rand_score(one, other))


def _interval(agreements: Sequence[float]) -> tuple[float, float]:
    if len(agreements) < 2:
        return 0.0, 1.0
    middle = float(np.mean(agreements))
    half = float(t.ppf((1 + CONFIDENCE) / 2, len(agreements) - 1) * np.std(agreements, ddof=1) / len(agreements) ** 0.5)
    return max(middle - half, 0.0), min(middle + half, 1.0)
