"""What came of the launches most like a new product: how many pieces a buyer took, and in which week they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.launches.lines import Lines
from campaigns.engine.launches.standing import Shelf
from campaigns.engine.launches.totals import PastLaunches
from campaigns.engine.simulation import RedemptionCounts
from recommender.engine.attributes import Attributes

# Fewer launches of a kind say less than more launches of the wider kind.
FEWEST_ALIKE = 10
FEWEST_BUYERS_ALIKE = 30
WEEK = 7
N_RESAMPLED = 1_000
BAND = (0.05, 0.95)
ANY_KIND = ""


@dataclass(frozen=True)
class Alike:
    """The launches of the narrowest kind of which there were enough.

    Attributes
    ----------
    kind : str
        Of the fact they share; ``""`` when they are simply all.
    value : str
    past : PastLaunches
    """

    kind: str
    value: str
    past: PastLaunches


def launches_alike(
    past: PastLaunches, shelf: Shelf, catalogue: Attributes, facts: Attributes, ladder: Sequence[str]
) -> Alike:
    """Look for launches that share a fact with a new product.

    Parameters
    ----------
    past : PastLaunches
    shelf : Shelf
    catalogue : Attributes
        Of every product.
    facts : Attributes
        Of the new product, one row.
    ladder : sequence of str
        Kinds of label, the narrowest first.
    """
    for kind in ladder:
        wanted = str(facts.labels[kind][0]) if kind in facts.labels else ""
        if not wanted or kind not in catalogue.labels:
            continue
        same = past.where(catalogue.labels[kind][past.product_rows] == wanted)
        if len(same) >= FEWEST_ALIKE and same.buyers.sum() >= FEWEST_BUYERS_ALIKE:
            return Alike(kind, wanted, same)
    return Alike(ANY_KIND, "", past)


@dataclass(frozen=True)
class WeekCurve:
    """Share (0–1) of a launch's buyers who had come by the end of each week, with a 90 % band."""

    weeks: IntArray
    mid: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class Buyers:
    """First purchases of the launches that are alike, one row a launch and buyer.

    Attributes
    ----------
    launch : ndarray of int64, shape (n_rows,)
        Position among the launches.
    week : ndarray of int64, shape (n_rows,)
        Of the first purchase, 0 for the first week.
    pieces : ndarray of int64, shape (n_rows,)
        Within all the weeks that count, at least 1.
    """

    launch: IntArray
    week: IntArray
    pieces: IntArray

    @classmethod
    def of(cls, past: PastLaunches, lines: Lines, *, outcome_days: int) -> Buyers:
        """Count them."""
        position = np.full(int(lines.product_rows.max(initial=0)) + 1, -1, dtype=np.int64)
        position[past.product_rows] = np.arange(len(past))
        launch = position[lines.product_rows]
        age = lines.days - past.days[launch]
        kept = (launch >= 0) & (age >= 0) & (age < outcome_days)
        pairs, places = np.unique(np.stack([launch[kept], lines.customer_rows[kept]]), axis=1, return_inverse=True)
        first = np.full(pairs.shape[1], np.inf)
        np.minimum.at(first, places.ravel(), age[kept])
        pieces = np.bincount(places.ravel(), lines.pieces[kept], minlength=pairs.shape[1])
        return cls(pairs[0], (first // WEEK).astype(np.int64), np.rint(pieces).astype(np.int64))

    @property
    def counts(self) -> RedemptionCounts:
        """How many pieces a buyer takes."""
        return RedemptionCounts.from_redeemers(self.pieces)

    def curve(self, *, outcome_days: int, rng: np.random.Generator) -> WeekCurve:
        """When buyers come, resampling whole launches for the band."""
        n_weeks, n_launches = -(-outcome_days // WEEK), int(self.launch.max()) + 1
        table = np.zeros((n_launches, n_weeks))
        np.add.at(table, (self.launch, self.week), 1.0)
        upto = table.cumsum(axis=1)
        drawn = rng.integers(0, n_launches, (N_RESAMPLED, n_launches))
        totals = np.stack([upto[rows].sum(axis=0) for rows in drawn])
        shares = totals / np.maximum(totals[:, -1:], 1.0)
        low, high = np.quantile(shares, BAND, axis=0)
        mid = upto.sum(axis=0) / max(upto[:, -1].sum(), 1.0)
        return WeekCurve(np.arange(1, n_weeks + 1), mid, np.minimum(low, mid), np.maximum(high, mid))
