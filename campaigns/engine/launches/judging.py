"""Launches that nothing was learnt from, forecast as they would have been, beside what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit

from campaigns.engine.frames import BoolArray, FloatArray
from campaigns.engine.launches.model import LaunchModel, past_launches
from campaigns.engine.launches.totals import LaunchEffect, PastLaunches
from campaigns.engine.ledger import calibration_error
from recommender.engine.launches.outcomes import LaunchOutcomes
from recommender.engine.launches.past import Launches
from recommender.engine.launches.rules import NewProductScorer

# A ranking is judged where there is somebody to rank, an interval also where it has room to be wrong.
MIN_BUYERS = 5
MANY_EXPECTED = 5.0


@dataclass(frozen=True)
class Totals:
    """Forecast numbers of buyers beside the real ones.

    Attributes
    ----------
    past : PastLaunches
        The launches that were forecast.
    expected : ndarray of float64, shape (n_launches,)
        Before the launch effect.
    effect : LaunchEffect
    places, tossed : ndarray of float64, shape (n_launches,)
        Where the real number lay in the forecast, and where in one that lets customers alone decide.
    """

    past: PastLaunches
    expected: FloatArray
    effect: LaunchEffect
    places: FloatArray
    tossed: FloatArray

    @property
    def means(self) -> FloatArray:
        """Mean number of buyers, shape (n_launches,)."""
        return self.effect.mean(self.expected)

    @property
    def many(self) -> BoolArray:
        """Where at least five buyers were expected, shape (n_launches,)."""
        return np.asarray(self.means >= MANY_EXPECTED)

    @property
    def ratio(self) -> float:
        """All expected buyers over all real ones."""
        return float(self.means.sum() / self.past.buyers.sum())

    def coverage(self, level: float, *, coin_toss: bool = False, many: bool = False) -> float:
        """Share of launches whose real number lay in the central interval, by the place drawn within its step."""
        places = self.tossed if coin_toss else self.places
        places = places[self.many] if many else places
        return float(np.mean(np.abs(places - 0.5) <= level / 2)) if len(places) else float("nan")


@dataclass(frozen=True)
class LaunchJudgement:
    """How well launches were forecast.

    Attributes
    ----------
    totals : Totals
    ranking : LaunchOutcomes
        By the model, of launches with at least five buyers.
    rules : mapping of str to LaunchOutcomes
        By what a shop would do without a model.
    chances, bought : ndarray, shape (n_sampled,)
        Of single customers, as many of each launch.
    """

    totals: Totals
    ranking: LaunchOutcomes
    rules: Mapping[str, LaunchOutcomes]
    chances: FloatArray
    bought: BoolArray

    @cached_property
    def calibration_error(self) -> float:
        """Mean gap between forecast and real share over ten groups of customers."""
        return calibration_error(self.chances, self.bought)

    @property
    def best_rule(self) -> str:
        """The rule that ranks best."""
        return max(self.rules, key=lambda name: float(self.rules[name].auc.mean()))


def forecast_totals(model: LaunchModel, found: Launches, *, since: int, until: int, rng: np.random.Generator) -> Totals:
    """Numbers of buyers of the launches with ``since <= first day < until``."""
    past = past_launches(found, model.shelf, since=since, until=until)
    expected = model.totals.expected(past.features)
    places = model.effect.places(expected, past.buyers, rng)
    return Totals(past, expected, model.effect, places, model.effect.coin_toss.places(expected, past.buyers, rng))


def judge(
    model: LaunchModel,
    found: Launches,
    rules: Mapping[str, NewProductScorer],
    *,
    since: int,
    until: int,
    rng: np.random.Generator,
) -> LaunchJudgement:
    """Forecast the launches with ``since <= first day < until``, customers and totals.

    Parameters
    ----------
    model : LaunchModel
        Learnt from launches decided by ``since``.
    found : Launches
    rules : mapping of str to NewProductScorer
    since, until : int
        A launch's weeks must be over by the end of the data.
    rng : numpy.random.Generator
        Draws the places of counts within their steps.
    """
    totals = forecast_totals(model, found, since=since, until=until, rng=rng)
    names = ["", *rules]
    parts: dict[str, list[LaunchOutcomes]] = {name: [] for name in names}
    chances, bought = [], []
    means = dict(zip(found.data.products.ids[totals.past.product_rows].tolist(), totals.means.tolist(), strict=True))
    for day in found.days(since, until):
        logits = model.logits(day.history, day.facts, np.array([means[key] for key in day.product_ids.tolist()]))
        chances.append(expit(logits).ravel())
        bought.append(day.bought.ravel())
        parts[""].append(LaunchOutcomes.of(logits.astype(np.float32), day.bought, min_buyers=MIN_BUYERS))
        for name, rule in rules.items():
            scores = rule.score_new(day.history, day.facts)
            parts[name].append(LaunchOutcomes.of(scores, day.bought, min_buyers=MIN_BUYERS))
    joined = {name: LaunchOutcomes.joined(outcomes) for name, outcomes in parts.items()}
    ranking = joined.pop("")
    return LaunchJudgement(totals, ranking, joined, np.concatenate(chances), np.concatenate(bought))
