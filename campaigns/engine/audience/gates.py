"""The gates between everybody and those who are written to, in order; each customer is told by the first closed one."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from campaigns.engine.frames import BoolArray

StopArray = npt.NDArray[np.int16]


class Stop(IntEnum):
    """Where a customer can fall out, first to last; the last one is no stop."""

    CONSENT = 1
    HELD_OUT = 2
    PILOT = 3
    OTHER_CAMPAIGN = 4
    EXCLUDED = 5
    CONTACTS = 6
    NOT_ASKED_FOR = 7
    NOT_WORTH_IT = 8
    BUDGET = 9
    CHOSEN = 10


@dataclass(frozen=True)
class Fallen:
    """A gate of the waterfall: how many fell out there, and how many were left after it."""

    stop: Stop
    n_out: int
    n_left: int


def first_stop(closed: Mapping[Stop, BoolArray], n_customers: int) -> StopArray:
    """Return the first closed gate of each customer, `Stop.CHOSEN` where none is, shape (n_customers,).

    Parameters
    ----------
    closed : mapping of Stop to ndarray of bool, shape (n_customers,)
    n_customers : int
    """
    found = np.full(n_customers, Stop.CHOSEN, dtype=np.int16)
    for stop in sorted(closed, reverse=True):
        found[closed[stop]] = stop
    return found


def waterfall(stops: StopArray) -> tuple[Fallen, ...]:
    """Return how many fell out at each gate where anybody did, in order, and how many were left."""
    counts = np.bincount(stops, minlength=max(Stop) + 1)
    left, steps = len(stops), []
    for stop in Stop:
        if stop is not Stop.CHOSEN and counts[stop]:
            left -= int(counts[stop])
            steps.append(Fallen(stop, int(counts[stop]), left))
    return tuple(steps)
