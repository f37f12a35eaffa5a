"""Versions of what was learnt: written once, checked when opened, one champion for each purpose."""

import filecmp
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from loyalty.services.progress import Progress
from recommender.engine import artefacts
from recommender.engine.artefacts import ArtefactDamaged
from recommender.engine.autoencoder_serving import AutoencoderScorer
from recommender.engine.base import Artefact, Recommender
from recommender.engine.cold import ColdStart
from recommender.engine.content import ContentBased
from recommender.engine.contests.gate import objections
from recommender.engine.demographic import DemographicPrior
from recommender.engine.ease import Ease
from recommender.engine.frequency import PersonalFrequency
from recommender.engine.hybrid_serving import HybridScorer
from recommender.engine.ials import Ials
from recommender.engine.item_knn import ItemKnn
from recommender.engine.neighbours import ItemNeighbours, open_neighbours, save_neighbours
from recommender.engine.popularity import Popularity
from recommender.engine.tifu_knn import TifuKnn
from recommender.engine.two_tower_serving import TwoTowerScorer
from recommender.models import ModelVersion, Promotion, ScoringRun
from recommender.queries.promotions import version_before

log = structlog.get_logger(__name__)

SERVED_BY: dict[str, type[Recommender]] = {
    one.kind: one
    for one in (
        Popularity,
        PersonalFrequency,
        Ease,
        AutoencoderScorer,
        ItemKnn,
        Ials,
        TifuKnn,
        HybridScorer,
        ContentBased,
        DemographicPrior,
        TwoTowerScorer,
    )
}
# Tables of what goes together, which requests map into memory.
NEIGHBOURS = "neighbours"
# What serves new customers and new products, beside the version that serves the others.
COLD_START = "cold_start"
# Grows when the same data and seed would no longer give the same artefact.
CODE_VERSION = "recommender-3"
# Of what a person types to override the gate.
SHORTEST_REASON = 10
LONGEST_REASON = 500
Alias = ModelVersion.Alias


class PromotionRefused(Exception):
    """The version may not serve; the message says why."""


@dataclass(frozen=True)
class VersionFacts:
    """What is known about a version apart from what it learnt."""

    purpose: str
    label: str
    is_baseline: bool
    data_until: datetime
    data_fingerprint: str
    seed: int
    fit_seconds: float
    trained_at: datetime
    data_from: datetime | None = None
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    learning_curve: list[dict[str, float]] = field(default_factory=list)
    verdict: str = ""
    evaluation: dict[str, Any] = field(default_factory=dict)
    card: list[dict[str, str]] = field(default_factory=list)
    parent_id: int | None = None


def publish(artefact: Artefact, facts: VersionFacts, *, report: Progress) -> ModelVersion:
    """Keep a version. The same job publishes an algorithm once, however often it is run."""
    folder, sha256 = _store(artefact)
    stored = {"artefact": folder, "artefact_sha256": sha256, "artefact_bytes": _bytes(folder)}
    values = {**vars(facts), **stored, "code_version": CODE_VERSION}
    with report.writing():
        if report.job_id is None:
            return ModelVersion.objects.create(algorithm=artefact.kind, **values)
        once = {"job_id": report.job_id, "purpose": facts.purpose, "algorithm": artefact.kind}
        return ModelVersion.objects.get_or_create(**once, defaults=values)[0]


@transaction.atomic
def promote(version: ModelVersion, *, by: User | None = None, reason: str = "", override: bool = False) -> ModelVersion:
    """Let a version serve in place of the champion of its purpose, and write down who did so and why.

    Refused when it does not surely beat the baseline or lacks a business figure, unless somebody overrides with a
    reason of their own.
    """
    if override:
        _check_reason(reason)
    objection = refusal(version)
    if objection and not override:
        raise PromotionRefused(objection)
    return _serve(version, by=by, reason=reason or version.verdict, is_override=bool(objection))


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise PromotionRefused(
            "Say in a sentence why it should serve all the same: the reason is kept with the version."
        )
    if len(reason.strip()) > LONGEST_REASON or "\0" in reason:
        raise PromotionRefused(f"Reason: keep it to {LONGEST_REASON} letters, without unreadable signs.")


@transaction.atomic
def roll_back(purpose: str, *, by: User | None) -> ModelVersion:
    """Let the version serve again that did before the last promotion. It has served already, so nothing is asked of it.

    Raises PromotionRefused when there is none.
    """
    former = version_before(purpose)
    if former is None:
        raise PromotionRefused("No other version served before this one, so there is nothing to go back to.")
    return _serve(former, by=by, reason="Gone back to the version before.", is_roll_back=True)


@transaction.atomic
def challenge(version: ModelVersion) -> ModelVersion:
    """Make a version the challenger of its purpose: the one that people are asked about."""
    if version.is_in_use:
        return version
    _rivals(version.purpose).filter(alias=Alias.CHALLENGER).update(alias=Alias.NONE)
    version.alias = Alias.CHALLENGER
    version.save(update_fields=["alias"])
    return version


def refusal(version: ModelVersion) -> str:
    """Why the version may not serve, in a sentence; empty when it may."""
    if version.is_baseline or version.purpose != ModelVersion.Purpose.RECOMMENDATION:
        return ""
    told = objections(version.metrics, version.evaluation.get("readiness"))
    return f"{version} {', and '.join(told)}." if told else ""


def _serve(version: ModelVersion, *, by: User | None, reason: str, **kind: bool) -> ModelVersion:
    former = [rival for rival in _rivals(version.purpose) if rival.is_in_use]
    if version in former:
        return version
    ModelVersion.objects.filter(pk__in=[one.pk for one in former]).update(alias=Alias.NONE)
    version.alias = Alias.CHAMPION
    version.save(update_fields=["alias"])
    Promotion.objects.create(
        version=version, from_version=former[0] if former else None, by=by, reason=reason[:LONGEST_REASON], **kind
    )
    return version


def _rivals(purpose: str) -> QuerySet[ModelVersion]:
    """Locked, in key order: two promotions at once wait for each other instead of blocking each other."""
    locked = ModelVersion.objects.select_for_update(no_key=True).filter(purpose=purpose).order_by("pk")
    return locked.defer("metrics", "learning_curve", "evaluation", "card", "params")


def champion(purpose: str) -> ModelVersion | None:
    """The version in use."""
    return ModelVersion.objects.filter(purpose=purpose, alias=Alias.CHAMPION).first()


def open_artefact(version: ModelVersion) -> Artefact:
    """What a version learnt. Raises ArtefactDamaged when the files are not the registered ones."""
    return artefacts.load(Path(settings.ARTEFACT_DIR) / version.artefact, sha256=version.artefact_sha256)


def open_recommender(version: ModelVersion) -> Recommender:
    """A fitted recommender that serves by NumPy alone."""
    artefact = open_artefact(version)
    if artefact.kind not in SERVED_BY:
        raise ArtefactDamaged(f"{version} is of the kind {artefact.kind}, which recommends nothing")
    return SERVED_BY[artefact.kind].from_artefact(artefact)


def keep_neighbours(found: ItemNeighbours) -> tuple[str, str]:
    """Write what goes together where requests map it into memory; returns folder and checksum."""
    return _stored(NEIGHBOURS, partial(save_neighbours, found))


def open_run_neighbours(run: ScoringRun) -> ItemNeighbours:
    """Checked once a process: the pages are shared, and the files never change. Raises ArtefactDamaged."""
    return _mapped(str(settings.ARTEFACT_DIR), run.neighbours, run.neighbours_sha256)


@lru_cache(maxsize=4)
def _mapped(home: str, folder: str, sha256: str) -> ItemNeighbours:
    return open_neighbours(Path(home) / folder, sha256=sha256)


def keep_cold_start(found: ColdStart) -> tuple[str, str]:
    """Write what serves the brand-new; returns folder and checksum."""
    return _store(found.to_artefact())


def open_cold_start(folder: str, sha256: str) -> ColdStart:
    """Read and checked once a process. Raises ArtefactDamaged."""
    return _cold_start(str(settings.ARTEFACT_DIR), folder, sha256)


@lru_cache(maxsize=2)
def _cold_start(home: str, folder: str, sha256: str) -> ColdStart:
    return ColdStart.from_artefact(artefacts.load(Path(home) / folder, sha256=sha256))


def forget_run_files(*, keep: Iterable[str]) -> None:
    """Remove what no run names. Whoever has it open goes on reading it."""
    wanted = set(keep)
    for kind in (NEIGHBOURS, COLD_START):
        for folder in Path(settings.ARTEFACT_DIR).glob(f"{kind}-*"):
            if folder.name not in wanted:
                shutil.rmtree(folder, ignore_errors=True)


def _bytes(folder: str) -> int:
    return sum(file.stat().st_size for file in (Path(settings.ARTEFACT_DIR) / folder).iterdir())


def _store(artefact: Artefact) -> tuple[str, str]:
    return _stored(artefact.kind, partial(artefacts.save, artefact))


def _stored(kind: str, save: Callable[[Path], str]) -> tuple[str, str]:
    """Write below ARTEFACT_DIR under the name of the content: only what was damaged since is written again."""
    home = Path(settings.ARTEFACT_DIR)
    home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=home, prefix=".writing-") as scratch:
        new = Path(scratch) / "new"
        sha256 = save(new)
        folder = f"{kind}-{sha256[:32]}"
        if (home / folder).exists() and not _says_the_same(home / folder, new):
            (home / folder).rename(Path(scratch) / "damaged")
        if not (home / folder).exists():
            new.rename(home / folder)
    return folder, sha256


def _says_the_same(kept: Path, new: Path) -> bool:
    names = [file.name for file in new.iterdir()]
    same, _, _ = filecmp.cmpfiles(kept, new, names, shallow=False)
    return len(same) == len(names)
