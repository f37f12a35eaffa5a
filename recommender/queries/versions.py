"""Versions as their charts need them."""

from recommender.charts.learning import VersionScores
from recommender.models import ModelVersion

Alias = ModelVersion.Alias


def serving_and_baseline(purpose: str) -> list[VersionScores]:
    """All that were tested on the data of the version in use, else of the newest: the newest of each algorithm.

    The baseline first; two queries.
    """
    versions = ModelVersion.objects.filter(purpose=purpose).order_by("-pk")
    shown = versions.filter(alias=Alias.CHAMPION).first() or versions.first()
    if shown is None:
        return []
    alike = versions.filter(data_fingerprint=shown.data_fingerprint)
    newest = {version.algorithm: version for version in reversed(alike)}
    if shown.algorithm in newest:
        newest[shown.algorithm] = shown
    ordered = sorted(newest.values(), key=lambda version: (not version.is_baseline, version.pk))
    return [VersionScores(one.label, one.is_baseline, one.alias == Alias.CHAMPION, one.metrics) for one in ordered]
