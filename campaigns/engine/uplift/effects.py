"""What each arm changed: the difference to the control with its interval, and whether the trial can be read at all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chisquare

from campaigns.engine.frames import FloatArray
from campaigns.engine.uplift.estimates import Estimate, estimate_mean, numbered, standard_error
from campaigns.engine.uplift.frames import CONTROL, RandomisedFrame, shuffled

# A trial whose arms are this unlikely to be as large as they are was not randomised as planned (Fabijan et al. 2019).
BROKEN_BELOW = 0.001


@dataclass(frozen=True)
class SampleRatio:
    """Whether as many people are in each arm as planned.

    Attributes
    ----------
    p_value : float
    expected : tuple of float
        People planned for each arm.
    """

    p_value: float
    expected: tuple[float, ...]

    @property
    def is_broken(self) -> bool:
        """Whether nothing should be read out of this trial."""
        return self.p_value < BROKEN_BELOW


@dataclass(frozen=True)
class ArmEffect:
    """What one arm changed.

    Attributes
    ----------
    arm : str
    n_people : int
    mean : Estimate
        Mean outcome in the arm.
    difference : Estimate
        To the control.
    adjusted : Estimate
        The same, with what was known before the campaign taken out of the noise.
    """

    arm: str
    n_people: int
    mean: Estimate
    difference: Estimate
    adjusted: Estimate


def sample_ratio(frame: RandomisedFrame) -> SampleRatio:
    """Test the sizes of the arms against the chances with which people were put there: chi², on what went together."""
    first, _ = numbered(frame.units)
    expected = frame.propensity[first].sum(axis=0)
    counted = np.bincount(frame.arm_rows[first], minlength=len(frame.arms))
    return SampleRatio(float(chisquare(counted, expected).pvalue), tuple(expected.tolist()))


def arm_mean(frame: RandomisedFrame, arm: int) -> Estimate:
    """Estimate the mean outcome if everybody had been in `arm`, each row weighted by its logged chance."""
    mean, influence = _mean_and_influence(frame, arm)
    return Estimate(mean, standard_error(influence, frame.groups))


def arm_effects(frame: RandomisedFrame) -> tuple[ArmEffect, ...]:
    """Estimate what every arm but the control changed.

    Notes
    -----
    The adjusted effect fits a line in each arm and averages the difference over everybody, corrected by what the
    lines missed: Lin 2013 (interacted regression), Robins & Rotnitzky 1995 where chances differ.
    """
    return tuple(_effect(frame, arm) for arm in range(1, len(frame.arms)))


def false_positive_share(frame: RandomisedFrame, n_runs: int, rng: np.random.Generator) -> FloatArray:
    """Shuffle people into arms `n_runs` times and count how often an effect is seen that cannot be there.

    Returns
    -------
    ndarray of float64, shape (n_arms - 1,)
        Share of the runs in which the 95 % interval of the difference leaves out zero.
    """
    seen = np.zeros(len(frame.arms) - 1)
    for _ in range(n_runs):
        again = shuffled(frame, rng)
        seen += [difference(again, arm).excludes_zero for arm in range(1, len(frame.arms))]
    return seen / n_runs


def difference(frame: RandomisedFrame, arm: int) -> Estimate:
    """Estimate the difference of an arm to the control."""
    treated, of_treated = _mean_and_influence(frame, arm)
    control, of_control = _mean_and_influence(frame, CONTROL)
    return Estimate(treated - control, standard_error(of_treated - of_control, frame.groups))


def _effect(frame: RandomisedFrame, arm: int) -> ArmEffect:
    return ArmEffect(
        arm=frame.arms[arm],
        n_people=int((frame.arm_rows == arm).sum()),
        mean=arm_mean(frame, arm),
        difference=difference(frame, arm),
        adjusted=_adjusted(frame.against_control(arm)),
    )


def _mean_and_influence(frame: RandomisedFrame, arm: int) -> tuple[float, FloatArray]:
    weights = (frame.arm_rows == arm) / frame.propensity[:, arm]
    mean = float((weights * frame.outcome).sum() / weights.sum())
    return mean, np.asarray(weights * (frame.outcome - mean) / weights.mean())


def _adjusted(pair: RandomisedFrame) -> Estimate:
    design = _design(pair.values)
    lines = [_line(design, pair, arm) for arm in (0, 1)]
    scores = [
        line + (pair.arm_rows == arm) / pair.propensity[:, arm] * (pair.outcome - line)
        for arm, line in enumerate(lines)
    ]
    return estimate_mean(scores[1] - scores[0], pair.groups)


def _design(values: FloatArray) -> FloatArray:
    spread = values.std(axis=0)
    return np.column_stack([np.ones(len(values)), (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)])


def _line(design: FloatArray, pair: RandomisedFrame, arm: int) -> FloatArray:
    rows = pair.arm_rows == arm
    root = np.sqrt(1 / pair.propensity[rows, arm])
    coefficients = np.linalg.lstsq(design[rows] * root[:, None], pair.outcome[rows] * root, rcond=None)[0]
    return np.asarray(design @ coefficients)


def smallest_effect_seen(effects: Sequence[ArmEffect], *, power_reach: float = 2.8) -> float:
    """Return the effect that this trial would have found four times out of five, for the least precise arm.

    2.8 standard errors: 1.96 for the 5 % test and .84 for a power of 80 %.
    """
    return power_reach * max(effect.difference.se for effect in effects)
