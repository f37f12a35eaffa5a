"""A finished randomised campaign: who was in which group by chance, and what they did."""

from dataclasses import dataclass

import numpy as np

from campaigns.engine.frames import BoolArray, FloatArray, IntArray
from campaigns.engine.uplift.estimates import numbered

CONTROL = 0


@dataclass(frozen=True)
class RandomisedFrame:
    """One row a person; the first arm is the control.

    Attributes
    ----------
    values : ndarray of float64, shape (n_rows, n_features)
        What was known before the campaign; finite.
    names : tuple of str
        One for each column of `values`.
    arms : tuple of str
        At least two; the first one got nothing.
    arm_rows : ndarray of int64, shape (n_rows,)
        Position in `arms`.
    outcome : ndarray of float64, shape (n_rows,)
        0 or 1, a count, or money.
    propensity : ndarray of float64, shape (n_rows, n_arms)
        The chance with which each row was put into each arm, as logged; rows sum to 1.
    groups : ndarray of int64, shape (n_rows,)
        What was put into an arm together: the person, or the household. Folds never cut one.

    Raises
    ------
    ValueError
        When shapes disagree, an arm is empty, or a chance is not above 0.
    """

    values: FloatArray
    names: tuple[str, ...]
    arms: tuple[str, ...]
    arm_rows: IntArray
    outcome: FloatArray
    propensity: FloatArray
    groups: IntArray

    def __post_init__(self) -> None:
        n_rows = len(self.arm_rows)
        if self.values.shape != (n_rows, len(self.names)) or self.propensity.shape != (n_rows, len(self.arms)):
            raise ValueError("values and propensity need a row for each person and a column for each name and arm")
        if len(self.outcome) != n_rows or len(self.groups) != n_rows:
            raise ValueError("arm_rows, outcome and groups must have one length")
        if not (np.isfinite(self.values).all() and np.isfinite(self.outcome).all()):
            raise ValueError("values and outcomes must be finite")
        if (np.bincount(self.arm_rows, minlength=len(self.arms)) == 0).any():
            raise ValueError("every arm needs people")
        if not (self.propensity > 0).all() or not np.allclose(self.propensity.sum(axis=1), 1):
            raise ValueError("chances of the arms must be above 0 and sum to 1 for each person")

    def __len__(self) -> int:
        return len(self.arm_rows)

    @property
    def treated(self) -> BoolArray:
        """Whether each row was in any arm but the control, shape (n_rows,)."""
        return self.arm_rows != CONTROL

    @property
    def is_binary(self) -> bool:
        """Whether the outcome is something that happened or did not."""
        return bool(np.isin(self.outcome, (0.0, 1.0)).all())

    @property
    def treated_chance(self) -> FloatArray:
        """Chance of not being in the control, shape (n_rows,)."""
        return np.asarray(1 - self.propensity[:, CONTROL])

    @property
    def units(self) -> IntArray:
        """What chance decided about, shape (n_rows,): the groups, or each row where a group is in several arms."""
        if (np.diff(self.groups) > 0).all():
            return self.groups
        order = np.lexsort((self.arm_rows, self.groups))
        same = np.diff(self.groups[order]) == 0
        is_split = (same & (np.diff(self.arm_rows[order]) != 0)).any()
        return np.arange(len(self)) if is_split else self.groups

    def take(self, rows: IntArray | BoolArray) -> "RandomisedFrame":
        """Return the frame of `rows`, an index or a mask."""
        return RandomisedFrame(
            self.values[rows],
            self.names,
            self.arms,
            self.arm_rows[rows],
            self.outcome[rows],
            self.propensity[rows],
            self.groups[rows],
        )

    def against_control(self, arm: int) -> "RandomisedFrame":
        """Return the rows of one arm and of the control; given either, the chances of the two sum to 1."""
        rows = np.isin(self.arm_rows, (CONTROL, arm))
        pair = self.propensity[rows][:, [CONTROL, arm]]
        return RandomisedFrame(
            self.values[rows],
            self.names,
            (self.arms[CONTROL], self.arms[arm]),
            (self.arm_rows[rows] == arm).astype(np.int64),
            self.outcome[rows],
            pair / pair.sum(axis=1, keepdims=True),
            self.groups[rows],
        )

    def with_arms(self, arm_rows: IntArray) -> "RandomisedFrame":
        """Return the same people in other arms: what a shuffled trial would have looked like."""
        return RandomisedFrame(self.values, self.names, self.arms, arm_rows, self.outcome, self.propensity, self.groups)


def observed_chances(arm_rows: IntArray, n_arms: int) -> FloatArray:
    """Return the share of each arm as everybody's chance, where nothing was logged, shape (n_rows, n_arms)."""
    shares = np.bincount(arm_rows, minlength=n_arms) / len(arm_rows)
    return np.tile(shares, (len(arm_rows), 1))


def shuffled(frame: RandomisedFrame, rng: np.random.Generator) -> RandomisedFrame:
    """Put everybody into an arm again by chance; what went together stays together, and arms keep their size."""
    first, number = numbered(frame.units)
    return frame.with_arms(frame.arm_rows[first][rng.permutation(len(first))][number])


def folds_by_group(groups: IntArray, n_folds: int, rng: np.random.Generator) -> IntArray:
    """Return the fold of each row, shape (n_rows,). A group is never cut: its rows know each other's outcome."""
    first, number = numbered(groups)
    return np.asarray((rng.permutation(len(first)) % n_folds)[number], dtype=np.int64)
