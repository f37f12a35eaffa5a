"""Versions as their charts need them."""

from recommender.charts.learning import VersionScores
from recommender.models import ModelVersion

Alias = ModelVersion.Alias


def serving_and_baseline(purpose: str) -> list[VersionScores]:
    """The newest baseline, the newest version that was compared with it, and the champion if it is neither."""
    versions = ModelVersion.objects.filter(purpose=purpose).order_by("-pk")
    baseline = versions.filter(is_baseline=True).first()
    challenger = versions.filter(is_baseline=False).first()
    champion = versions.filter(alias=Alias.CHAMPION).first()
    found = {version.pk: version for version in (baseline, challenger, champion) if version is not None}
    return [
        VersionScores(version.label, version.is_baseline, version.alias == Alias.CHAMPION, version.metrics)
        for version in found.values()
    ]
