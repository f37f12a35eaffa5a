"""Versions and relations as their charts need them."""

from recommender.charts import Neighbour, VersionScores
from recommender.models import ModelVersion, ProductRelation

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


def neighbours_of(product_id: int) -> list[Neighbour]:
    """The products bought most like this one, by the relations in use; one query."""
    relations = ProductRelation.objects.filter(
        product_id=product_id, model_version__alias=Alias.CHAMPION, kind=ProductRelation.Kind.SIMILAR
    ).select_related("other")
    return [
        Neighbour(str(one.other), one.score, one.evidence["other_orders"], one.evidence["orders_together"])
        for one in relations.order_by("-score", "pk")
    ]
