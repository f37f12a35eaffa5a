"""Learn what customers buy next by several ways at once, and let the one serve that deserves it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from loyalty.models import Customer
from loyalty.queries.sales import sales_version
from loyalty.services.progress import Progress
from recommender import registry
from recommender.engine.base import Recommender
from recommender.engine.contests.contest import Entrant, Round, Rules, chosen, compete, cut_rounds
from recommender.engine.contests.gate import objections
from recommender.engine.contests.readiness import Readiness, measure_readiness
from recommender.engine.lineup import lineup
from recommender.engine.splits import SpanTooShort
from recommender.models import DecayChoice, ModelVersion, PairedScores
from recommender.queries.decay import half_life_days
from recommender.queries.descriptions import customer_traits, product_facts
from recommender.queries.interactions import shop_purchases
from recommender.queries.ratings import said_frame
from recommender.services.cards import label_of, recommender_card
from recommender.services.evaluation import Measured, measured
from recommender.services.mirror import mirror_versions
from recommender.services.scoring import TOP_K, score_customers
from recommender.services.verdicts import Verdicts

WINDOW_DAYS = 28
MIN_CUSTOMERS = 5
# Until the shop's own has been chosen.
HALF_LIFE_DAYS = 120.0
# Of the line-up those that are worth a shop's time, the baseline first and the simpler before the others.
TRAINED = ("popularity", "personal_frequency", "ease", "autoencoder")
# Where nobody waits for the first lists: the learned ranker, whose windows are some minutes' work, and those that may
# win in a shop of another kind.
THOROUGH = ("popularity", "personal_frequency", "item_knn", "ease", "ials", "tifu_knn", "autoencoder", "hybrid")
# Shares of the whole, for telling progress.
CONTEST_SHARE, READY_SHARE = 80, 90


class TooLittleHistory(Exception):
    """There are too few orders to learn from and to check what was learnt."""


@dataclass(frozen=True)
class Trained:
    """All versions of one training, the simplest first, and the one that serves."""

    versions: tuple[ModelVersion, ...]
    champion: ModelVersion
    n_recommendations: int

    @property
    def baseline(self) -> ModelVersion:
        return next(version for version in self.versions if version.is_baseline)


def line_up(random_state: int, kinds: Sequence[str] = TRAINED) -> tuple[Recommender, ...]:
    """What is trained when nothing else is asked for."""
    named = lineup(random_state)
    return tuple(named[kind] for kind in kinds)


def train_recommenders(
    *,
    as_of: datetime,
    at: datetime,
    random_state: int,
    report: Progress,
    competing: Sequence[Recommender] | None = None,
) -> Trained:
    """Train on all but the last four weeks before `as_of`, choose on earlier weeks, test on those four, recommend.

    `competing` begins with the baseline and goes on from the simplest. The same job trains once.
    """
    report(0, 100, "Reading purchases")
    versions = _published(report.job_id)
    if not versions:
        versions = _learn(competing or line_up(random_state), as_of, at, random_state, report)
    champion = next((version for version in versions if version.is_in_use), None)
    champion = champion or registry.champion(ModelVersion.Purpose.RECOMMENDATION) or versions[0]
    report.note(f"“{champion.label}” serves. {champion.verdict}")
    mirror_versions(versions, report=report)
    customer_ids = list(Customer.objects.values_list("pk", flat=True))
    report(READY_SHARE, 100, "Recommending to every customer")
    n_recommendations = score_customers(champion, customer_ids, TOP_K, as_of=as_of, at=at, report=report)
    return Trained(tuple(versions), champion, n_recommendations)


def _published(job_id: int | None) -> list[ModelVersion]:
    """What this job had trained before its worker died: all of it or nothing."""
    if job_id is None:
        return []
    found = ModelVersion.objects.filter(job_id=job_id, purpose=ModelVersion.Purpose.RECOMMENDATION)
    return list(found.order_by("pk"))


def _learn(
    competing: Sequence[Recommender], as_of: datetime, at: datetime, seed: int, report: Progress
) -> list[ModelVersion]:
    half_life = half_life_days(DecayChoice.Task.BUY_AGAIN, as_of=as_of, unless_known=HALF_LIFE_DAYS)
    held = hold_contest(competing, Terms(as_of, at, seed, half_life), report)
    with report.writing():
        versions = publish_all(held, report)
        registry.promote(versions[held.place if held.deserves_to_serve else 0])
        if not held.deserves_to_serve:
            registry.challenge(versions[held.place])
    return versions


@dataclass(frozen=True)
class Terms:
    """When and on what a contest is held. `waits`: whoever wins is not put in use by itself."""

    as_of: datetime
    at: datetime
    seed: int
    half_life_days: float | None
    since: datetime | None = None
    waits: bool = False


def hold_contest(competing: Sequence[Recommender], terms: Terms, report: Progress) -> "Held":
    """The contest, the choice and how ready the history is for it; nothing is written yet. Raises TooLittleHistory."""
    purchases = known_purchases(terms)
    rounds = _rounds(purchases, terms)
    entrants = compete(
        competing,
        rounds,
        k=TOP_K,
        progress=lambda done, total: report(CONTEST_SHARE * done // total, 100, "Learning from orders"),
    )
    for kind in sorted({one.kind for one in competing} - {one.estimator.kind for one in entrants}):
        report.note(f"“{label_of(kind)}” needs more history than there is, and stayed out.")
    rng = np.random.default_rng(terms.seed)
    place = 1 + chosen(entrants[1:], rounds, rng) if len(entrants) > 1 else 0
    ready = _readiness(entrants, place, rounds, rng, report)
    told = [
        measured(one, entrants[0], rounds, rng, ready if number == place else None)
        for number, one in enumerate(entrants)
    ]
    data_from = pc.min(purchases["occurred_at"]).as_py()
    return Held(tuple(entrants), tuple(told), place, _About(rounds[-1], data_from, terms))


def known_purchases(terms: Terms) -> pa.Table:
    """What is learnt from and tested on."""
    purchases = shop_purchases(terms.as_of)
    if terms.since is None:
        return purchases
    instant = purchases.schema.field("occurred_at").type
    return purchases.filter(pc.greater_equal(purchases["occurred_at"], pa.scalar(terms.since, instant)))


def rules_of(terms: Terms) -> Rules:
    """How the history is cut."""
    return Rules(
        terms.as_of,
        window_days=WINDOW_DAYS,
        min_customers=MIN_CUSTOMERS,
        half_life_days=terms.half_life_days,
        facts=product_facts(),
        traits=customer_traits(),
        ratings=said_frame(terms.as_of),
    )


def _rounds(purchases: pa.Table, terms: Terms) -> list[Round]:
    try:
        return cut_rounds(purchases, rules_of(terms))
    except SpanTooShort as error:
        raise TooLittleHistory(
            f"There is too little to learn from: {error}. Import at least three months of orders first."
        ) from error


def _readiness(
    entrants: Sequence[Entrant], place: int, rounds: Sequence[Round], rng: np.random.Generator, report: Progress
) -> Readiness | None:
    """Of the chosen one, on the window before the test."""
    split = rounds[-1].split
    return measure_readiness(
        entrants[place].estimator,
        entrants[0].estimator,
        split.train,
        split.validation,
        k=TOP_K,
        rng=rng,
        progress=lambda done, total: report(
            CONTEST_SHARE + (READY_SHARE - CONTEST_SHARE) * done // total, 100, "Looking whether history is enough"
        ),
    )


@dataclass(frozen=True)
class _About:
    test: Round
    data_from: datetime
    terms: Terms

    def params(self, estimator: Recommender) -> dict[str, Any]:
        split = self.test.split
        return {
            **estimator.get_params(),
            "half_life_days": self.terms.half_life_days,
            "min_customers": MIN_CUSTOMERS,
            "n_products": len(split.before_test.products),
            "n_customers": len(split.before_test.customers),
            "n_test_customers": len(split.test.customer_rows),
            "test_since": split.test_since.isoformat(),
            "test_until": split.test_until.isoformat(),
            "currency": sales_version().currency,
        }


@dataclass(frozen=True)
class Held:
    """A contest that was held: `place` is the entrant chosen on the earlier windows, 0 the baseline."""

    entrants: tuple[Entrant, ...]
    measured: tuple[Measured, ...]
    place: int
    about: _About

    @property
    def deserves_to_serve(self) -> bool:
        mine = self.measured[self.place]
        return self.place > 0 and not objections(mine.metrics, mine.evaluation["readiness"])

    def verdicts(self) -> Verdicts:
        labels = [label_of(one.estimator.kind) for one in self.entrants]
        return Verdicts(labels, self.place, waits=self.about.terms.waits)

    def facts(self, place: int) -> registry.VersionFacts:
        one, told, split = self.entrants[place], self.measured[place], self.about.test.split
        return registry.VersionFacts(
            purpose=ModelVersion.Purpose.RECOMMENDATION,
            label=self.verdicts().labels[place],
            is_baseline=place == 0,
            data_from=self.about.data_from,
            data_until=split.test_since,
            data_fingerprint=split.before_test.fingerprint,
            seed=self.about.terms.seed,
            fit_seconds=one.fit_seconds,
            trained_at=self.about.terms.at,
            params=self.about.params(one.estimator),
            metrics=told.metrics,
            learning_curve=one.learning_curve,
            verdict=self.verdicts().of(place, told.metrics, told.evaluation["readiness"], self.deserves_to_serve),
            evaluation=told.evaluation,
        )


def publish_all(held: Held, report: Progress) -> list[ModelVersion]:
    """A version an entrant, in their order. Call it within `report.writing()`, so that it is all or nothing."""
    return [_publish(held, place, report) for place in range(len(held.entrants))]


def _publish(held: Held, place: int, report: Progress) -> ModelVersion:
    facts, kind = held.facts(place), held.entrants[place].estimator.kind
    facts = replace(facts, card=recommender_card(facts, kind))
    version = registry.publish(held.entrants[place].estimator.to_artefact(), facts, report=report)
    PairedScores.objects.get_or_create(version=version, defaults={"arrays": held.measured[place].paired})
    return version
