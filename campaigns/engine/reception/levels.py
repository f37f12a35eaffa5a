"""Penalised logistic regression with a level of its own for every group, by Newton's method."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from scipy.special import expit

from campaigns.engine.frames import BoolArray, FloatArray, IntArray

SMALLEST_STEP = 1e-8
SHORTEST = 2.0**-10


@dataclass(frozen=True)
class Grouped:
    """What is fitted.

    Attributes
    ----------
    x : ndarray of float64, shape (n, n_columns)
    y : ndarray of bool, shape (n,)
    groups : csr_matrix of float64, shape (n_groups, n)
        1 where a row belongs to a group.
    penalties : ndarray of float64, shape (n_columns,)
        Weight of half the square of each coefficient; 0 for the intercept.
    level_penalty : float
        The same of every level.
    """

    x: FloatArray
    y: BoolArray
    groups: sparse.csr_matrix
    penalties: FloatArray
    level_penalty: float

    def loss(self, coef: FloatArray, levels: FloatArray) -> float:
        """Penalised negative log-likelihood."""
        logits = self.x @ coef + self.groups.T @ levels
        misfit = np.logaddexp(0.0, np.where(self.y, -logits, logits)).sum()
        return float(misfit + 0.5 * (self.penalties @ coef**2 + self.level_penalty * (levels @ levels)))

    def step(self, coef: FloatArray, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Newton's step. Levels do not touch each other, so they are solved for by division, however many."""
        chances = expit(self.x @ coef + self.groups.T @ levels)
        weights, missed = chances * (1 - chances), self.y - chances
        slope = self.x.T @ missed - self.penalties * coef
        level_slope = self.groups @ missed - self.level_penalty * levels
        weighted = self.x * weights[:, None]
        between = self.groups @ weighted
        own = self.groups @ weights + self.level_penalty
        curvature = self.x.T @ weighted + np.diag(self.penalties) - between.T @ (between / own[:, None])
        move = linalg.solve(curvature, slope - between.T @ (level_slope / own), assume_a="sym")
        return move, (level_slope - between @ move) / own


def groups_of(rows: IntArray) -> sparse.csr_matrix:
    """One row for each distinct value of `rows`, shape (n_groups, n)."""
    _, places = np.unique(rows, return_inverse=True)
    return sparse.csr_matrix((np.ones(len(rows)), (places, np.arange(len(rows)))))


def fit_grouped(problem: Grouped, max_iter: int) -> FloatArray:
    """Coefficients of the columns, shape (n_columns,), once what the groups explain is taken out."""
    coef, levels = np.zeros(problem.x.shape[1]), np.zeros(problem.groups.shape[0])
    loss = problem.loss(coef, levels)
    for _ in range(max_iter):
        move, level_move = problem.step(coef, levels)
        share = 1.0
        while (moved := problem.loss(coef + share * move, levels + share * level_move)) > loss and share > SHORTEST:
            share /= 2
        coef, levels, loss = coef + share * move, levels + share * level_move, moved
        if share * np.abs(move).max() < SMALLEST_STEP:
            break
    return coef
