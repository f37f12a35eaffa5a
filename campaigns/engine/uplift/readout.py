"""Everything that can be read out of one arm of a finished trial, and the verdict: to all, to nobody, or to these."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from campaigns.engine.frames import BoolArray, FloatArray, IntArray
from campaigns.engine.uplift.effects import ArmEffect
from campaigns.engine.uplift.estimates import Estimate
from campaigns.engine.uplift.frames import RandomisedFrame, folds_by_group
from campaigns.engine.uplift.gate import N_FOLDS, HeterogeneityTest, heterogeneity_test, passes
from campaigns.engine.uplift.groups import Group, best_group
from campaigns.engine.uplift.learners import RESPONSE, cross_fitted_means, cross_fitted_scores, pseudo_outcomes
from campaigns.engine.uplift.policy import gain_over_chance, gain_over_uniform
from campaigns.engine.uplift.qini import QiniCurve, even_weights, normalised_qini, qini_curve, qini_estimate, uplift_at
from campaigns.engine.uplift.responders import responder_kinds
from campaigns.engine.uplift.surfaces import BASES, Base

DEPTHS = (0.1, 0.2, 0.3, 0.5)
TOGETHER = "all together"


class Advice(StrEnum):
    """What to do with an arm; all are legal answers."""

    THESE = "these"
    EVERYBODY = "everybody"
    NOBODY = "nobody"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True)
class LearnerScore:
    """How well one learner orders people, on people it has not seen.

    Attributes
    ----------
    label : str
    qini : Estimate
        In extra outcomes per person of the trial, 0 for an order by chance.
    normalised : float
        The same as a share of the best order there could be.
    uplift : tuple of Estimate
        Effect among the best `DEPTHS` of everybody.
    """

    label: str
    qini: Estimate
    normalised: float
    uplift: tuple[Estimate, ...]


@dataclass(frozen=True)
class ArmReadout:
    """What is known of targeting one arm.

    Attributes
    ----------
    arm : str
    learners : tuple of LearnerScore
        All learners together first, the plain response model last.
    scores : ndarray of float64, shape (n_rows,)
        Expected effect of each person of the arm and of the control: the mean over all learners, from other people.
    curve : QiniCurve
        Of `scores`.
    test : HeterogeneityTest
    chosen_share : float
        Share of people whom the policy would send to.
    gain : Estimate
        What the policy brings a person more than the best uniform one at `contact_cost`.
    contact_cost : float
        In the unit of the outcome; where none is stated, the one at which sending to everybody just pays for itself.
    is_open : bool
        Whether targeting is offered.
    advice : Advice
    group : Group or None
    kinds : ndarray of str, shape (n_rows,), or None
        Kinds of responder; only for something that happens or does not.
    """

    arm: str
    learners: tuple[LearnerScore, ...]
    scores: FloatArray
    curve: QiniCurve
    test: HeterogeneityTest
    chosen_share: float
    gain: Estimate
    contact_cost: float
    is_open: bool
    advice: Advice
    group: Group | None
    kinds: npt.NDArray[np.str_] | None


def read_arm(
    frame: RandomisedFrame,
    effect: ArmEffect,
    rng: np.random.Generator,
    *,
    contact_cost: float | None = None,
    bases: Sequence[Base] = BASES,
) -> ArmReadout:
    """Learn who is changed by one arm, test it, and say what to do.

    Parameters
    ----------
    frame : RandomisedFrame
        The whole trial.
    effect : ArmEffect
        Of the arm that is to be read.
    rng : numpy.random.Generator
    contact_cost : float, optional
        In the unit of the outcome.
    bases : sequence of Base
        What the learners are made of.
    """
    pair = frame.against_control(frame.arms.index(effect.arm))
    folds = folds_by_group(pair.groups, N_FOLDS, rng)
    test = heterogeneity_test(pair, rng, bases=bases)
    every = cross_fitted_scores(pair, folds, bases)
    scores = _together(every)
    every = {TOGETHER: scores, **every}
    expected = cross_fitted_means(pair, folds)
    effects = pseudo_outcomes(pair, expected)
    chosen, gain = _gain(pair, folds, scores, expected, contact_cost)
    is_open = passes(test.p_value, len(frame.arms) - 1) and gain.is_positive
    cost = effect.adjusted.value if contact_cost is None else contact_cost
    return ArmReadout(
        arm=effect.arm,
        learners=tuple(_score(pair, label, each, rng) for label, each in every.items()),
        scores=scores,
        curve=qini_curve(pair.outcome, scores, pair.treated, even_weights(pair.treated, pair.treated_chance)),
        test=test,
        chosen_share=float(chosen.mean()),
        gain=gain,
        contact_cost=cost,
        is_open=is_open,
        advice=Advice.THESE if is_open else _uniform(effect.adjusted, contact_cost or 0.0),
        group=best_group(pair, scores, effects) if is_open else None,
        kinds=_kinds(pair, expected, scores),
    )


def gate_opens(frame: RandomisedFrame, arm: int, rng: np.random.Generator, *, bases: Sequence[Base] = BASES) -> bool:
    """Return what `read_arm` says of targeting, and stop as soon as it is settled: for many trials in a row."""
    pair = frame.against_control(arm)
    folds = folds_by_group(pair.groups, N_FOLDS, rng)
    if not passes(heterogeneity_test(pair, rng, bases=bases).p_value, len(frame.arms) - 1):
        return False
    scores = _together(cross_fitted_scores(pair, folds, bases))
    return _gain(pair, folds, scores, cross_fitted_means(pair, folds), None)[1].is_positive


def _together(every: dict[str, FloatArray]) -> FloatArray:
    return np.asarray(np.mean([each for label, each in every.items() if label != RESPONSE], axis=0))


def _gain(
    pair: RandomisedFrame, folds: IntArray, scores: FloatArray, expected: FloatArray, contact_cost: float | None
) -> tuple[BoolArray, Estimate]:
    """Whom the policy sends to, and what that brings more than treating everybody alike."""
    if contact_cost is None:
        chosen = scores > _mean_by_fold(scores, folds)
        return chosen, gain_over_chance(pseudo_outcomes(pair, expected), chosen.astype(np.float64), pair.groups)
    chosen = scores > contact_cost
    return chosen, gain_over_uniform(pair, chosen.astype(np.int64), expected, contact_cost)


def _mean_by_fold(scores: FloatArray, folds: IntArray) -> FloatArray:
    return np.asarray((np.bincount(folds, weights=scores) / np.bincount(folds))[folds])


def _uniform(effect: Estimate, contact_cost: float) -> Advice:
    """What to do when choosing among people brings nothing."""
    if effect.low > contact_cost:
        return Advice.EVERYBODY
    return Advice.NOBODY if effect.high < contact_cost else Advice.CANNOT_TELL


def _score(pair: RandomisedFrame, label: str, scores: FloatArray, rng: np.random.Generator) -> LearnerScore:
    weights = even_weights(pair.treated, pair.treated_chance)
    return LearnerScore(
        label=label,
        qini=qini_estimate(pair.outcome, scores, pair.treated, pair.groups, rng, weights),
        normalised=normalised_qini(pair.outcome, scores, pair.treated, weights),
        uplift=tuple(uplift_at(pair.outcome, scores, pair.treated, share, weights) for share in DEPTHS),
    )


def _kinds(pair: RandomisedFrame, expected: FloatArray, scores: FloatArray) -> npt.NDArray[np.str_] | None:
    if not pair.is_binary:
        return None
    return responder_kinds(expected[:, 0], scores, likely=float(expected[:, 0].mean()))
