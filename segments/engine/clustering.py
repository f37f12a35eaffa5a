"""Divide customers into groups that are alike, and say honestly how much alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from segments.engine.dividing.base import Divider
from segments.engine.judging import STABLE_ARI, KScore, agreement, judged, silhouette
from segments.engine.plans import Plan
from segments.engine.preparing import Preparation

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]
# Called with each score as it is known, how many are and how many there will be.
Told = Callable[[KScore, int, int], None]

# Beyond what structure-free data reaches, so much more is needed to speak of groups.
CLEAR_MARGIN = 0.2
# The data have to beat the best of so many shuffles, a test at 5 %, by more than nobody would care about.
N_SHUFFLES, SHUFFLED_AT_MOST = 19, 5000
WORTH_MENTIONING = 0.02
# What a crowd without gaps reaches: no groups, so no silhouette.
NO_GROUPS = -1.0


class TooFewCustomers(Exception):
    """There are not enough customers to divide."""


class NothingApart(Exception):
    """Density found one crowd at most: there is nothing to divide."""


class NotOffered(Exception):
    """The number of groups that was chosen is unstable or leaves a tiny group."""


@dataclass(frozen=True)
class Clustering:
    """A division of customers.

    Attributes
    ----------
    labels : ndarray of int64, shape (n,)
        Group of every customer, 0 the largest; -1 for those in none.
    k : int
    silhouette, null_silhouette : float
        Of this division, and the best that the same k reached on data whose columns were shuffled apart.
    scores : tuple of KScore
        For every k that was tried.
    verdict : str
        One plain sentence: is there any structure.
    preparation : Preparation
    divider : Divider
    n_judged : int
        Customers that the scores were measured on.
    """

    labels: Labels
    k: int
    silhouette: float
    null_silhouette: float
    scores: tuple[KScore, ...]
    verdict: str
    preparation: Preparation
    divider: Divider
    n_judged: int

    def predict(self, values: Matrix) -> Labels:
        """Group of customers given by raw features, shape (m,) int64; -1 for none."""
        return self.divider.assign(self.preparation.apply(values))

    @property
    def score(self) -> KScore:
        """That of the division itself."""
        return next(score for score in self.scores if score.k == self.k)


def cluster(values: Matrix, plan: Plan, *, rng: np.random.Generator, told: Told | None = None) -> Clustering:
    """Divide customers with the k that the scores speak for.

    Chosen is the best silhouette among the k that are stable (adjusted Rand index at least .75) and whose
    smallest group is large enough; the number that there was before stays while it is among them. Where no k is
    both, the best of those large enough, or of all, is shown as a convenient division and the verdict says that there
    are no clear segments. Where there are many customers the scores are those of a sample, and the division is of
    everybody.

    Parameters
    ----------
    values : ndarray of float64, shape (n, n_features)
        Raw features, NaN where missing.
    plan : Plan
    rng : numpy.random.Generator
    told : callable, optional
        Hears every score when it is known.

    Raises
    ------
    PlanImpossible
        When a setting is out of range.
    TooFewCustomers
        When there are not at least twice as many distinct customers as groups.
    NothingApart
        When density finds no two groups.
    NotOffered
        When `plan.k` is unstable or leaves a tiny group.
    FeatureEmpty
        When a feature is missing for everybody.
    ValueError
        When a feature is infinite.

    References
    ----------
    Ben-Hur, Elisseeff, Guyon: A stability based method for discovering structure in clustered data, 2002.
    """
    plan.check()
    # Threads would spend longer waiting for each other than these small fits take.
    with threadpool_limits(limits=1):
        return _cluster(values, plan, rng, told)


def _cluster(values: Matrix, plan: Plan, rng: np.random.Generator, told: Told | None) -> Clustering:
    rows = _drawn(len(values), plan.kind.judged_at_most, rng)
    _check(values[rows], plan)
    preparation = Preparation.learn(values, plan.scaler, is_damped=plan.is_damped, keep=plan.keep)
    everybody = preparation.apply(values)
    sample = everybody[rows]
    fits, scores = {}, []
    ks = [0] if plan.kind.finds_unassigned else list(plan.k_range)
    for fit, score in _scored(sample, plan, ks, rng):
        fits[score.k] = fit
        scores.append(score)
        if told is not None:
            told(score, len(scores), len(ks))
    chosen = _chosen(scores, plan)
    fit = fits[chosen.k]
    if len(sample) < len(everybody):
        fit = plan.divider(chosen.k, _seed(rng)).fit(everybody)
    null = max(_null_silhouette(sample, chosen.k, plan, rng) for _ in range(N_SHUFFLES))
    return Clustering(
        labels=fit.labels_,
        k=chosen.k,
        silhouette=chosen.silhouette,
        null_silhouette=null,
        scores=tuple(scores),
        verdict=describe(chosen, null, plan.min_share),
        preparation=preparation,
        divider=fit,
        n_judged=len(sample),
    )


def choose(scores: Sequence[KScore], min_share: float, k_before: int | None = None) -> KScore:
    """The score whose k is taken; see ``cluster``."""
    large = [score for score in scores if score.smallest_share >= min_share]
    stable = [score for score in large if score.is_offered(min_share)]
    same = [score for score in stable if score.k == k_before]
    return max(same or stable or large or scores, key=lambda score: score.silhouette)


def describe(chosen: KScore, null_silhouette: float, min_share: float) -> str:
    """One sentence a marketer understands, with what to be careful about."""
    gain = chosen.silhouette - null_silhouette
    is_offered = chosen.is_offered(min_share)
    if gain <= WORTH_MENTIONING or not is_offered:
        structure = "No clear segments: customers differ by degrees, so read these as a convenient division"
    elif gain < CLEAR_MARGIN:
        structure = "The segments overlap: customers differ by degrees more than by kind"
    else:
        structure = "The segments stand clearly apart"
    cautions = []
    if chosen.unassigned_share > 0:
        cautions.append(f"{chosen.unassigned_share:.0%} of the customers are like no group and stay unassigned")
    if chosen.smallest_share < min_share:
        cautions.append(f"the smallest holds only {chosen.smallest_share:.0%} of the customers")
    if chosen.stability < STABLE_ARI:
        cautions.append("another sample of customers would move some of the borders")
    return structure + (f"; {' and '.join(cautions)}." if cautions else ".")


def _chosen(scores: list[KScore], plan: Plan) -> KScore:
    if plan.k is None or plan.kind.finds_unassigned:
        return choose(scores, plan.min_share, plan.k_before)
    asked = next(score for score in scores if score.k == plan.k)
    if not asked.is_offered(plan.min_share):
        offered = [str(score.k) for score in scores if score.is_offered(plan.min_share)]
        instead = f"choose {' or '.join(offered)}" if offered else "let Rehearsal choose"
        raise NotOffered(
            f"Number of segments: {plan.k} would be other segments with another sample of customers, or leave one of "
            f"less than {plan.min_share:.0%}; {instead}."
        )
    return asked


def _check(values: Matrix, plan: Plan) -> None:
    most = 2 if plan.kind.finds_unassigned else max(plan.k_range)
    distinct = len(np.unique(values, axis=0))
    if distinct < 2 * most:
        sentence = f"{distinct} different customers cannot be divided into {most} segments"
        raise TooFewCustomers(f"{sentence}: import more customers and orders first.")


def _scored(values: Matrix, plan: Plan, ks: list[int], rng: np.random.Generator) -> Iterator[tuple[Divider, KScore]]:
    for k in ks:
        fit = plan.divider(k, _seed(rng)).fit(values)
        if _n_groups(fit.labels_) < 2:
            raise NothingApart(
                "These customers form one crowd without gaps, so no group stands apart from the others. Try K-Means, "
                "or other features."
            )
        agreements = [_agreement(values, fit, k, plan, rng) for _ in range(plan.n_replicates)]
        yield fit, judged(values, fit.labels_, agreements, rng)


def _agreement(values: Matrix, fit: Divider, k: int, plan: Plan, rng: np.random.Generator) -> float:
    """How alike the division of another sample is. Rows drawn twice would make crowds: density gets each once."""
    n = min(len(values), plan.kind.replicated_at_most)
    if plan.kind.finds_unassigned:
        drawn = values[rng.permutation(len(values))[: max(int(0.8 * n), 2)]]
    else:
        drawn = values[rng.integers(0, len(values), n)]
    other = plan.divider(k, _seed(rng), is_replicate=True).fit(drawn)
    return agreement(fit.labels_, other.assign(values))


def _null_silhouette(values: Matrix, k: int, plan: Plan, rng: np.random.Generator) -> float:
    n = min(len(values), SHUFFLED_AT_MOST, plan.kind.replicated_at_most)
    apart = rng.permuted(rng.choice(values, n, replace=False), axis=0)
    labels = plan.divider(k, _seed(rng), is_replicate=True).fit(apart).labels_
    if _n_groups(labels) < 2:
        return NO_GROUPS
    inside = labels >= 0
    return silhouette(apart[inside], labels[inside], rng)[0]


def _n_groups(labels: Labels) -> int:
    return int(labels.max(initial=-1)) + 1


def _drawn(n: int, at_most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Rows to judge by: all of them, or as many at random."""
    return np.arange(n) if n <= at_most else rng.choice(n, at_most, replace=False)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(0, 2**31 - 1))
