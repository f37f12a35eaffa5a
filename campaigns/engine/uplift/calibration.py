"""How much of what a learner expects comes true: its scores brought to the unit of effects, with an error."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.uplift.estimates import Estimate, numbered


@dataclass(frozen=True)
class Calibration:
    """The best line from scores to effects.

    Attributes
    ----------
    mean, slope : float
        Effect at the middle score, and by how much it grows with a score: 1 for scores that are effects already.
    centre, lowest, highest : float
        Of the scores it was learnt from; beyond them nothing was seen, so nobody is expected to be further out.
    covariance : tuple of tuple of float, shape (2, 2)
        Of mean and slope.
    """

    mean: float
    slope: float
    centre: float
    lowest: float
    highest: float
    covariance: tuple[tuple[float, float], tuple[float, float]]

    def effects(self, scores: FloatArray) -> FloatArray:
        """Return the expected effect at each score, shape (n_rows,)."""
        return np.asarray(self._design(scores) @ np.array([self.mean, self.slope]))

    def errors(self, scores: FloatArray) -> FloatArray:
        """Return the standard error of the mean effect at each score, shape (n_rows,)."""
        design = self._design(scores)
        return np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", design, np.array(self.covariance), design), 0.0))

    def interval(self, scores: FloatArray, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Return the central interval of the mean effect among people with each score, at `level`."""
        mid, reach = self.effects(scores), float(norm.ppf((1 + level) / 2)) * self.errors(scores)
        return mid - reach, mid + reach

    def mean_of(self, scores: FloatArray) -> Estimate:
        """Estimate the mean effect among all of these people together; their errors are one error."""
        design = self._design(scores).mean(axis=0)
        variance = float(design @ np.array(self.covariance) @ design)
        return Estimate(float(design @ np.array([self.mean, self.slope])), max(variance, 0.0) ** 0.5)

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain numbers."""
        told = {name: getattr(self, name) for name in ("mean", "slope", "centre", "lowest", "highest")}
        return {**told, "covariance": [list(row) for row in self.covariance]}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Calibration":
        """Return what `as_json` told."""
        (a, b), (c, d) = told["covariance"]
        return cls(**{**told, "covariance": ((a, b), (c, d))})

    def _design(self, scores: FloatArray) -> FloatArray:
        within = np.clip(scores, self.lowest, self.highest)
        return np.column_stack([np.ones(len(scores)), within - self.centre])


def calibrate(scores: FloatArray, effects: FloatArray, groups: IntArray) -> Calibration:
    """Fit the line from scores to effects (Chernozhukov, Demirer, Duflo & Fernández-Val 2018, best linear predictor).

    Parameters
    ----------
    scores : ndarray of float64, shape (n_rows,)
        Cross-fitted: no person's own outcome is in their score.
    effects : ndarray of float64, shape (n_rows,)
        Pseudo-outcomes of the effect.
    groups : ndarray of int64, shape (n_rows,)
        Rows that may be alike; the errors let them be.
    """
    centre = float(scores.mean())
    design = np.column_stack([np.ones(len(scores)), scores - centre])
    if np.ptp(scores) == 0:
        # Everybody alike: there is no line, only a mean.
        design = design[:, :1]
    inverse = np.linalg.inv(design.T @ design)
    line = inverse @ design.T @ effects
    influence = (design * (effects - design @ line)[:, None]) @ inverse
    _, number = numbered(groups)
    sums = np.column_stack([np.bincount(number, weights=column) for column in influence.T])
    covariance, found = np.zeros((2, 2)), np.zeros(2)
    covariance[: len(line), : len(line)], found[: len(line)] = sums.T @ sums, line
    (a, b), (c, d) = covariance.tolist()
    return Calibration(
        float(found[0]), float(found[1]), centre, float(scores.min()), float(scores.max()), ((a, b), (c, d))
    )
