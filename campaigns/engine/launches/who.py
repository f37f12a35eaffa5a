"""Who buys first, and why: what in a customer's own purchases speaks for a new product, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from campaigns.engine.frames import FloatArray, IntArray
from recommender.engine.attributes import Attributes
from recommender.engine.encoding import CROSS, with_pairs
from recommender.engine.history import CustomerHistory
from recommender.engine.launches.affinity import ITSELF, Codes, activity
from recommender.engine.launches.wide import Wide

NOTHING_SPECIAL = "About as likely as anybody"
SHOPS_OFTEN = "Comes often and buys many different things"
LEAST = 0.05
# What is true of nearly everything sold says no more of a person than how much they buy.
LEAST_TELLING = 0.25
STEP = " > "


@dataclass(frozen=True)
class _Part:
    """What one group of features adds to the log odds of each customer, above the mean of all."""

    lifts: FloatArray
    telling: float
    kind: str = ""
    value: str = ""
    like: str = ""


def reasons(wide: Wide, history: CustomerHistory, facts: Attributes, rows: IntArray) -> list[str]:
    """Why each of some customers would buy a new product, a sentence each.

    Of the parts of the log odds that are above the mean of all customers, the one that says most of the person: what
    few products share tells more than what most do.

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
    described = with_pairs(facts, wide.affinity.encoding.kinds)
    codes = {kind: wide.affinity.encoding.codes(described, kind) for kind in wide.affinity.encoding.kinds}
    codes[ITSELF] = np.array([-1])
    parts = list(_parts(wide, history, described, codes))
    lifts = np.stack([part.lifts[rows] for part in parts], axis=1)
    best = (lifts * np.array([part.telling for part in parts])).argmax(axis=1)
    said = [f"Buys what buyers of {parts[number].like} buy" if parts[number].like else SHOPS_OFTEN for number in best]
    for number in np.unique(best).tolist():
        if parts[number].value:
            places = np.flatnonzero(best == number)
            told = _told(wide, history[rows[places]], parts[number], codes)
            for place, sentence in zip(places.tolist(), told, strict=True):
                said[place] = sentence
    return [
        sentence if lift >= LEAST else NOTHING_SPECIAL
        for sentence, lift in zip(said, lifts[np.arange(len(rows)), best].tolist(), strict=True)
    ]


def _parts(wide: Wide, history: CustomerHistory, described: Attributes, codes: Codes) -> Iterator[_Part]:
    columns = activity(history.dated(), history.shape[1])
    n = len(columns)
    active = sum(weight * column for weight, column in zip(wide.weights[:n], columns, strict=True))
    yield _Part(_above(active), LEAST_TELLING)
    for number, (aged, once, places) in enumerate(wide.affinity.tables(history, codes)):
        kind = list(wide.affinity.codes)[number]
        if kind not in described.labels or codes[kind][0] < 0:
            continue
        at = n + 2 * number
        lifts = _above(wide.weights[at] * aged[:, places[0]] + wide.weights[at + 1] * once[:, places[0]])
        yield _Part(lifts, _telling(wide, kind, codes), kind, str(described.labels[kind][0]))
    if wide.tastes is not None and wide.tastes.kind in described.labels:
        kind = wide.tastes.kind
        near = wide.tastes.likeness(history.dated(), wide.affinity.codes[kind], codes[kind])[:, 0]
        weight = wide.weights[n + 2 * len(wide.affinity.codes)]
        yield _Part(_above(weight * near), LEAST_TELLING, like=_named(str(described.labels[kind][0])))


def _above(part: FloatArray) -> FloatArray:
    return np.asarray(part - part.mean(), dtype=np.float64)


def _telling(wide: Wide, kind: str, codes: Codes) -> float:
    share = float(np.mean(wide.affinity.codes[kind] == codes[kind][0]))
    return max(-float(np.log(max(share, 1e-9))), LEAST_TELLING)


def _told(wide: Wide, history: CustomerHistory, part: _Part, codes: Codes) -> Iterator[str]:
    """How many times each customer came for it, and how long ago the last time was."""
    log = history.dated()
    same = log.lines(wide.affinity.codes[part.kind][log.product_rows] == codes[part.kind][0])
    for start, end in zip(same.starts[:-1].tolist(), same.starts[1:].tolist(), strict=True):
        yield _sentence(part.value, np.floor(same.age_days[start:end]))


def _sentence(value: str, days_ago: FloatArray) -> str:
    if not len(days_ago):
        return SHOPS_OFTEN
    times, last = len(np.unique(days_ago)), int(days_ago.min())
    when = "within the last day" if not last else f"{last} day{'' if last == 1 else 's'} ago"
    if times == 1:
        return f"Bought {_named(value)} once, {when}"
    return f"Bought {_named(value)} {times:,} times, last {when}"


def _named(value: str) -> str:
    """The last step of each path; of a pair, both."""
    return " of ".join(f"“{part.rsplit(STEP, 1)[-1]}”" for part in reversed(value.split(CROSS)))
