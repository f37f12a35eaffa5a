"""Where products stand on the map of the version in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recommender.charts.places import Place
from recommender.models import ModelVersion, ProductPlace
from recommender.queries.neighbours import IN_USE


@dataclass(frozen=True)
class ProductMap:
    """Places with what is known of how true they are: the share of neighbours of one category, and by chance."""

    places: Sequence[Place]
    as_of: datetime
    same_share: float | None
    by_chance: float | None


def product_map() -> ProductMap | None:
    """None where nothing was learnt yet; two queries."""
    version = ModelVersion.objects.filter(purpose=ModelVersion.Purpose.PRODUCT_RELATION, alias=IN_USE).first()
    if version is None:
        return None
    rows = ProductPlace.objects.filter(model_version=version).order_by("pk")
    columns = ("product_id", "product__name", "product__category__path", "x", "y", "n_orders")
    places = [
        Place(pk, name, (path or "").split(" > ")[0], x, y, n) for pk, name, path, x, y, n in rows.values_list(*columns)
    ]
    shares = (_value(version.metrics, "same_category_share"), _value(version.metrics, "same_category_share_by_chance"))
    return ProductMap(places, version.data_until, *shares) if places else None


def _value(metrics: dict[str, Any], name: str) -> float | None:
    return metrics[name]["value"] if name in metrics else None
