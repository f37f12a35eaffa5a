"""Divide customers into groups that are alike, and say honestly how much alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, davies_bouldin_score, silhouette_score
from threadpoolctl import threadpool_limits

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]
Progress = Callable[[int, int], None]

SILHOUETTE_SAMPLE = 5000
# Beyond what structure-free data reaches, so much more is needed to speak of groups.
CLEAR_MARGIN = 0.2
STABLE_ARI = 0.75
# The data have to beat the best of so many shuffles, a test at 5 %, by more than nobody would care about.
N_SHUFFLES = 19
WORTH_MENTIONING = 0.02


class TooFewCustomers(Exception):
    """There are not enough customers to divide."""


@dataclass(frozen=True)
class Scaling:
    """How raw features become comparable: log1p (sign kept), then mean 0 and standard deviation 1.

    Attributes
    ----------
    mean, deviation : ndarray of float64, shape (n_features,)
        Of the log1p values; a constant feature has deviation 1.
    """

    mean: Matrix
    deviation: Matrix

    @classmethod
    def learn(cls, values: Matrix) -> Scaling:
        """From raw features, shape (n, n_features)."""
        damped = _damped(values)
        deviation = damped.std(axis=0)
        # A constant column has a deviation of rounding size, not of 0.
        return cls(damped.mean(axis=0), np.where(deviation > 1e-9, deviation, 1.0))

    def apply(self, values: Matrix) -> Matrix:
        """Scaled features of the same shape."""
        return (_damped(values) - self.mean) / self.deviation


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
    """

    k: int
    silhouette: float
    davies_bouldin: float
    stability: float
    smallest_share: float


@dataclass(frozen=True)
class Clustering:
    """A division of customers.

    Attributes
    ----------
    labels : ndarray of int64, shape (n,)
        Group of every customer, 0 the largest.
    centres_z : ndarray of float64, shape (k, n_features)
        In scaled units.
    k : int
    silhouette, null_silhouette : float
        Of this division, and the best that the same k reached on data whose columns were shuffled apart.
    scores : tuple of KScore
        For every k that was tried.
    verdict : str
        One plain sentence: is there any structure.
    scaling : Scaling
    """

    labels: Labels
    centres_z: Matrix
    k: int
    silhouette: float
    null_silhouette: float
    scores: tuple[KScore, ...]
    verdict: str
    scaling: Scaling

    def predict(self, values: Matrix) -> Labels:
        """Nearest group of customers given by raw features, shape (m,) int64."""
        scaled = self.scaling.apply(values)
        distances = ((scaled[:, None, :] - self.centres_z[None]) ** 2).sum(axis=2)
        return distances.argmin(axis=1).astype(np.int64)


def cluster(
    values: Matrix,
    *,
    k_range: range,
    rng: np.random.Generator,
    min_share: float = 0.05,
    n_replicates: int = 5,
    progress: Progress | None = None,
) -> Clustering:
    """Divide by K-Means on scaled features with the k that the scores speak for.

    Chosen is the best silhouette among the k that are stable (adjusted Rand index at least .75) and whose
    smallest group is large enough. Where no k is both, the best of those large enough, or of all, is shown as a
    convenient division and the verdict says that there are no clear segments.

    Parameters
    ----------
    values : ndarray of float64, shape (n, n_features)
        Raw features, no NaN.
    k_range : range
        Numbers of groups to try, 2 or more each.
    rng : numpy.random.Generator
    min_share : float
        Share (0–1) that the smallest group should have.
    n_replicates : int
        Bootstrap fits for the stability of every k.
    progress : callable, optional
        Called with the numbers of k done and in all.

    Raises
    ------
    TooFewCustomers
        When there are not at least twice as many distinct customers as groups.
    ValueError
        When a feature is not finite.

    References
    ----------
    Rousseeuw: Silhouettes, J. Comput. Appl. Math. 1987. Davies, Bouldin: A Cluster Separation Measure, 1979.
    Hubert, Arabie: Comparing partitions, J. Classification 1985.
    """
    _check(values, k_range)
    # Threads would spend longer waiting for each other than these small fits take.
    with threadpool_limits(limits=1):
        return _cluster(values, k_range, rng, min_share, n_replicates, progress)


def _cluster(
    values: Matrix,
    k_range: range,
    rng: np.random.Generator,
    min_share: float,
    n_replicates: int,
    progress: Progress | None,
) -> Clustering:
    scaling = Scaling.learn(values)
    scaled = scaling.apply(values)
    fits, scores = {}, []
    for done, k in enumerate(k_range, start=1):
        fits[k] = _fit(scaled, k, rng)
        scores.append(_score(scaled, fits[k], rng, n_replicates))
        if progress is not None:
            progress(done, len(k_range))
    chosen = choose(scores, min_share)
    labels, centres = _largest_first(fits[chosen.k])
    null = max(_null_silhouette(scaled, chosen.k, rng) for _ in range(N_SHUFFLES))
    verdict = describe(chosen, null, min_share)
    return Clustering(labels, centres, chosen.k, chosen.silhouette, null, tuple(scores), verdict, scaling)


def choose(scores: list[KScore], min_share: float) -> KScore:
    """The score whose k is taken; see ``cluster``."""
    large = [score for score in scores if score.smallest_share >= min_share]
    stable = [score for score in large if score.stability >= STABLE_ARI]
    return max(stable or large or scores, key=lambda score: score.silhouette)


def describe(chosen: KScore, null_silhouette: float, min_share: float) -> str:
    """One sentence a marketer understands, with what to be careful about."""
    gain = chosen.silhouette - null_silhouette
    offered = chosen.stability >= STABLE_ARI and chosen.smallest_share >= min_share
    if gain <= WORTH_MENTIONING or not offered:
        structure = "No clear segments: customers differ by degrees, so read these as a convenient division"
    elif gain < CLEAR_MARGIN:
        structure = "The segments overlap: customers differ by degrees more than by kind"
    else:
        structure = "The segments stand clearly apart"
    cautions = []
    if chosen.smallest_share < min_share:
        cautions.append(f"the smallest holds only {chosen.smallest_share:.0%} of the customers")
    if chosen.stability < STABLE_ARI:
        cautions.append("another sample of customers would move some of the borders")
    return structure + (f"; {' and '.join(cautions)}." if cautions else ".")


def _damped(values: Matrix) -> Matrix:
    return np.sign(values) * np.log1p(np.abs(values))


def _check(values: Matrix, k_range: range) -> None:
    if not np.isfinite(values).all():
        raise ValueError("every feature has to be a finite number")
    distinct = len(np.unique(values, axis=0))
    if distinct < 2 * max(k_range):
        sentence = f"{distinct} different customers cannot be divided into {max(k_range)} segments"
        raise TooFewCustomers(f"{sentence}: import more customers and orders first.")


def _fit(scaled: Matrix, k: int, rng: np.random.Generator, n_init: int = 5) -> KMeans:
    return KMeans(n_clusters=k, n_init=n_init, random_state=_seed(rng)).fit(scaled)


def _score(scaled: Matrix, fit: KMeans, rng: np.random.Generator, n_replicates: int) -> KScore:
    shares = np.bincount(fit.labels_, minlength=fit.n_clusters) / len(scaled)
    agreements = [_agreement(scaled, fit, rng) for _ in range(n_replicates)]
    return KScore(
        k=int(fit.n_clusters),
        silhouette=_silhouette(scaled, fit.labels_, rng),
        davies_bouldin=float(davies_bouldin_score(scaled, fit.labels_)),
        stability=float(np.mean(agreements)),
        smallest_share=float(shares.min()),
    )


def _agreement(scaled: Matrix, fit: KMeans, rng: np.random.Generator) -> float:
    drawn = scaled[rng.integers(0, len(scaled), len(scaled))]
    other = _fit(drawn, fit.n_clusters, rng, n_init=2)
    return float(adjusted_rand_score(fit.labels_, other.predict(scaled)))


def _silhouette(scaled: Matrix, labels: Labels, rng: np.random.Generator) -> float:
    size = SILHOUETTE_SAMPLE if len(scaled) > SILHOUETTE_SAMPLE else None
    return float(silhouette_score(scaled, labels, sample_size=size, random_state=_seed(rng)))


def _null_silhouette(scaled: Matrix, k: int, rng: np.random.Generator) -> float:
    drawn = rng.choice(scaled, min(len(scaled), SILHOUETTE_SAMPLE), replace=False)
    apart = rng.permuted(drawn, axis=0)
    return _silhouette(apart, _fit(apart, k, rng, n_init=2).labels_, rng)


def _largest_first(fit: KMeans) -> tuple[Labels, Matrix]:
    order = np.argsort(-np.bincount(fit.labels_, minlength=fit.n_clusters), kind="stable")
    return np.argsort(order)[fit.labels_].astype(np.int64), fit.cluster_centers_[order]


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(0, 2**31 - 1))
