"""What people said about relations and about recommending a product."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from loyalty.models import Product
from recommender.models import ProductRelation, ProductRuling, RelationRuling, Verdict
from recommender.models.placements import PLACEMENTS


def blocked_products() -> QuerySet[ProductRuling, int]:
    """Keys of the products that are never recommended, as a subquery or to be read."""
    return ProductRuling.objects.filter(verdict=Verdict.BLOCKED).values_list("product_id", flat=True)


def rulings_on(product: Product) -> list[tuple[ProductRuling, str]]:
    """What people said about recommending one product, and where in words; one query."""
    found = ProductRuling.objects.filter(product=product).select_related("by")
    return [(one, PLACEMENTS[one.placement].label if one.placement in PLACEMENTS else one.placement) for one in found]


def without_blocked(relations: QuerySet[ProductRelation], *, any_of: Sequence[str] = ()) -> QuerySet[ProductRelation]:
    """Leave out what somebody blocked; where `any_of` names kinds, a block of any of them counts."""
    pair = RelationRuling.objects.filter(
        verdict=Verdict.BLOCKED, product_id=OuterRef("product_id"), other_id=OuterRef("other_id")
    )
    ruled = pair.filter(kind__in=any_of) if any_of else pair.filter(kind=OuterRef("kind"))
    return relations.exclude(Exists(ruled))
