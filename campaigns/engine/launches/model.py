"""All that past launches teach: who buys something new, how many do, and how far a launch strays from that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.launches.standing import Shelf, recent_buyers
from campaigns.engine.launches.totals import (
    LaunchEffect,
    LaunchTotals,
    PastLaunches,
    fit_launch_effect,
    replayed,
)
from recommender.engine.attributes import Attributes
from recommender.engine.history import CustomerHistory
from recommender.engine.launches.affinity import ITSELF
from recommender.engine.launches.cases import Cases, LaunchCases
from recommender.engine.launches.past import Launches
from recommender.engine.launches.tastes import Tastes
from recommender.engine.launches.wide import Wide, learnt, standing_of

# Of the regression of single purchases; as chosen on The Complete Journey, launches of weeks 21-27 by earlier ones.
STRENGTH = 3e-5
# What says of which type a product is, the narrowest first: of that, tastes are learnt.
TYPES = ("category_3", "category_2", "category_1")
FEWEST_LAUNCHES = 30
FEWEST_BUYERS = 100
NEWTON_STEPS = 60
MOST_OF_ALL = 0.95
Told = Callable[[int, int], None]


class TooFewLaunches(Exception):
    """There is too little to learn from; the message says what is missing."""

    def __init__(self, n_launches: int, n_buyers: int) -> None:
        super().__init__(
            f"A forecast for a new product needs {FEWEST_LAUNCHES} earlier launches whose first eight weeks are over, "
            f"with {FEWEST_BUYERS} buyers in all; there are {n_launches} with {n_buyers}. Import older orders, so that "
            "more products are seen from their first sale."
        )


@dataclass(frozen=True)
class LaunchModel:
    """What was learnt from the launches whose outcome was known on a day.

    Attributes
    ----------
    shelf : Shelf
    wide : Wide
        Who buys: log odds of each customer.
    totals : LaunchTotals
        How many do.
    effect : LaunchEffect
        Learnt from forecasts of later launches by earlier ones.
    past : PastLaunches
        What all of it was learnt from.
    """

    shelf: Shelf
    wide: Wide
    totals: LaunchTotals
    effect: LaunchEffect
    past: PastLaunches

    def expected(self, facts: Attributes, buyers: IntArray) -> FloatArray:
        """Mean number of buyers, before the launch effect, shape (n_launches,).

        Parameters
        ----------
        facts : Attributes
            A row each launch.
        buyers : ndarray of int64, shape (n_products,)
            Of every product of the catalogue lately, as ``recent_buyers`` counts them.
        """
        return self.totals.expected(self.shelf.standings(buyers, self.shelf.codes(facts)))

    def logits(self, history: CustomerHistory, facts: Attributes, expected: FloatArray) -> FloatArray:
        """Log odds that each customer buys, shape (n_customers, n_launches): their chances add up to what is expected.

        Parameters
        ----------
        history : CustomerHistory
            Of everybody who has bought before.
        facts : Attributes
        expected : ndarray of float64, shape (n_launches,)
            Mean number of buyers, with the launch effect's factor.
        """
        return shifted(self.wide.logits(history, self.shelf.codes(facts)).astype(np.float64), expected)


def learn_launches(found: Launches, *, until: int, rng: np.random.Generator, told: Told | None = None) -> LaunchModel:
    """Learn from the launches whose outcome was known when a day began.

    Parameters
    ----------
    found : Launches
    until : int
        Day of the shop. Nothing that happened on it or later is looked at.
    rng : numpy.random.Generator
    told : callable, optional
        Called with steps done and steps in all.

    Raises
    ------
    TooFewLaunches
        When they are too few, or hardly anybody bought them.
    """
    facts = found.data.facts or Attributes(len(found.data.products))
    since, decided = found.rule.warm_up_days, until - found.rule.outcome_days + 1
    shelf = Shelf.of(facts)
    past = past_launches(found, shelf, since=since, until=decided)
    if len(past) < FEWEST_LAUNCHES or past.buyers.sum() < FEWEST_BUYERS:
        raise TooFewLaunches(len(past), int(past.buyers.sum()))
    expected, later = replayed(past)
    effect = fit_launch_effect(expected, later.buyers)
    totals = LaunchTotals().fit(past.features, past.buyers)
    standing = standing_of(shelf.affinity, found.known_at(since).customers_per_product())
    # What was never sold is no product of the catalogue: one usual place is all that is asked of them.
    standing[ITSELF] = standing[ITSELF].mean(keepdims=True)
    cases = _telling(LaunchCases(found, since, decided), len(np.unique(past.days)), told)
    tastes = tastes_of(shelf, found, since)
    wide = learnt(shelf.affinity, standing, cases, strength=STRENGTH, rng=rng, tastes=tastes)
    return LaunchModel(shelf, wide, totals, effect, past)


def tastes_of(shelf: Shelf, found: Launches, day: int) -> Tastes | None:
    """What was bought together before a day, by the narrowest type that products have."""
    kind = next((kind for kind in TYPES if kind in shelf.kinds), None)
    if kind is None:
        return None
    log = found.known_at(day).history.dated()
    return Tastes.of(kind, log, shelf.affinity.codes[kind], shelf.affinity.n_values(kind))


def _telling(days: LaunchCases, n: int, told: Told | None) -> Iterator[Cases]:
    for done, day in enumerate(days, start=1):
        yield day
        if told is not None:
            told(done, n)


def past_launches(found: Launches, shelf: Shelf, *, since: int, until: int) -> PastLaunches:
    """The launches with ``since <= first day < until``, with what was known when they began."""
    facts = found.data.facts or Attributes(len(found.data.products))
    buyers = found.buyers_in_time()
    rows = np.flatnonzero(found.is_launch & (found.first_day >= since) & (found.first_day < until))
    rows = rows[np.argsort(found.first_day[rows], kind="stable")]
    days = found.first_day[rows]
    parts = [
        shelf.standings(recent_buyers(found, day), shelf.codes(facts.rows(rows[days == day])))
        for day in np.unique(days).tolist()
    ]
    features = np.concatenate(parts) if parts else np.empty((0, len(shelf.kinds)))
    return PastLaunches(days, rows, features, buyers[rows])


def shifted(logits: FloatArray, totals: FloatArray) -> FloatArray:
    """Every column moved as a whole until its chances add up to its total.

    Parameters
    ----------
    logits : ndarray of float64, shape (n_customers, n_launches)
    totals : ndarray of float64, shape (n_launches,)
        Above 0; no more than nearly everybody is reached.
    """
    wanted = np.minimum(totals, MOST_OF_ALL * len(logits))
    moved = logits - np.log(expit(logits).mean(axis=0)) + logit(wanted / len(logits))
    for _ in range(NEWTON_STEPS):
        chances = expit(moved)
        step = (wanted - chances.sum(axis=0)) / np.maximum((chances * (1 - chances)).sum(axis=0), 1e-12)
        moved += np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-6:
            break
    return moved
