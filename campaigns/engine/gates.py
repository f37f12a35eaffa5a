"""The gates an offer passes on its way to a customer, in order; the first closed one is the answer to "why not?"."""

from collections.abc import Mapping
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from campaigns.engine.allotment import Prices, Question, wanted
from campaigns.engine.assignment import Allotment
from campaigns.engine.frames import BoolArray

GateArray = npt.NDArray[np.int16]


class Gate(IntEnum):
    """Where an offer can stop, first to last; the last one is no stop."""

    CONSENT = 1
    HELD_OUT = 2
    AUDIENCE = 3
    VALID = 4
    STOCK = 5
    CONTACTS = 6
    TAKEN = 7
    TAKEN_BACK = 8
    HAS_ONE = 9
    VALUE = 10
    BETTER = 11
    CAP = 12
    BUDGET = 13
    CHOSEN = 14


def first_closed(closed: Mapping[Gate, BoolArray], shape: tuple[int, int]) -> GateArray:
    """Return the first gate that is closed to each customer and offer, 0 where none is.

    Parameters
    ----------
    closed : mapping of Gate to ndarray of bool
        Each of shape (n_customers, n_offers), or one that broadcasts to it.
    shape : (n_customers, n_offers)

    Returns
    -------
    ndarray of int16, shape (n_customers, n_offers)
    """
    found = np.zeros(shape, dtype=np.int16)
    for gate in sorted(closed, reverse=True):
        found[np.broadcast_to(closed[gate], shape)] = gate
    return found


def last_gates(question: Question, allotment: Allotment, stopped: GateArray) -> GateArray:
    """Return the gate of every pair once offers were given out, shape (n_customers, n_offers).

    What no gate stopped before is chosen; or brings nothing; or is less than what the customer gets or would get; or
    was wanted and there was not enough of the offer, or of the budget.
    """
    free, _ = wanted(question, Prices(np.zeros(question.n_offers)))
    would_get_one = free.any(axis=1, keepdims=True)
    is_full = allotment.chosen.sum(axis=0) >= question.caps
    missed = np.where(is_full[None, :], Gate.CAP, Gate.BUDGET if allotment.prices.budget > 0 else Gate.BETTER)
    found = np.where(free, missed, np.where((question.gains > 0) & would_get_one, Gate.BETTER, Gate.VALUE))
    found[allotment.chosen] = Gate.CHOSEN
    return np.where(stopped > 0, stopped, found).astype(np.int16)
