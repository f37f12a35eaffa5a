"""Who buys first, and why: what lifts a customer above the others, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from campaigns.engine.frames import FloatArray, IntArray
from recommender.engine.attributes import Attributes
from recommender.engine.encoding import CROSS, with_pairs
from recommender.engine.history import CustomerHistory
from recommender.engine.launches.affinity import ITSELF, activity
from recommender.engine.launches.wide import Wide

NOTHING_SPECIAL = "About as likely as anybody"
SHOPS_OFTEN = "Comes often and buys many different things"
LEAST = 0.05
STEP = " > "


def reasons(wide: Wide, history: CustomerHistory, facts: Attributes, rows: IntArray) -> list[str]:
    """Why each of some customers would buy a new product, a sentence each.

    The part of the log odds that is furthest above the mean of all customers; exact, since the parts add up.

    Parameters
    ----------
    wide : Wide
    history : CustomerHistory
        Of everybody.
    facts : Attributes
        Of the new product, one row.
    rows : ndarray of int64, shape (n,)
        Of the customers wanted.
    """
    found = list(_parts(wide, history, facts, rows))
    lifts = np.stack([lift for lift, _, _ in found], axis=1)
    best = lifts.argmax(axis=1)
    return [_sentence(found[part], row, lifts[row, part]) for row, part in enumerate(best.tolist())]


_Part = tuple[FloatArray, NDArray[np.int64], str]


def _parts(wide: Wide, history: CustomerHistory, facts: Attributes, rows: IntArray) -> Iterator[_Part]:
    """What each group of features adds against the mean, how many products are behind it, and what they share."""
    columns = activity(history.dated(), history.shape[1])
    n = len(columns)
    active = sum(weight * column for weight, column in zip(wide.weights[:n], columns, strict=True))
    yield np.asarray((active - active.mean())[rows]), np.zeros(len(rows), dtype=np.int64), ""
    described = with_pairs(facts, wide.affinity.encoding.kinds)
    codes = {kind: wide.affinity.encoding.codes(described, kind) for kind in wide.affinity.encoding.kinds}
    codes[ITSELF] = np.array([-1])
    kinds = list(wide.affinity.codes)
    for number, (aged, once, places) in enumerate(wide.affinity.tables(history, codes)):
        kind = kinds[number]
        if kind not in described.labels:
            continue
        at = n + 2 * number
        part = wide.weights[at] * aged[:, places[0]] + wide.weights[at + 1] * once[:, places[0]]
        products = np.rint(np.expm1(once[rows, places[0]])).astype(np.int64)
        yield np.asarray((part - part.mean())[rows], dtype=np.float64), products, str(described.labels[kind][0])


def _sentence(part: _Part, row: int, lift: float) -> str:
    _, products, value = part
    if lift < LEAST:
        return NOTHING_SPECIAL
    if not value:
        return SHOPS_OFTEN
    n = int(products[row])
    return f"Bought {n:,} product{'' if n == 1 else 's'} of {_named(value)}"


def _named(value: str) -> str:
    """The last step of each path; of a pair, both."""
    return " and ".join(f"“{part.rsplit(STEP, 1)[-1]}”" for part in value.split(CROSS))
