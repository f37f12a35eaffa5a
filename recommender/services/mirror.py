"""A copy of every version's figures in MLflow, where the environment names a server. Its failure is nobody's."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import structlog
from django.conf import settings

from loyalty.services.progress import Progress
from recommender.models import ModelVersion

log = structlog.get_logger(__name__)
EXPERIMENT = "Rehearsal"
PACKAGE = "mlflow"


def mirror_versions(versions: Sequence[ModelVersion], *, report: Progress) -> int:
    """Write one run a version and return how many; 0 where no server is named. What goes wrong is told, not raised."""
    if not settings.MLFLOW_TRACKING_URI:
        return 0
    if find_spec(PACKAGE) is None:
        report.note("MLFLOW_TRACKING_URI is set, but the extra “mlflow” is not installed: nothing was mirrored.")
        return 0
    try:
        return _mirrored(versions)
    except Exception as error:  # whatever a server elsewhere does, what was trained here stays
        log.warning("mlflow.failed", error=str(error))
        report.note("The copy in MLflow could not be written. What was trained is not touched by that.")
        return 0


def _mirrored(versions: Sequence[ModelVersion]) -> int:
    # An extra: named by its name, and loaded only in the worker that writes.
    client = import_module(f"{PACKAGE}.tracking").MlflowClient(tracking_uri=settings.MLFLOW_TRACKING_URI)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    experiment_id = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)
    for version in versions:
        _write(client, experiment_id, version)
    return len(versions)


def _write(client: Any, experiment_id: str, version: ModelVersion) -> None:
    run = client.create_run(experiment_id, tags=_tags(version), run_name=str(version)).info.run_id
    for name, value in version.params.items():
        client.log_param(run, name, str(value)[:500])
    for name, told in version.metrics.items():
        for part, value in told.items():
            client.log_metric(run, name if part == "value" else f"{name}_{part}", float(value))
    for point in version.learning_curve:
        for name, value in point.items():
            if name != "epoch":
                client.log_metric(run, f"curve_{name}", float(value), step=int(point.get("epoch", 0)))
    client.set_terminated(run)


def _tags(version: ModelVersion) -> dict[str, str]:
    return {
        "version": str(version.pk),
        "purpose": version.purpose,
        "algorithm": version.algorithm,
        "alias": version.alias,
        "is_baseline": str(version.is_baseline),
        "data_fingerprint": version.data_fingerprint,
        "code_version": version.code_version,
        "seed": str(version.seed),
        "verdict": version.verdict,
    }
