"""How other products stand to one: what was learnt, what people said about it, and what the stock allows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from loyalty.models import Product
from recommender.models import ProductRelation, RelationRuling, Verdict
from recommender.queries.evidence import sentence
from recommender.queries.neighbours import IN_USE
from recommender.queries.stock import Served, in_stock_lists

Kind = ProductRelation.Kind
SHOWN = 5
# The order in which a marketer asks.
ABOUT = {
    Kind.SUBSTITUTE: ("Instead of it", "Customers take one or the other, at a comparable price."),
    Kind.COMPLEMENT: ("Together with it", "In one basket more often than chance explains, from another shelf."),
    Kind.UPSELL: ("A better one", "Dearer, and its buyers move up to it."),
    Kind.SIMILAR: ("Similar", "Bought in the same company."),
}


@dataclass(frozen=True)
class Standing:
    """One product as it stands to another."""

    product: Product
    says: str
    is_pinned: bool = False
    in_place_of: Product | None = None


@dataclass(frozen=True)
class KindOfRelation:
    """All products that stand to one in the same way."""

    kind: str
    title: str
    about: str
    shown: list[Standing] = field(default_factory=list)
    blocked: list[RelationRuling] = field(default_factory=list)


def relations_of_product(product: Product) -> list[KindOfRelation]:
    """The four kinds, what somebody pinned first, the strongest of each; at most five queries.

    What is out of stock leaves its place to its best substitute, as in every list.
    """
    rulings = list(RelationRuling.objects.filter(product=product).select_related("other__category", "by"))
    learnt = list(
        ProductRelation.objects.filter(product=product, model_version__alias=IN_USE)
        .select_related("other__category")
        .order_by("kind", "-score", "pk")
    )
    says = {(one.kind, one.other_id): sentence(one.kind, one.evidence) for one in learnt}
    says |= {(one.kind, one.other_id): _said(one, says) for one in rulings if one.verdict == Verdict.PINNED}
    lists = {kind: list(dict.fromkeys(_ranked(kind, learnt, rulings))) for kind in ABOUT}
    served = in_stock_lists(lists, unwanted={kind: [product.pk] for kind in ABOUT})
    products = {one.other_id: one.other for one in learnt} | {one.other_id: one.other for one in rulings}
    products |= Product.objects.select_related("category").in_bulk(_brought_in(served, products))
    return [_kind(kind, served[kind], products, says, rulings) for kind in ABOUT]


def _ranked(kind: str, learnt: list[ProductRelation], rulings: list[RelationRuling]) -> Iterator[int]:
    ruled = {one.other_id: one.verdict for one in rulings if one.kind == kind}
    yield from (other_id for other_id, verdict in ruled.items() if verdict == Verdict.PINNED)
    yield from (one.other_id for one in learnt if one.kind == kind and ruled.get(one.other_id) != Verdict.BLOCKED)


def _said(ruling: RelationRuling, says: Mapping[tuple[str, int], str]) -> str:
    who = f"Pinned by {ruling.by}" if ruling.by else "Pinned"
    why = f": {ruling.reason}" if ruling.reason else "."
    return f"{who}{why} {says.get((ruling.kind, ruling.other_id), '')}".strip()


def _brought_in(served: Mapping[Kind, list[Served]], known: Mapping[int, Product]) -> set[int]:
    return {one.product_id for shown in served.values() for one in shown} - known.keys()


def _kind(
    kind: Kind,
    served: list[Served],
    products: Mapping[int, Product],
    says: Mapping[tuple[str, int], str],
    rulings: list[RelationRuling],
) -> KindOfRelation:
    mine = [one for one in rulings if one.kind == kind]
    pinned = {one.other_id for one in mine if one.verdict == Verdict.PINNED}
    shown = [
        Standing(
            product=products[one.product_id],
            says=says.get((kind, one.product_id), ""),
            is_pinned=one.product_id in pinned,
            in_place_of=None if one.in_place_of is None else products[one.in_place_of],
        )
        for one in served
    ]
    title, about = ABOUT[kind]
    return KindOfRelation(kind, title, about, shown[:SHOWN], [one for one in mine if one.verdict == Verdict.BLOCKED])
