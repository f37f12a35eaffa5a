"""Who buys what was never sold before: the rules a shop has, and models of what products are, on past launches."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import numpy as np
from sklearn.base import clone

from recommender.engine.attributes import Attributes
from recommender.engine.base import Recommender
from recommender.engine.benchmark import BenchmarkRow, Effort, NotPossible, effort, efforts, row
from recommender.engine.content import ContentBased
from recommender.engine.launches.cases import LaunchCases
from recommender.engine.launches.exams import Exam, exams, launches_of
from recommender.engine.launches.outcomes import LaunchOutcomes
from recommender.engine.launches.past import Launches
from recommender.engine.launches.rules import NewProductScorer, rules
from recommender.engine.metrics import Estimate
from recommender.engine.shop import Shop
from recommender.engine.two_tower import TwoTower

MIN_BUYERS = 5
# The later part of the launches to learn from says when to stop.
HELD_OUT_SHARE = 0.33
LOGISTIC = "logistic"


def launches(shop: Shop, estimators: Mapping[str, Recommender], rng: np.random.Generator) -> Iterator[BenchmarkRow]:
    """Rules first, then every estimator that scores new products; each beside the best rule.

    Raises
    ------
    NotPossible
        When nothing is known about the products, or the shop's past is too short.
    """
    if shop.products is None:
        raise NotPossible("Nothing is known about the products but their keys.")
    found = launches_of(shop)
    for exam in exams(found.n_days):
        yield from _sat(shop, found, exam, estimators, rng)


def _sat(
    shop: Shop, found: Launches, exam: Exam, estimators: Mapping[str, Recommender], rng: np.random.Generator
) -> Iterator[BenchmarkRow]:
    scorers = rules(found.data.facts or Attributes(len(found.data.products)))
    n_rules = len(scorers)
    fitting = {name: Effort() for name in scorers}
    for name, estimator in _entrants(estimators).items():
        with effort() as fitting[name]:
            scorers[name] = _fitted(estimator, found, exam)
    outcomes, scoring, n_customers = _scored(scorers, found, exam)
    best = max(list(scorers)[:n_rules], key=lambda name: float(outcomes[name].auc.mean()))
    rivals = {name: outcomes[name] for name in (best, LOGISTIC) if name in outcomes}
    for number, (name, outcome) in enumerate(outcomes.items()):
        taken = None if number < n_rules else efforts(fitting[name], scoring[name], n_customers)
        metrics = _metrics(outcome, rivals, rng)
        for metric, value in (metrics | _passes(scorers[name])).items():
            yield row(shop, exam.name, name, metric, value, taken)


def _metrics(
    outcome: LaunchOutcomes, rivals: Mapping[str, LaunchOutcomes], rng: np.random.Generator
) -> dict[str, Estimate | float]:
    return {
        "within_launch_auc": outcome.mean_auc(rng),
        "within_launch_auc_by_buyers": outcome.mean_auc_by_buyers(rng),
        "reach_of_best_tenth": outcome.reach(rng),
        **{f"auc_gained_on {name}": outcome.gain_on(rival, rng) for name, rival in rivals.items()},
        "n_launches": float(len(outcome.auc)),
    }


def _passes(scorer: NewProductScorer) -> dict[str, Estimate | float]:
    """No pass: the towers did not help later launches, and what serves is the regression alone."""
    return {"passes_of_the_towers": float(scorer.n_epochs_)} if isinstance(scorer, TwoTower) else {}


def _entrants(estimators: Mapping[str, Recommender]) -> dict[str, Recommender]:
    """The network also without its towers: a plain logistic regression."""
    able: dict[str, Recommender] = {
        name: one for name, one in estimators.items() if isinstance(one, ContentBased | TwoTower)
    }
    networks = [one for one in able.values() if isinstance(one, TwoTower)]
    plain = clone(networks[0]).set_params(max_epochs=0) if networks else None
    return able if plain is None else {LOGISTIC: plain, **able}


def _fitted(estimator: Recommender, found: Launches, exam: Exam) -> NewProductScorer:
    if isinstance(estimator, TwoTower):
        return learnt_from_launches(estimator, found, until=exam.since)
    assert isinstance(estimator, ContentBased)
    return clone(estimator).fit(found.known_at(exam.since))


def learnt_from_launches(estimator: TwoTower, found: Launches, *, until: int) -> TwoTower:
    """Fit on the launches whose outcome was known on day ``until``; the latest of them decide when to stop."""
    since, decided = found.rule.warm_up_days, until - found.rule.outcome_days + 1
    data, everything = found.known_at(since), LaunchCases(found, since, decided)
    if estimator.max_epochs == 0:
        return clone(estimator).fit_launches(data, everything)
    middle = decided - round(HELD_OUT_SHARE * (decided - since))
    later = LaunchCases(found, middle, decided)
    watched = clone(estimator).fit_launches(data, LaunchCases(found, since, middle), held_out=later)
    return watched.settled().fit_launches(data, everything)


def _scored(
    scorers: Mapping[str, NewProductScorer], found: Launches, exam: Exam
) -> tuple[dict[str, LaunchOutcomes], dict[str, Effort], int]:
    parts: dict[str, list[LaunchOutcomes]] = {name: [] for name in scorers}
    taken = {name: Effort() for name in scorers}
    n_customers = 0
    for day in found.days(exam.since, exam.until):
        n_customers += len(day.history)
        for name, scorer in scorers.items():
            began = time.perf_counter()
            scores = scorer.score_new(day.history, day.facts)
            taken[name].seconds += time.perf_counter() - began
            parts[name].append(LaunchOutcomes.of(scores, day.bought, min_buyers=MIN_BUYERS))
    if not parts or not sum(len(part.auc) for part in next(iter(parts.values()))):
        raise NotPossible(f"None of the {exam.name} had {MIN_BUYERS} buyers.")
    return {name: LaunchOutcomes.joined(days) for name, days in parts.items()}, taken, n_customers
