"""Does the silence rule find what is there, and only that? Plant products that drive customers away, and look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from loyalty.engine.rhythm import Floats, Ints
from loyalty.engine.silence import DEFAULT_SILENCE_RULE, Silence, SilenceRule, find_silence


class TooFewProducts(Exception):
    """Not enough products have so many regular first-time buyers."""


@dataclass(frozen=True)
class Purchases:
    """Who bought what on which day, shape (n,) each."""

    customer: Ints
    product: Ints
    day: Ints


@dataclass(frozen=True)
class Trial:
    """What one planting brought to light.

    Attributes
    ----------
    n_planted, n_found, n_false : int
        Products planted, those of them flagged, and others flagged.
    n_looked_at : int
        Products with enough buyers to be judged.
    """

    n_planted: int
    n_found: int
    n_false: int
    n_looked_at: int


@dataclass(frozen=True)
class Summary:
    """Trials together. The 95 % intervals are over trials, resampled.

    Attributes
    ----------
    recall, false_flags : tuple of (value, low, high)
        Share of the planted products found, and false flags a trial.
    worst_false_flags : int
    n_trials : int
    """

    recall: tuple[float, float, float]
    false_flags: tuple[float, float, float]
    worst_false_flags: int
    n_trials: int


def judge(bought: Purchases, *, as_of_day: int, rule: SilenceRule = DEFAULT_SILENCE_RULE) -> Silence:
    return find_silence(bought.customer, bought.product, bought.day, as_of_day=as_of_day, rule=rule)


def plantable(found: Silence, *, fewest_buyers: int) -> Ints:
    """Products with at least so many regular first-time buyers whose next weeks were seen."""
    return found.scores.product[found.scores.n_buyers >= fewest_buyers]


def plant(bought: Purchases, found: Silence, bad: Ints, share: float, rng: np.random.Generator) -> Purchases:
    """Truncate histories: each regular first-time buyer of a bad product never comes back with chance `share`.

    Parameters
    ----------
    bought : Purchases
    found : Silence
        What `judge` said of the purchases as they are.
    bad : ndarray of int64
        Products; a customer lost to several leaves after the first.
    share : float
        Between 0 and 1.
    """
    visits, firsts = found.visits, found.firsts
    touched = firsts.visit[np.isin(firsts.product, bad) & visits.is_regular[firsts.visit]]
    lost = touched[rng.random(len(touched)) < share]
    customers, row = np.unique(bought.customer, return_inverse=True)
    last_day = np.full(len(customers), np.iinfo(np.int64).max)
    np.minimum.at(last_day, np.searchsorted(customers, visits.customer[lost]), visits.day[lost])
    stays = bought.day <= last_day[row]
    return Purchases(bought.customer[stays], bought.product[stays], bought.day[stays])


def run_trials(
    bought: Purchases,
    *,
    as_of_day: int,
    n_planted: int,
    share: float,
    seeds: range,
    fewest_buyers: int,
    rule: SilenceRule = DEFAULT_SILENCE_RULE,
) -> Iterator[Trial]:
    """Plant other products under every seed. Raises TooFewProducts when there are none to choose from."""
    untouched = judge(bought, as_of_day=as_of_day, rule=rule)
    candidates = plantable(untouched, fewest_buyers=fewest_buyers)
    if len(candidates) < n_planted:
        raise TooFewProducts(
            f"Only {len(candidates)} products have {fewest_buyers} regular first-time buyers; "
            f"{n_planted} are to be planted."
        )
    for seed in seeds:
        rng = np.random.default_rng(seed)
        bad = rng.choice(candidates, n_planted, replace=False)
        scores = judge(plant(bought, untouched, bad, share, rng), as_of_day=as_of_day, rule=rule).scores
        flagged = scores.product[scores.is_flagged]
        n_found = int(np.isin(bad, flagged).sum())
        yield Trial(n_planted, n_found, len(flagged) - n_found, len(scores.product))


def summary(trials: list[Trial], rng: np.random.Generator) -> Summary:
    """Add up. Without anything planted recall is 1: nothing was missed."""
    recall = np.array([trial.n_found / trial.n_planted if trial.n_planted else 1.0 for trial in trials])
    false = np.array([float(trial.n_false) for trial in trials])
    return Summary(_interval(recall, rng), _interval(false, rng), int(false.max()), len(trials))


def _interval(values: Floats, rng: np.random.Generator) -> tuple[float, float, float]:
    means = rng.choice(values, (2000, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)
