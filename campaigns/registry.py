"""Versions of the reception model: written once, checked when opened."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from campaigns.engine.campaign_effect import CampaignEffect
from campaigns.engine.feature_groups import NOTHING_MORE, Extra
from campaigns.engine.likeness import TasteSpace
from campaigns.engine.reception import Responder, responder_from_artefact
from recommender.engine import artefacts
from recommender.engine.base import Artefact
from recommender.models import ModelVersion

KIND = "reception"
CODE_VERSION = "reception-3"
TASTES = "tastes_"


@dataclass(frozen=True)
class ReceptionKnowledge:
    """All that a simulation needs to know of the past: who responds, and how far whole campaigns stray.

    `extra` is what the responder looks at besides what serves always; `spread` the share of its spread between
    customers that holds in campaigns it has not seen.
    """

    responder: Responder
    effect: CampaignEffect
    evidence: dict[str, Any]
    extra: Extra = NOTHING_MORE
    spread: float = 1.0


@dataclass(frozen=True)
class Training:
    """How a version came about."""

    label: str
    is_baseline: bool
    metrics: dict[str, Any]
    verdict: str
    data_until: datetime
    data_fingerprint: str
    seed: int
    fit_seconds: float
    trained_at: datetime


def publish(knowledge: ReceptionKnowledge, training: Training, *, serves: bool, job_id: int | None) -> ModelVersion:
    """Keep a version. One that serves the newest data takes over as champion in the caller's transaction."""
    algorithm = type(knowledge.responder).__name__
    folder = f"{KIND}-{training.data_fingerprint[:16]}-{algorithm.lower()}"
    sha256 = artefacts.save(_artefact(knowledge), _path(folder))
    is_champion = serves and not _champions().filter(data_until__gt=training.data_until).exists()
    if is_champion:
        _champions().update(alias=ModelVersion.Alias.NONE)
    return ModelVersion.objects.create(
        purpose=ModelVersion.Purpose.RECEPTION,
        algorithm=algorithm,
        label=training.label,
        alias=ModelVersion.Alias.CHAMPION if is_champion else ModelVersion.Alias.NONE,
        is_baseline=training.is_baseline,
        params={"serves": serves},
        metrics=training.metrics,
        verdict=training.verdict,
        data_until=training.data_until,
        data_fingerprint=training.data_fingerprint,
        seed=training.seed,
        code_version=CODE_VERSION,
        fit_seconds=training.fit_seconds,
        artefact=folder,
        artefact_sha256=sha256,
        job_id=job_id,
        trained_at=training.trained_at,
    )


def serving_version(data_fingerprint: str) -> ModelVersion | None:
    """The version that was learnt from just these data and won."""
    return (
        ModelVersion.objects.filter(
            purpose=ModelVersion.Purpose.RECEPTION,
            data_fingerprint=data_fingerprint,
            params__serves=True,
        )
        .order_by("id")
        .last()
    )


def open_version(version: ModelVersion) -> ReceptionKnowledge:
    """Read what a version learnt. Raises ArtefactDamaged when the files are not the registered ones."""
    stored = artefacts.load(_path(version.artefact), sha256=version.artefact_sha256)
    return ReceptionKnowledge(
        responder=responder_from_artefact(stored.params["responder"], stored.arrays),
        effect=CampaignEffect(**stored.params["effect"]),
        evidence=stored.params["evidence"],
        extra=_extra(stored),
        spread=stored.params.get("spread", 1.0),
    )


def _artefact(knowledge: ReceptionKnowledge) -> Artefact:
    described, arrays = knowledge.responder.to_artefact()
    params = {"responder": described, "effect": asdict(knowledge.effect), "evidence": knowledge.evidence}
    tastes = knowledge.extra.tastes
    places = {TASTES + name: values for name, values in vars(tastes).items()} if tastes else {}
    more = {"extra": list(knowledge.extra.names), "spread": knowledge.spread}
    return Artefact(KIND, {**params, **more}, {**arrays, **places})


def _extra(stored: Artefact) -> Extra:
    places = {name.removeprefix(TASTES): found for name, found in stored.arrays.items() if name.startswith(TASTES)}
    return Extra(tuple(stored.params.get("extra", ())), TasteSpace(**places) if places else None)


def _path(folder: str) -> Path:
    return Path(settings.ARTEFACT_DIR) / folder


def _champions() -> QuerySet[ModelVersion]:
    return ModelVersion.objects.filter(purpose=ModelVersion.Purpose.RECEPTION, alias=ModelVersion.Alias.CHAMPION)
