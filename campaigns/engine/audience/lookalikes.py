"""Who is like the people on a list: a ranking of everybody else, how well it tells them apart, beside a plain one."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from campaigns.engine.frames import BoolArray, FloatArray

FEWEST_SEEDS = 30
LOWEST_AUC = 0.6
N_FOLDS = 5
N_BOOT = 400
INVERSE_PENALTY = 0.03
# As many of either are learnt from: more hardly change the ranking.
MOST_SEEDS, MOST_OTHERS = 20_000, 40_000


class TooFewSeeds(Exception):
    """The list is too short to learn from."""

    def __init__(self, n_seeds: int) -> None:
        super().__init__(
            f"Only {n_seeds:,} of the people on the list are customers; at least {FEWEST_SEEDS} are needed to find "
            "others like them. Add more, or choose a larger segment."
        )


class NothingInCommon(Exception):
    """The people on the list are no more like each other than like everybody else."""

    def __init__(self, auc: float) -> None:
        super().__init__(
            "The people on the list have nothing in common that tells them from other customers: of one of them and "
            f"one other, the right one is found {auc:.0%} of the time, and {LOWEST_AUC:.0%} is the least to go by. "
            "Choose another list, or let the best customers for the offer be found."
        )


@dataclass(frozen=True)
class Auc:
    """How often of one from the list and one other the right one is ranked higher (0-1), with its 95 % interval."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True)
class LookAlikes:
    """Everybody by how like the list they are.

    Attributes
    ----------
    scores : ndarray of float64, shape (n_customers,)
        Higher is more alike; only the order means something, because those not on the list may well belong to it.
    is_learnt : bool
        Whether the learnt ranking serves; else the plain one does, because the learnt one is not surely better.
    learnt, plain : Auc
        Of customers left out of the fit, each once.
    n_seeds : int
    """

    scores: FloatArray
    is_learnt: bool
    learnt: Auc
    plain: Auc
    n_seeds: int

    @property
    def serving(self) -> Auc:
        """Of the ranking that serves."""
        return self.learnt if self.is_learnt else self.plain


def find_alike(values: FloatArray, is_seed: BoolArray, rng: np.random.Generator) -> LookAlikes:
    """Rank everybody by likeness to the seeds.

    Parameters
    ----------
    values : ndarray of float64, shape (n_customers, n_features)
        Missing values are NaN and count as the middle customer's.
    is_seed : ndarray of bool, shape (n_customers,)
    rng : Generator

    Raises
    ------
    TooFewSeeds
    NothingInCommon
        When the ranking that serves tells seeds from others hardly better than chance.

    Notes
    -----
    Nobody says of the others that they are not alike: they are unlabelled. A classifier of seeds against unlabelled
    customers ranks as one against true negatives would, if seeds are a random part of all who are alike; its chances
    are too low by an unknown factor, so none is shown.

    References
    ----------
    Elkan, Noto: Learning Classifiers from Only Positive and Unlabeled Data, KDD 2008.
    """
    n_seeds = int(is_seed.sum())
    if n_seeds < FEWEST_SEEDS or n_seeds == len(is_seed):
        raise TooFewSeeds(n_seeds)
    scaled = _scaled(values)
    if scaled.shape[1] == 0:
        raise NothingInCommon(0.5)
    seeds, others = (rng.permutation(np.flatnonzero(side)) for side in (is_seed, ~is_seed))
    kept = np.sort(np.concatenate([seeds[:MOST_SEEDS], others[:MOST_OTHERS]]))
    learnt, plain = _left_out(scaled[kept], is_seed[kept], rng)
    of_learnt, of_plain, surely_better = _compared(learnt, plain, is_seed[kept], rng)
    serving = of_learnt if surely_better else of_plain
    if serving.low < 0.5 or serving.mid < LOWEST_AUC:
        raise NothingInCommon(serving.mid)
    score = _learnt if surely_better else _nearest
    return LookAlikes(score(scaled[kept], is_seed[kept], scaled), surely_better, of_learnt, of_plain, n_seeds)


def _scaled(values: FloatArray) -> FloatArray:
    """Standardised logs of the columns in which anything is known and differs."""
    logs = np.sign(values) * np.log1p(np.abs(values))
    logs = logs[:, np.isfinite(logs).any(axis=0)]
    logs = np.where(np.isfinite(logs), logs, np.nanmedian(logs, axis=0)) if logs.size else logs
    spread = logs.std(axis=0)
    told = spread > 1e-12
    return np.asarray((logs[:, told] - logs[:, told].mean(axis=0)) / spread[told])


def _learnt(fit_on: FloatArray, is_seed: BoolArray, values: FloatArray) -> FloatArray:
    inner = LogisticRegression(C=INVERSE_PENALTY, max_iter=500).fit(fit_on, is_seed)
    return np.asarray(values @ inner.coef_[0] + inner.intercept_[0], dtype=np.float64)


def _nearest(fit_on: FloatArray, is_seed: BoolArray, values: FloatArray) -> FloatArray:
    """The plain ranking: how near a customer is to the average of the list."""
    return np.asarray(-((values - fit_on[is_seed].mean(axis=0)) ** 2).sum(axis=1), dtype=np.float64)


def _left_out(values: FloatArray, is_seed: BoolArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Scores of everybody by rankings that were made without them; ranks within a fold, so that folds compare."""
    learnt, plain = np.zeros(len(values)), np.zeros(len(values))
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=int(rng.integers(2**31)))
    for known, left in folds.split(values, is_seed):
        for scores, score in ((learnt, _learnt), (plain, _nearest)):
            found = score(values[known], is_seed[known], values[left])
            scores[left] = rankdata(found) / len(left)
    return learnt, plain


def _compared(
    learnt: FloatArray, plain: FloatArray, is_seed: BoolArray, rng: np.random.Generator
) -> tuple[Auc, Auc, bool]:
    """Both rankings on the same resampled customers: their intervals, and whether the first is surely better."""
    # Where a seed stands among the others does not change with which seeds are drawn: one sort serves all samples.
    inside = [_places(scores, is_seed) for scores in (learnt, plain)]
    drawn = rng.integers(0, len(inside[0]), (N_BOOT, len(inside[0])))
    means = [places[drawn].mean(axis=1) for places in inside]
    aucs = []
    for places, boot in zip(inside, means, strict=True):
        low, high = np.quantile(boot, [0.025, 0.975])
        aucs.append(Auc(float(low), float(places.mean()), float(high)))
    return aucs[0], aucs[1], bool(np.quantile(means[0] - means[1], 0.025) > 0)


def _places(scores: FloatArray, is_seed: BoolArray) -> FloatArray:
    """Share of the others that each seed is ranked above, half for ties; their mean is the AUC."""
    others = np.sort(scores[~is_seed])
    below = np.searchsorted(others, scores[is_seed], side="left")
    not_above = np.searchsorted(others, scores[is_seed], side="right")
    return np.asarray((below + not_above) / (2 * len(others)))
