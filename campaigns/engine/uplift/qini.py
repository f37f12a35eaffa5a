"""How well an order of people puts those first whom a campaign changes: Qini curve, coefficient, uplift at a depth."""

from dataclasses import dataclass

import numpy as np

from campaigns.engine.frames import BoolArray, FloatArray, IntArray
from campaigns.engine.uplift.estimates import Estimate, numbered, standard_error

N_LEVELS = 400
N_BLOCKS = 60
# Chances closer than this are one chance that was rounded.
SAME_CHANCE = 1e-9


@dataclass(frozen=True)
class QiniCurve:
    """Extra outcomes among the treated when people are taken in the order of a score.

    Attributes
    ----------
    n_people : ndarray of int64, shape (n_points,)
        Taken so far, from 0 to everybody; people with one score are taken together.
    gain : ndarray of float64, shape (n_points,)
        Treated outcomes so far, less what as many controls would have had.
    """

    n_people: IntArray
    gain: FloatArray

    @property
    def coefficient(self) -> float:
        """Area between the curve and the straight line to its end, both axes divided by the number of people.

        In extra outcomes per person of the trial; 0 for an order by chance (Radcliffe 2007, not normalised).
        """
        n = self.n_people[-1]
        area = np.trapezoid(self.gain, self.n_people)
        return float((area - self.gain[-1] * n / 2) / n**2)


def even_weights(treated: BoolArray, chance: FloatArray) -> FloatArray:
    """Weigh people so that those of either arm stand for everybody, whatever chance put them there, shape (n_rows,).

    The mean chance of a person's own arm over theirs (Horvitz & Thompson 1952): exactly 1 where all had one chance.

    Parameters
    ----------
    treated : ndarray of bool, shape (n_rows,)
    chance : ndarray of float64, shape (n_rows,)
        Of being treated, as logged; between 0 and 1.
    """
    if np.ptp(chance) < SAME_CHANCE:
        return np.ones(len(chance))
    own = np.where(treated, chance, 1 - chance)
    return np.asarray(np.where(treated, chance.mean(), 1 - chance.mean()) / own)


def qini_curve(
    outcome: FloatArray, scores: FloatArray, treated: BoolArray, weights: FloatArray | None = None
) -> QiniCurve:
    """Draw the curve of Radcliffe 2007: outcomes of the treated less those of the controls scaled to as many treated.

    Parameters
    ----------
    outcome, scores : ndarray of float64, shape (n_rows,)
    treated : ndarray of bool, shape (n_rows,)
        In one trial of one arm against its control.
    weights : ndarray of float64, shape (n_rows,), optional
        From `even_weights`, where chances differed between people.
    """
    order = np.argsort(scores, kind="stable")[::-1]
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    weighed = np.ones(len(scores)) if weights is None else weights[order]
    of_arm, of_rest = weighed * treated[order], weighed * ~treated[order]
    gained = outcome[order]
    n_treated, n_control = np.cumsum(of_arm)[ends], np.cumsum(of_rest)[ends]
    of_treated, of_control = np.cumsum(gained * of_arm)[ends], np.cumsum(gained * of_rest)[ends]
    gain = of_treated - of_control * _ratio(n_treated, n_control)
    return QiniCurve(np.append(0, ends + 1).astype(np.int64), np.append(0.0, gain))


def normalised_qini(
    outcome: FloatArray, scores: FloatArray, treated: BoolArray, weights: FloatArray | None = None
) -> float:
    """Return the area above chance as a share of the best possible one: 1 for an order that knows every outcome.

    The same number as `sklift.metrics.qini_auc_score(negative_effect=True)`; only comparable within one trial.
    """
    best = qini_curve(outcome, np.where(treated, outcome, -outcome), treated, weights).coefficient
    return qini_curve(outcome, scores, treated, weights).coefficient / best if best else 0.0


def qini_estimate(
    outcome: FloatArray,
    scores: FloatArray,
    treated: BoolArray,
    groups: IntArray,
    rng: np.random.Generator,
    weights: FloatArray | None = None,
) -> Estimate:
    """Estimate the coefficient with a standard error by leaving out one block of groups at a time (Shao & Tu 1995)."""
    weighed = np.ones(len(scores)) if weights is None else weights
    value = qini_curve(outcome, scores, treated, weighed).coefficient
    levels = _levels(scores)
    first, number = numbered(groups)
    blocks = (rng.permutation(len(first)) % N_BLOCKS)[number]
    cells = _cells(levels, blocks, outcome, (weighed * treated, weighed * ~treated))
    left = np.array([_coefficient(cells.sum(axis=1) - cells[:, block]) for block in range(N_BLOCKS)])
    return Estimate(value, float(np.sqrt((N_BLOCKS - 1) * left.var())))


def uplift_at(
    outcome: FloatArray, scores: FloatArray, treated: BoolArray, share: float, weights: FloatArray | None = None
) -> Estimate:
    """Estimate the effect among the best `share` of everybody by the score: difference of means with its error."""
    order = np.argsort(scores, kind="stable")[::-1][: max(int(len(scores) * share), 1)]
    arm, gained = treated[order], outcome[order]
    weighed = np.ones(len(order)) if weights is None else weights[order]
    if arm.all() or not arm.any():
        return Estimate(0.0, float("inf"))
    parts = [_weighed_mean(gained[rows], weighed[rows]) for rows in (arm, ~arm)]
    return Estimate(parts[0].value - parts[1].value, float(np.hypot(parts[0].se, parts[1].se)))


def _weighed_mean(values: FloatArray, weights: FloatArray) -> Estimate:
    mean = float((weights * values).sum() / weights.sum())
    influence = np.asarray(weights * (values - mean) / weights.mean())
    return Estimate(mean, standard_error(influence, np.arange(len(values))))


def _ratio(n_treated: FloatArray, n_control: FloatArray) -> FloatArray:
    return np.divide(n_treated, n_control, out=np.zeros(len(n_treated)), where=n_control > 0)


def _levels(scores: FloatArray) -> IntArray:
    """Ranks in at most `N_LEVELS` steps, best first; equal scores share one."""
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, N_LEVELS + 1)[1:-1]))
    return np.asarray(len(edges) - np.searchsorted(edges, scores, side="left"), dtype=np.int64)


def _cells(
    levels: IntArray, blocks: IntArray, outcome: FloatArray, weights: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """People, weights of treated and controls, and outcomes of either, by block and level.

    `weights` are those of the treated and of the controls, 0 for the others; shape (5, n_blocks, n_levels).
    """
    n_levels = int(levels.max()) + 1
    place = blocks * n_levels + levels
    of_arm, of_rest = weights
    told = (np.ones(len(place)), of_arm, of_rest, outcome * of_arm, outcome * of_rest)
    sums = [np.bincount(place, weights=one, minlength=N_BLOCKS * n_levels) for one in told]
    return np.asarray(np.stack(sums).reshape(len(told), N_BLOCKS, n_levels), dtype=np.float64)


def _coefficient(sums: FloatArray) -> float:
    taken, n_treated, n_control, of_treated, of_control = np.cumsum(sums, axis=1)
    n_people = np.append(0, taken)
    gain = np.append(0, of_treated - of_control * _ratio(n_treated, n_control))
    area = np.trapezoid(gain, n_people) - gain[-1] * n_people[-1] / 2
    return float(area / n_people[-1] ** 2)
