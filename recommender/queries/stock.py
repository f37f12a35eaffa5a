"""Lists of products as they may be shown: what is out of stock gives its place to its best substitute.

Every list that offers products passes here when it is read, so a change of stock shows with the next look.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Q

from loyalty.models import Product
from recommender.models import StockReplacement
from recommender.queries.rulings import blocked_products
from recommender.queries.substitutes import Substitute, ranked_substitutes

Key = TypeVar("Key", bound=Hashable)
OUT_OF_STOCK = Q(stock__lte=0)
ENTRIES_SHOWN = 8


@dataclass(frozen=True)
class Served:
    """A product to show, and the one out of stock whose place it takes."""

    product_id: int
    in_place_of: int | None = None


def in_stock_list(product_ids: Sequence[int]) -> list[Served]:
    """One list as it may be shown; see `in_stock_lists`."""
    return in_stock_lists({0: product_ids})[0]


def in_stock_lists(
    lists: Mapping[Key, Sequence[int]], *, unwanted: Mapping[Key, Collection[int]] | None = None
) -> dict[Key, list[Served]]:
    """Lists of products, in their order, as they may be shown; one query, two where something is out of stock.

    What is blocked everywhere is left out. What is out of stock leaves its place to the best that can be sold instead
    and that the list does not hold already; where nothing can, the list grows shorter. `unwanted` names, by list, what
    may not take a place (bought already, in another list of the page).
    """
    asked = {product_id for products in lists.values() for product_id in products}
    is_blocked = Q(pk__in=blocked_products())
    shut = Product.objects.filter(OUT_OF_STOCK | is_blocked, pk__in=asked).annotate(is_blocked=is_blocked)
    closed = dict(shut.values_list("pk", "is_blocked"))
    out = [product_id for product_id, blocked in closed.items() if not blocked]
    ranked = ranked_substitutes(out) if out else {}
    kept_out = unwanted or {}
    return {key: _filled(products, closed, ranked, kept_out.get(key, ())) for key, products in lists.items()}


def _filled(
    products: Sequence[int], closed: Collection[int], ranked: Mapping[int, list[Substitute]], unwanted: Collection[int]
) -> list[Served]:
    taken = {product_id for product_id in products if product_id not in closed} | set(unwanted)
    served = []
    for product_id in products:
        if product_id not in closed:
            served.append(Served(product_id))
            continue
        instead = next((one.product_id for one in ranked.get(product_id, ()) if one.product_id not in taken), None)
        if instead is not None:
            taken.add(instead)
            served.append(Served(instead, in_place_of=product_id))
    return served


def is_out(product: Product) -> bool:
    return product.stock is not None and product.stock <= 0


def replacements_of(product: Product) -> list[StockReplacement]:
    """What stood in for a product, the newest first; one query."""
    found = StockReplacement.objects.filter(product=product).select_related("substitute")
    return list(found.order_by("-pk")[:ENTRIES_SHOWN])
