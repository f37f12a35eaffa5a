"""How well an order of people puts those first whom a campaign changes: Qini curve, coefficient, uplift at a depth."""

from dataclasses import dataclass

import numpy as np

from campaigns.engine.frames import BoolArray, FloatArray, IntArray
from campaigns.engine.uplift.estimates import Estimate, estimate_mean, numbered

N_LEVELS = 400
N_BLOCKS = 60


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


def qini_curve(outcome: FloatArray, scores: FloatArray, treated: BoolArray) -> QiniCurve:
    """Draw the curve of Radcliffe 2007: outcomes of the treated less those of the controls scaled to as many treated.

    Parameters
    ----------
    outcome, scores : ndarray of float64, shape (n_rows,)
    treated : ndarray of bool, shape (n_rows,)
        In one trial of one arm against its control, with one chance for everybody.
    """
    order = np.argsort(scores, kind="stable")[::-1]
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    arm, gained = treated[order], outcome[order]
    n_treated = np.cumsum(arm)[ends]
    n_control = ends + 1 - n_treated
    of_treated, of_control = np.cumsum(gained * arm)[ends], np.cumsum(gained * ~arm)[ends]
    gain = of_treated - of_control * _ratio(n_treated, n_control)
    return QiniCurve(np.append(0, ends + 1).astype(np.int64), np.append(0.0, gain))


def normalised_qini(outcome: FloatArray, scores: FloatArray, treated: BoolArray) -> float:
    """Return the area above chance as a share of the best possible one: 1 for an order that knows every outcome.

    The same number as `sklift.metrics.qini_auc_score(negative_effect=True)`; only comparable within one trial.
    """
    best = qini_curve(outcome, np.where(treated, outcome, -outcome), treated).coefficient
    return qini_curve(outcome, scores, treated).coefficient / best if best else 0.0


def qini_estimate(
    outcome: FloatArray, scores: FloatArray, treated: BoolArray, groups: IntArray, rng: np.random.Generator
) -> Estimate:
    """Estimate the coefficient with a standard error by leaving out one block of groups at a time (Shao & Tu 1995)."""
    value = qini_curve(outcome, scores, treated).coefficient
    levels = _levels(scores)
    first, number = numbered(groups)
    blocks = (rng.permutation(len(first)) % N_BLOCKS)[number]
    cells = _cells(levels, blocks, outcome, treated)
    left = np.array([_coefficient(cells.sum(axis=1) - cells[:, block]) for block in range(N_BLOCKS)])
    return Estimate(value, float(np.sqrt((N_BLOCKS - 1) * left.var())))


def uplift_at(outcome: FloatArray, scores: FloatArray, treated: BoolArray, share: float) -> Estimate:
    """Estimate the effect among the best `share` of everybody by the score: difference of means with its error."""
    order = np.argsort(scores, kind="stable")[::-1][: max(int(len(scores) * share), 1)]
    arm, gained = treated[order], outcome[order]
    if arm.all() or not arm.any():
        return Estimate(0.0, float("inf"))
    parts = [estimate_mean(gained[rows], np.arange(rows.sum())) for rows in (arm, ~arm)]
    return Estimate(parts[0].value - parts[1].value, float(np.hypot(parts[0].se, parts[1].se)))


def _ratio(n_treated: IntArray, n_control: IntArray) -> FloatArray:
    return np.divide(n_treated, n_control, out=np.zeros(len(n_treated)), where=n_control > 0)


def _levels(scores: FloatArray) -> IntArray:
    """Ranks in at most `N_LEVELS` steps, best first; equal scores share one."""
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, N_LEVELS + 1)[1:-1]))
    return np.asarray(len(edges) - np.searchsorted(edges, scores, side="left"), dtype=np.int64)


def _cells(levels: IntArray, blocks: IntArray, outcome: FloatArray, treated: BoolArray) -> FloatArray:
    """Treated, controls, and outcomes of either, by block and level: shape (4, n_blocks, n_levels)."""
    n_levels = int(levels.max()) + 1
    place = blocks * n_levels + levels
    weights = (treated, ~treated, outcome * treated, outcome * ~treated)
    sums = [np.bincount(place, weights=one, minlength=N_BLOCKS * n_levels) for one in weights]
    return np.asarray(np.stack(sums).reshape(4, N_BLOCKS, n_levels), dtype=np.float64)


def _coefficient(sums: FloatArray) -> float:
    n_treated, n_control, of_treated, of_control = np.cumsum(sums, axis=1)
    n_people = np.append(0, n_treated + n_control)
    gain = np.append(0, of_treated - of_control * _ratio(n_treated, n_control))
    area = np.trapezoid(gain, n_people) - gain[-1] * n_people[-1] / 2
    return float(area / n_people[-1] ** 2)
