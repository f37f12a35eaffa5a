"""What can be sold in the place of a product."""

from collections.abc import Iterable

from django.db.models import Case, IntegerField, Q, Value, When

from loyalty.models import Product
from recommender.models import ProductRelation
from recommender.queries.neighbours import IN_USE

KINDS = (ProductRelation.Kind.SUBSTITUTE, ProductRelation.Kind.SIMILAR)


def best_substitutes(product_ids: Iterable[int]) -> dict[int, Product]:
    """For each product the nearest that is in stock, or whose stock is not tracked; one query.

    A known substitute comes before what is only bought in the same company. What loses customers itself is none.
    """
    wanted = set(product_ids)
    in_stock = Q(other__stock=None) | Q(other__stock__gt=0)
    relations = ProductRelation.objects.filter(
        in_stock, product__in=wanted, kind__in=KINDS, model_version__alias=IN_USE
    ).exclude(other__silences__is_flagged=True)
    first = Case(When(kind=KINDS[0], then=Value(0)), default=Value(1), output_field=IntegerField())
    found: dict[int, Product] = {}
    for relation in relations.select_related("other").order_by(first, "-score", "pk"):
        found.setdefault(relation.product_id, relation.other)
    return found
