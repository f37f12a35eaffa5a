"""Make a smaller copy of a version: measured on the same weeks, and refused where it may lose too much."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from loyalty.services.progress import Progress
from loyalty.templatetags.formats import share
from recommender import registry
from recommender.engine.base import Artefact, Recommender
from recommender.engine.compression import Compression, How, LossTooHigh, compressed, ndcg_judge, restored
from recommender.engine.contests.contest import Entrant, Round, cut_rounds, latency_ms, play
from recommender.engine.metrics import bootstrap_mean
from recommender.engine.popularity import Popularity
from recommender.engine.splits import SpanTooShort
from recommender.models import ModelVersion, PairedScores
from recommender.services.cards import recommender_card
from recommender.services.evaluation import Measured, measured, row
from recommender.services.requests import WAYS_TO_COMPRESS as WAYS
from recommender.services.scoring import TOP_K
from recommender.services.shards import VersionGone
from recommender.services.training import Terms, known_purchases, rules_of


class CannotCompress(Exception):
    """It cannot be made smaller honestly; the message says why."""


@dataclass(frozen=True)
class Wish:
    """How, and the most that may be lost, as a share (0-1) of how well the version ranks."""

    how: How
    tolerated_share: float
    seed: int


def compress_version(*, version_id: int, wish: Wish, at: datetime, report: Progress) -> ModelVersion:
    """Register a smaller version beside it; the same job does it once. Raises VersionGone and CannotCompress."""
    parent = ModelVersion.objects.filter(pk=version_id).first()
    if parent is None:
        raise VersionGone("This version no longer exists.")
    made = ModelVersion.objects.filter(job_id=report.job_id, parent=parent).first() if report.job_id else None
    if made is not None:
        return made
    report(0, 3, "Looking for the weeks it was tested on")
    test, artefact = _its_test(parent, wish.seed), registry.open_artefact(parent)
    report(1, 3, "Measuring what is lost")
    found = _compressed(artefact, test, wish)
    report(2, 3, "Measuring everything else")
    told = _measured(parent, restored(found.artefact), test, wish.seed)
    told = replace(told, evaluation={**told.evaluation, "compression": _kept(parent, artefact, found, test, wish)})
    return _published(parent, found, told, at, report)


def _its_test(parent: ModelVersion, seed: int) -> Round:
    """The window that no choice had seen, on the very data it was tested on."""
    until = parent.params.get("test_until")
    if parent.purpose != ModelVersion.Purpose.RECOMMENDATION or until is None:
        raise CannotCompress("Only what recommends products, and was tested, can be made smaller.")
    half_life = parent.params.get("half_life_days")
    terms = Terms(datetime.fromisoformat(until), parent.trained_at, seed, half_life, since=parent.data_from)
    try:
        test = cut_rounds(known_purchases(terms), replace(rules_of(terms), n_earlier=0))[-1]
    except SpanTooShort:
        test = None
    if test is None or test.split.before_test.fingerprint != parent.data_fingerprint:
        raise CannotCompress(
            "The orders it was tested on have changed since, so that nobody can say what a smaller one loses. Train "
            "again, and make that version smaller."
        )
    return test


def _compressed(artefact: Artefact, test: Round, wish: Wish) -> Compression:
    judge = ndcg_judge(registry.SERVED_BY[artefact.kind], test.cases, k=TOP_K)
    whole = float(judge(artefact).mean())
    rng = np.random.default_rng(wish.seed)
    try:
        return compressed(artefact, wish.how, tolerance=wish.tolerated_share * whole, judge=judge, rng=rng)
    except LossTooHigh as error:
        raise CannotCompress(
            f"“{WAYS[wish.how]}” may cost too much: it loses {share(error.loss.mid / whole, 2)} of how well it ranks, "
            f"perhaps {share(error.loss.high / whole, 2)}, and {share(wish.tolerated_share, 1)} is tolerated. Choose "
            "another way, or tolerate more."
        ) from error


def _measured(parent: ModelVersion, small: Artefact, test: Round, seed: int) -> Measured:
    """All figures of the smaller one beside the yardstick's, on the weeks and customers of its parent's."""
    served, baseline = registry.SERVED_BY[small.kind].from_artefact(small), Popularity().fit(test.split.before_test)
    rng = np.random.default_rng(seed)
    told = measured(_entrant(served, test), _entrant(baseline, test), [test], rng)
    return replace(told, evaluation={**told.evaluation, "readiness": parent.evaluation.get("readiness")})


def _entrant(fitted: Recommender, test: Round) -> Entrant:
    return Entrant(fitted, (play(fitted, test, k=TOP_K),), [], 0.0, latency_ms(fitted, test.cases, TOP_K))


def _kept(parent: ModelVersion, artefact: Artefact, found: Compression, test: Round, wish: Wish) -> dict[str, Any]:
    judge = ndcg_judge(registry.SERVED_BY[artefact.kind], test.cases, k=TOP_K)
    before, after = judge(artefact), judge(restored(found.artefact))
    rng = np.random.default_rng(wish.seed)
    return {
        "how": wish.how,
        "way": WAYS[wish.how],
        "parent_id": parent.pk,
        "tolerated_share": wish.tolerated_share,
        "bytes_before": found.bytes_before,
        "bytes_after": found.bytes_after,
        "before": row(bootstrap_mean(before, rng)),
        "after": row(bootstrap_mean(after, rng)),
        "loss": row(found.loss),
    }


def _published(
    parent: ModelVersion, found: Compression, told: Measured, at: datetime, report: Progress
) -> ModelVersion:
    facts = registry.VersionFacts(
        purpose=parent.purpose,
        label=parent.label,
        is_baseline=False,
        data_from=parent.data_from,
        data_until=parent.data_until,
        data_fingerprint=parent.data_fingerprint,
        seed=parent.seed,
        fit_seconds=parent.fit_seconds,
        trained_at=at,
        params=parent.params,
        metrics=told.metrics,
        learning_curve=parent.learning_curve,
        verdict=_verdict(parent, found, told),
        evaluation=told.evaluation,
        parent_id=parent.pk,
    )
    facts = replace(facts, card=recommender_card(facts, found.artefact.kind))
    with report.writing():
        version = registry.publish(found.artefact, facts, report=report)
        PairedScores.objects.get_or_create(version=version, defaults={"arrays": told.paired})
    return version


def _verdict(parent: ModelVersion, found: Compression, told: Measured) -> str:
    whole = told.evaluation["compression"]["before"]["value"]
    lost = [share(one / whole, 2) for one in (found.loss.mid, found.loss.low, found.loss.high)]
    return (
        f"A smaller copy of version {parent.pk}: {share(found.bytes_after / found.bytes_before, 0)} of its size, and "
        f"{lost[0]} of how well it ranks is lost ({lost[1]} to {lost[2]})."
    )
