"""Trials with a known answer: what the tests and the back-test are held against."""

from dataclasses import replace

import numpy as np

from campaigns.engine.frames import BoolArray, FloatArray, IntArray
from campaigns.engine.uplift.frames import RandomisedFrame

RATE, RATE_OF_SPENDERS = 0.1, 0.05


def planted_trial(
    rng: np.random.Generator, *, n_people: int = 4000, effect: float = 0.0, group_effect: float = 0.0
) -> RandomisedFrame:
    """Make a trial in which a fair coin decided between a message and nothing.

    The message adds `effect` to everybody's chance, and `group_effect` more in the planted group. `spend` tells the
    chance without it.
    """
    town = (rng.random(n_people) < 0.5).astype(np.float64)
    values = np.column_stack([town, rng.integers(0, 12, n_people), rng.exponential(1.0, n_people)])
    treated = rng.integers(0, 2, n_people)
    chances = planted_chances(values, effect=effect, group_effect=group_effect)
    return RandomisedFrame(
        values=values,
        names=("town", "visits", "spend"),
        arms=("nothing", "message"),
        arm_rows=treated,
        outcome=(rng.random(n_people) < chances[np.arange(n_people), treated]).astype(np.float64),
        propensity=np.full((n_people, 2), 0.5),
        groups=np.arange(n_people),
    )


def planted_group(values: FloatArray) -> BoolArray:
    """Return who is in the planted group, a quarter of everybody: in town, and more than five visits."""
    return np.asarray((values[:, 0] > 0) & (values[:, 1] > 5))


def planted_chances(values: FloatArray, *, effect: float, group_effect: float) -> FloatArray:
    """Return everybody's chance without and with the message, shape (n_rows, 2)."""
    without = RATE + RATE_OF_SPENDERS * (values[:, 2] > 1)
    return np.column_stack([without, without + effect + group_effect * planted_group(values)])


def thinned_log(
    rng: np.random.Generator, *, n_people: int = 3000, effect: float = 0.03, group_effect: float = 0.2
) -> tuple[RandomisedFrame, IntArray, float]:
    """Make a log in which the message went mostly to big spenders, with the chances written down.

    Returns
    -------
    frame : RandomisedFrame
    choice : ndarray of int64, shape (n_people,)
        The policy that sends to the planted group only.
    truth : float
        What that policy would bring these people on average.
    """
    frame = planted_trial(rng, n_people=n_people)
    chance = np.where(frame.values[:, 2] > 1, 0.8, 0.25)
    treated = (rng.random(n_people) < chance).astype(np.int64)
    means = planted_chances(frame.values, effect=effect, group_effect=group_effect)
    outcome = (rng.random(n_people) < means[np.arange(n_people), treated]).astype(np.float64)
    log = replace(frame, arm_rows=treated, outcome=outcome, propensity=np.column_stack([1 - chance, chance]))
    choice = planted_group(frame.values).astype(np.int64)
    whole = RATE + RATE_OF_SPENDERS * float(np.exp(-1)) + (effect + group_effect) / 4
    return log, choice, whole
