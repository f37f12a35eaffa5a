"""Four kinds of people, by what they are expected to do with and without a campaign."""

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from campaigns.engine.frames import FloatArray

# A chance must change by a point before we call somebody persuadable, or better left alone.
CHANGES_BY = 0.01


class Responder(StrEnum):
    """Kinds of responder."""

    PERSUADABLE = "persuadable"
    SURE_THING = "sure_thing"
    LOST_CAUSE = "lost_cause"
    DO_NOT_DISTURB = "do_not_disturb"


def responder_kinds(
    without: FloatArray, effects: FloatArray, *, likely: float, changes_by: float = CHANGES_BY
) -> npt.NDArray[np.str_]:
    """Name the kind of each person.

    Parameters
    ----------
    without : ndarray of float64, shape (n_rows,)
        Chance of the outcome without the campaign.
    effects : ndarray of float64, shape (n_rows,)
        What the campaign adds to it.
    likely : float
        Those whom it does not change count as sure things from this chance on, as lost causes below it.
    changes_by : float

    Returns
    -------
    ndarray of str, shape (n_rows,)
        Persuadable from `changes_by` more on, do not disturb from as much less on.
    """
    stays = np.where(without >= likely, Responder.SURE_THING, Responder.LOST_CAUSE)
    pushed = np.where(effects >= changes_by, Responder.PERSUADABLE, stays)
    return np.asarray(np.where(effects <= -changes_by, Responder.DO_NOT_DISTURB, pushed), dtype=np.str_)
