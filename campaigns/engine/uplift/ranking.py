"""Whether a shop's customers may be ranked by what one arm changes, and the expected effect that would rank them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from campaigns.engine.uplift.calibration import calibrate
from campaigns.engine.uplift.effects import ArmEffect
from campaigns.engine.uplift.frames import RandomisedFrame, folds_by_group
from campaigns.engine.uplift.gate import N_FOLDS
from campaigns.engine.uplift.kept import KeptEffect
from campaigns.engine.uplift.learners import all_together, cross_fitted_means, pseudo_outcomes
from campaigns.engine.uplift.readout import ArmReadout, read_arm
from campaigns.engine.uplift.surfaces import BASES, Base


@dataclass(frozen=True)
class Ranking:
    """One arm, read out on features that everybody has.

    Attributes
    ----------
    readout : ArmReadout
        The gate among them.
    kept : KeptEffect
        Learnt from all people of the arm and of the control.
    is_binary : bool
        Whether the outcome is something that happened or did not.
    """

    readout: ArmReadout
    kept: KeptEffect
    is_binary: bool

    @property
    def is_open(self) -> bool:
        """Whether customers may be ranked by it: the gate is open, and higher scores went with higher effects."""
        return self.readout.is_open and self.kept.calibration.slope > 0


def learn_ranking(
    frame: RandomisedFrame,
    effect: ArmEffect,
    rng: np.random.Generator,
    *,
    contact_cost: float | None = None,
    bases: Sequence[Base] = BASES,
) -> Ranking:
    """Read one arm out, and learn from everybody what ranks those who were in no trial.

    Parameters
    ----------
    frame : RandomisedFrame
        Its features are known of every customer, at the trial's start here and at any later moment there.
    effect : ArmEffect
        Of the arm that is to be read.
    rng : numpy.random.Generator
    contact_cost : float, optional
        In the unit of the outcome.
    bases : sequence of Base
        What the learners are made of.
    """
    readout = read_arm(frame, effect, rng, contact_cost=contact_cost, bases=bases)
    pair = frame.against_control(frame.arms.index(effect.arm))
    effects = pseudo_outcomes(pair, cross_fitted_means(pair, folds_by_group(pair.groups, N_FOLDS, rng)))
    kept = KeptEffect(
        names=pair.names,
        effect=all_together(pair, bases),
        calibration=calibrate(readout.scores, effects, pair.groups),
        lowest=pair.values.min(axis=0),
        highest=pair.values.max(axis=0),
    )
    return Ranking(readout, kept, frame.is_binary)
