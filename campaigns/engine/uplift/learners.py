"""Learners of uplift: how much more an arm makes each person do, from one arm against its control."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.uplift.frames import RandomisedFrame, folds_by_group
from campaigns.engine.uplift.surfaces import BASES, RIDGE, Base
from campaigns.engine.uplift.terms import EffectSum, Surface, Term, with_arm

ArmSurfaces = tuple[Surface, Surface]
RESPONSE = "response (ridge)"


def learn(pair: RandomisedFrame, bases: Sequence[Base] = BASES) -> dict[str, Surface]:
    """Learn by every learner on every base, and the plain response model that they have to beat.

    Returns
    -------
    dict of str to callable
        By label, each from features (n, n_features) to scores (n,); `RESPONSE` last, whose scores are no effects.
    """
    learnt: dict[str, Surface] = {}
    responding: Surface | None = None
    for base in bases:
        arms = arm_surfaces(pair, base)
        responding = responding or arms[1]
        learnt[f"DR ({base.name})"] = dr_learner(pair, base)
        learnt[f"T ({base.name})"] = t_learner(arms)
        learnt[f"S ({base.name})"] = s_learner(pair, base)
        learnt[f"X ({base.name})"] = x_learner(pair, base, arms)
    return {**learnt, RESPONSE: responding} if responding else learnt


def all_together(pair: RandomisedFrame, bases: Sequence[Base] = BASES) -> EffectSum:
    """Learn from everybody by every learner, and expect the mean of what they say: what serves."""
    learnt = [one for one in learn(pair, bases).values() if isinstance(one, EffectSum)]
    return EffectSum(tuple(replace(term, weight=term.weight / len(learnt)) for one in learnt for term in one.terms))


def s_learner(pair: RandomisedFrame, base: Base) -> EffectSum:
    """One surface with the arm as a feature, and where a line is fitted its products with the others."""
    products = base.needs_products
    design = with_arm(pair.values, pair.treated.astype(np.float64), has_products=products)
    surface = base.fit_outcome(design, pair.outcome)
    return EffectSum((Term(1.0, surface, 1, products), Term(-1.0, surface, 0, products)))


def t_learner(arms: ArmSurfaces) -> EffectSum:
    """The difference of one surface for each arm."""
    control, treated = arms
    return EffectSum((Term(1.0, treated), Term(-1.0, control)))


def x_learner(pair: RandomisedFrame, base: Base, arms: ArmSurfaces) -> EffectSum:
    """What each person did less what the other arm's surface expects, learnt in either arm (Künzel et al. 2019)."""
    control, treated = arms
    rows = pair.treated
    of_treated = base.fit_effect(pair.values[rows], pair.outcome[rows] - control(pair.values[rows]))
    of_control = base.fit_effect(pair.values[~rows], treated(pair.values[~rows]) - pair.outcome[~rows])
    chance = float(pair.treated_chance.mean())
    return EffectSum((Term(chance, of_control), Term(1 - chance, of_treated)))


def dr_learner(pair: RandomisedFrame, base: Base) -> EffectSum:
    """A regression on pseudo-outcomes, each from surfaces that have not seen its person (Kennedy 2020)."""
    halves = folds_by_group(pair.groups, 2, np.random.default_rng(len(pair)))
    surface = base.fit_effect(pair.values, pseudo_outcomes(pair, cross_fitted_means(pair, halves, base)))
    return EffectSum((Term(1.0, surface),))


def arm_surfaces(pair: RandomisedFrame, base: Base) -> ArmSurfaces:
    """Fit the surfaces of the control and of the treated."""
    rows = pair.treated
    return (
        base.fit_outcome(pair.values[~rows], pair.outcome[~rows]),
        base.fit_outcome(pair.values[rows], pair.outcome[rows]),
    )


def cross_fitted_means(frame: RandomisedFrame, folds: IntArray, base: Base = RIDGE) -> FloatArray:
    """Expect everybody's outcome in every arm, from people of other folds, shape (n_rows, n_arms)."""
    expected = np.empty((len(frame), len(frame.arms)))
    for fold in np.unique(folds):
        inside = folds == fold
        for arm in range(len(frame.arms)):
            rows = ~inside & (frame.arm_rows == arm)
            expected[inside, arm] = base.fit_outcome(frame.values[rows], frame.outcome[rows])(frame.values[inside])
    return expected


def doubly_robust(frame: RandomisedFrame, expected: FloatArray) -> FloatArray:
    """Return what each person says about the outcome in every arm, shape (n_rows, n_arms).

    The expected outcome, and in the person's own arm what it missed over the logged chance of being there: its mean
    is right when either the expectation or the chance is (Robins & Rotnitzky 1995; Dudík et al. 2011).
    """
    seen = frame.arm_rows[:, None] == np.arange(len(frame.arms))
    return np.asarray(expected + seen / frame.propensity * (frame.outcome[:, None] - expected))


def pseudo_outcomes(pair: RandomisedFrame, expected: FloatArray) -> FloatArray:
    """Return what each person says about the effect, shape (n_rows,)."""
    scores = doubly_robust(pair, expected)
    return np.asarray(scores[:, 1] - scores[:, 0])


def cross_fitted_scores(pair: RandomisedFrame, folds: IntArray, bases: Sequence[Base] = BASES) -> dict[str, FloatArray]:
    """Score everybody by what was learnt from people of other folds; by label, each of shape (n_rows,)."""
    scores: dict[str, FloatArray] = {}
    for fold in np.unique(folds):
        inside = folds == fold
        for label, surface in learn(pair.take(~inside), bases).items():
            scores.setdefault(label, np.empty(len(pair)))[inside] = surface(pair.values[inside])
    return scores
