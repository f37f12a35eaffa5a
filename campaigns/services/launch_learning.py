"""Learn from the launches of the past, once for all new products that are tried on the same data."""

import hashlib
import json
import time
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from campaigns.engine.launches.keeping import from_artefact, to_artefact
from campaigns.engine.launches.model import LaunchModel, TooFewLaunches, learn_launches
from campaigns.engine.launches.replays import replayed_in_turn
from campaigns.engine.simulation import stream
from campaigns.queries.launch_history import launch_counts
from campaigns.queries.launch_ledger import launch_metrics
from campaigns.services.launch_ledger import effect_as_kept, join_launch_outcomes, keep_replayed_launches
from loyalty.services.progress import Progress
from recommender.engine.artefacts import ArtefactDamaged
from recommender.engine.base import Artefact
from recommender.engine.launches.exams import launches_of
from recommender.engine.launches.past import Launches
from recommender.engine.shop import Shop
from recommender.models import ModelVersion
from recommender.queries.descriptions import customer_traits, product_facts, product_keys
from recommender.queries.interactions import shop_purchases
from recommender.registry import VersionFacts, champion, open_artefact, promote, publish

PURPOSE = ModelVersion.Purpose.LAUNCH
# Grows when the same data would teach something else.
CODE_VERSION = "launches-2"
# What is learnt serves many new products, so chance in it is not that of the one that happened to ask first.
LEARNING_SEED = 20170101
# Progress is told in percent of a whole simulation: learning is most of it, where it has to be learnt.
READ_SHARE, LEARNT_SHARE = 10, 70


@dataclass(frozen=True)
class Learnt:
    """The version that serves, what it knows, and the shop's past as it is held against new products."""

    version: ModelVersion
    model: LaunchModel
    found: Launches
    shop: Shop


def learn_from_launches(*, as_of: datetime, at: datetime, report: Progress) -> Learnt:
    """Learn from the days that were over at `as_of`, or open what was already learnt from just those.

    A day under way is not learnt from, or every order would make all of it stale. Raises TooFewLaunches.
    """
    report(0, 100, "Reading orders")
    shop = read_shop(as_of)
    report(READ_SHARE, 100, "Looking for earlier launches")
    found = launches_of(shop)
    until = learnt_until(as_of)
    with report.writing():
        # Before it is asked what was learnt: what came of a forecast teaches, too.
        join_launch_outcomes()
    data_fingerprint = fingerprint(until)
    known = _opened(data_fingerprint, found)
    if known is not None:
        return Learnt(*known, found, shop)
    version, artefact = _learnt_anew(shop, until, data_fingerprint, at, report)
    # Opened as it was kept, so that the first to ask is told the same as everybody after.
    return Learnt(version, from_artefact(artefact, found), found, shop)


def _learnt_anew(
    shop: Shop, until: datetime, data_fingerprint: str, at: datetime, report: Progress
) -> tuple[ModelVersion, Artefact]:
    began, past = time.perf_counter(), _earlier(shop, until)
    model = learn_launches(
        past,
        until=past.n_days,
        rng=stream(LEARNING_SEED, "launch: learning"),
        told=lambda done, total: report(_share(done, total), 100, "Learning from earlier launches"),
    )
    facts = VersionFacts(
        purpose=PURPOSE,
        label="Learnt from past launches",
        is_baseline=False,
        data_until=until,
        data_fingerprint=data_fingerprint,
        seed=LEARNING_SEED,
        fit_seconds=time.perf_counter() - began,
        trained_at=at,
        params={"n_launches": len(model.past), "code": CODE_VERSION},
        verdict=f"Learnt from {len(model.past):,} products that came new and {model.past.buyers.sum():,} buyers.",
    )
    with report.writing():
        replays = replayed_in_turn(model.past, outcome_days=past.rule.outcome_days)
        keep_replayed_launches(replays, past, code_version=CODE_VERSION, at=at)
        artefact = to_artefact(_as_the_ledger_says(model, until), past)
        version = publish(artefact, replace(facts, metrics=launch_metrics(CODE_VERSION, until)), report=report)
        _let_serve(version)
    return version, artefact


def _as_the_ledger_says(model: LaunchModel, until: datetime) -> LaunchModel:
    """How far launches stray is learnt from forecasts as they were made, where there are enough of them."""
    effect = effect_as_kept(code_version=CODE_VERSION, as_of=until, otherwise=model.effect)
    return replace(model, effect=effect)


def read_shop(as_of: datetime) -> Shop:
    return Shop("shop", shop_purchases(as_of), product_facts(), customer_traits(), keys=product_keys())


def is_learnt(as_of: datetime) -> bool:
    """Whether a version is there of the days that were over at `as_of`."""
    return _version(fingerprint(learnt_until(as_of))) is not None


def learnt_until(as_of: datetime) -> datetime:
    """Midnight before `as_of`, as days of launches are counted."""
    return as_of.replace(hour=0, minute=0, second=0, microsecond=0)


def fingerprint(until: datetime) -> str:
    """Of what is learnt from, not of the moment somebody asks: what was learnt once serves every later new product."""
    known = {"counts": launch_counts(until), "until": str(until), "code": CODE_VERSION}
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _share(done: int, total: int) -> int:
    return READ_SHARE + (LEARNT_SHARE - READ_SHARE) * done // total


def _earlier(shop: Shop, until: datetime) -> Launches:
    occurred = shop.purchases["occurred_at"]
    before = shop.purchases.filter(pc.less(occurred, pa.scalar(until, occurred.type)))
    if not before.num_rows:
        raise TooFewLaunches(0, 0)
    then = Shop(shop.name, before, shop.products, shop.customers, keys=shop.keys)
    return launches_of(then)


def _version(data_fingerprint: str) -> ModelVersion | None:
    found = ModelVersion.objects.filter(purpose=PURPOSE, data_fingerprint=data_fingerprint)
    return found.order_by("id").last()


def _opened(data_fingerprint: str, found: Launches) -> tuple[ModelVersion, LaunchModel] | None:
    version = _version(data_fingerprint)
    try:
        return (version, from_artefact(open_artefact(version), found)) if version else None
    except ArtefactDamaged:
        # A damaged file costs a minute of learning, not a page.
        return None


def _let_serve(version: ModelVersion) -> None:
    """What was learnt of newer data stays in use, whoever asks about older ones."""
    serving = champion(PURPOSE)
    if serving is None or serving.data_until <= version.data_until:
        promote(version)
