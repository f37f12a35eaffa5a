"""What a rule for whom to send to would have brought, from a trial in which chance decided."""

from dataclasses import dataclass

import numpy as np

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.uplift.estimates import Estimate, estimate_mean, standard_error
from campaigns.engine.uplift.frames import CONTROL, RandomisedFrame
from campaigns.engine.uplift.learners import doubly_robust

# A few policies are looked at in every trial: chance alone must hardly ever set both estimates apart.
AGREE_AT = 0.999


@dataclass(frozen=True)
class PolicyValue:
    """What a policy would have brought a person.

    Attributes
    ----------
    value : Estimate
        Doubly robust.
    weighted : float
        Self-normalised inverse chances (SNIPS): the same question without a model.
    gap : Estimate
        How much more the first says than the second, with the error of the difference on the same people.
    """

    value: Estimate
    weighted: float
    gap: Estimate

    @property
    def agree(self) -> bool:
        """Whether chance explains how far both are apart; where it does not, neither is to be trusted."""
        low, high = self.gap.interval(AGREE_AT)
        return low <= 0 <= high


def policy_value(
    frame: RandomisedFrame, choice: IntArray, expected: FloatArray, contact_cost: float = 0.0
) -> PolicyValue:
    """Value the policy that puts each row into the arm `choice`.

    Parameters
    ----------
    frame : RandomisedFrame
    choice : ndarray of int64, shape (n_rows,)
        Decided without the row's own outcome.
    expected : ndarray of float64, shape (n_rows, n_arms)
        Outcome expected in every arm, learnt from others.
    contact_cost : float
        Of every arm but the control, in the unit of the outcome.
    """
    cost = contact_cost * (choice != CONTROL)
    told = _chosen(frame, choice, expected)
    value = estimate_mean(told - cost, frame.groups)
    weighted, influence = _weighted(frame, choice)
    gap = Estimate(float(told.mean()) - weighted, standard_error(told - told.mean() - influence, frame.groups))
    return PolicyValue(value, weighted - float(cost.mean()), gap)


def paired_difference(
    frame: RandomisedFrame, choices: tuple[IntArray, IntArray], expected: FloatArray, contact_cost: float = 0.0
) -> Estimate:
    """Estimate how much more the first policy brings a person than the second one, on the same people."""
    first, second = (_chosen(frame, choice, expected) - contact_cost * (choice != CONTROL) for choice in choices)
    return estimate_mean(first - second, frame.groups)


def gain_over_uniform(frame: RandomisedFrame, choice: IntArray, expected: FloatArray, contact_cost: float) -> Estimate:
    """Estimate how much more a policy brings a person than the best one that treats everybody alike.

    The difference to that uniform policy against which it looks worst at the lower end of its 95 % interval: who
    beats every one of them beats the best, whichever it is.
    """
    rivals = (np.full(len(frame), arm, dtype=np.int64) for arm in range(len(frame.arms)))
    found = [paired_difference(frame, (choice, rival), expected, contact_cost) for rival in rivals]
    return min(found, key=lambda estimate: estimate.low)


def gain_over_chance(effects: FloatArray, chosen: FloatArray, groups: IntArray) -> Estimate:
    """Estimate how much more it brings a person to send to the chosen than to as many people picked by chance.

    That is the gain over the best uniform policy at the very cost of a contact at which sending to everybody just
    pays for itself: where choosing has the most to give.

    Parameters
    ----------
    effects : ndarray of float64, shape (n_rows,)
        Pseudo-outcomes of the effect.
    chosen : ndarray of float64, shape (n_rows,)
        1 for those who are sent to.
    """
    return estimate_mean((chosen - chosen.mean()) * (effects - effects.mean()), groups)


def _chosen(frame: RandomisedFrame, choice: IntArray, expected: FloatArray) -> FloatArray:
    return np.take_along_axis(doubly_robust(frame, expected), choice[:, None], axis=1)[:, 0]


def _weighted(frame: RandomisedFrame, choice: IntArray) -> tuple[float, FloatArray]:
    """The self-normalised mean and what each row moves it; not a number where nobody was in the chosen arm."""
    weights = (frame.arm_rows == choice) / np.take_along_axis(frame.propensity, choice[:, None], axis=1)[:, 0]
    total = weights.sum()
    if not total:
        return float("nan"), np.zeros(len(frame))
    mean = float((weights * frame.outcome).sum() / total)
    return mean, np.asarray(weights * (frame.outcome - mean) / weights.mean())
