"""What can be sold in the place of a product."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, FloatField, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Extract, JSONObject

from loyalty.models import Product
from recommender.models import ProductRelation, RelationRuling, Verdict
from recommender.queries.neighbours import IN_USE
from recommender.queries.rulings import blocked_products, without_blocked

KINDS = (ProductRelation.Kind.SUBSTITUTE, ProductRelation.Kind.SIMILAR)
SELLABLE = Q(other__stock=None) | Q(other__stock__gt=0)
COLUMNS = ("product_id", "other_id", "kind", "place", "strength", "says")


@dataclass(frozen=True)
class Substitute:
    """One product that can stand in for another, and why."""

    product_id: int
    kind: str
    evidence: Mapping[str, Any]


def ranked_substitutes(product_ids: Iterable[int]) -> dict[int, list[Substitute]]:
    """For each product what can be sold in its place, best first; one query.

    Pinned by somebody, then a known substitute, then what is only bought in the same company. Left out is what is not
    in stock itself (stock that is not tracked counts as there), blocked, or losing customers.
    """
    wanted = set(product_ids)
    pinned, learnt = _pinned(wanted), _learnt(wanted)
    found: dict[int, list[Substitute]] = {}
    seen = set()
    for product_id, other_id, kind, _, _, evidence in sorted(pinned.union(learnt, all=True), key=_best_first):
        if (product_id, other_id) not in seen:
            seen.add((product_id, other_id))
            found.setdefault(product_id, []).append(Substitute(other_id, kind, evidence))
    return found


def best_substitutes(product_ids: Iterable[int]) -> dict[int, Product]:
    """For each product the best that can be sold in its place; two queries."""
    best = {product_id: ranked[0].product_id for product_id, ranked in ranked_substitutes(product_ids).items()}
    products = Product.objects.in_bulk(set(best.values()))
    return {product_id: products[other_id] for product_id, other_id in best.items()}


def _best_first(row: tuple[Any, ...]) -> tuple[int, float, int]:
    _, other_id, _, place, strength, _ = row
    return place, -strength, other_id


def _learnt(wanted: set[int]) -> QuerySet[ProductRelation, tuple[Any, ...]]:
    relations = ProductRelation.objects.filter(
        SELLABLE, product__in=wanted, kind__in=KINDS, model_version__alias=IN_USE
    )
    allowed = without_blocked(_offerable(relations), any_of=KINDS)
    place = Case(When(kind=KINDS[0], then=Value(1)), default=Value(2), output_field=IntegerField())
    return allowed.annotate(place=place, strength=F("score"), says=F("evidence")).values_list(*COLUMNS)


def _pinned(wanted: set[int]) -> QuerySet[RelationRuling, tuple[Any, ...]]:
    rulings = RelationRuling.objects.filter(SELLABLE, product__in=wanted, kind__in=KINDS, verdict=Verdict.PINNED)
    newest = Extract("at", "epoch", output_field=FloatField())
    says = JSONObject(pinned=Value(True), reason=F("reason"))
    allowed: QuerySet[RelationRuling] = _offerable(rulings)
    return allowed.annotate(place=Value(0), strength=newest, says=says).values_list(*COLUMNS)


def _offerable(found: Any) -> Any:
    return found.exclude(other__silences__is_flagged=True).exclude(other__in=blocked_products())
