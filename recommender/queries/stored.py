"""Stored recommendations as they may be shown at this moment."""

from collections import defaultdict
from collections.abc import Sequence

from loyalty.models import Product
from recommender.models import Recommendation
from recommender.queries.neighbours import IN_USE
from recommender.queries.stock import in_stock_lists


def as_served(rows: Sequence[Recommendation]) -> list[Recommendation]:
    """These rows without what is blocked; what is out of stock gives its place to its best substitute.

    A row so changed carries the product it stands for as `in_place_of`, and nothing that its customer's list holds
    already takes a place. Three queries, four where something is out of stock.
    """
    lists, whole = defaultdict(list), defaultdict(set)
    for row in rows:
        lists[row.customer_id].append(row.product_id)
    stored = Recommendation.objects.filter(model_version__alias=IN_USE, customer__in=lists.keys())
    for customer_id, product_id in stored.values_list("customer_id", "product_id"):
        whole[customer_id].add(product_id)
    served = in_stock_lists(lists, unwanted=whole)
    placed = {(key, one.in_place_of or one.product_id): one for key, many in served.items() for one in many}
    brought = Product.objects.in_bulk([one.product_id for one in placed.values() if one.in_place_of is not None])
    kept = []
    for row in rows:
        one = placed.get((row.customer_id, row.product_id))
        if one is None:
            continue
        if one.in_place_of is not None:
            gone, row.product = row.product, brought[one.product_id]
            row.in_place_of = gone  # type: ignore[attr-defined]
            row.reason = f"Takes the place of “{gone}”, which is out of stock."
        kept.append(row)
    return kept
