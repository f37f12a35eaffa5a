"""What is bought like a product, and to whom it is recommended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from loyalty.models import Product
from recommender.charts.learning import Neighbour
from recommender.models import ModelVersion, ProductRelation, Recommendation

IN_USE = ModelVersion.Alias.CHAMPION


@dataclass(frozen=True)
class Related:
    """A product that is bought like another, with the orders that say so."""

    product: Product
    similarity: float
    orders: int
    orders_together: int


@dataclass(frozen=True)
class Neighbourhood:
    """All products bought like one, the likest first, and up to when orders were read."""

    related: Sequence[Related]
    as_of: datetime | None

    def __bool__(self) -> bool:
        return bool(self.related)

    @property
    def for_chart(self) -> list[Neighbour]:
        return [Neighbour(str(one.product), one.similarity, one.orders, one.orders_together) for one in self.related]


def neighbours_of_product(product: Product) -> Neighbourhood:
    relations = ProductRelation.objects.filter(
        product=product, model_version__alias=IN_USE, kind=ProductRelation.Kind.SIMILAR
    ).select_related("other__category", "model_version")
    found = list(relations.order_by("-score", "pk"))
    related = [
        Related(one.other, one.score, one.evidence["other_orders"], one.evidence["orders_together"]) for one in found
    ]
    return Neighbourhood(related, found[0].model_version.data_until if found else None)


def count_recommended(product: Product) -> int:
    """To how many customers the version in use recommends it."""
    return Recommendation.objects.filter(product=product, model_version__alias=IN_USE).count()
