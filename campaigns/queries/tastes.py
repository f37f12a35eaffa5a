"""What customers like, as vectors to find segments by: only this layer knows both segments and what is learnt."""

from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from campaigns.engine.taste_ends import ends
from loyalty.engine.components import principal_components
from loyalty.models import Product
from loyalty.queries.frames import copy_frame
from recommender import registry
from recommender.models import ModelVersion
from segments.queries.vectors import VectorSource

# Directions in which products differ most; more of them say little each.
N_DIRECTIONS = 8
# Between the parts of a category's path.
PART = " > "
BOUGHT_SINCE = timedelta(days=365)
BOUGHT = """
SELECT DISTINCT o.customer_id, l.product_id FROM loyalty_order o JOIN loyalty_orderline l ON l.order_id = o.id
WHERE o.customer_id = ANY(%(ids)s) AND o.ordered_at >= %(since)s AND o.ordered_at < %(until)s AND o.reverses_id IS NULL
ORDER BY 1, 2
"""


def version() -> str:
    """Of the relations between products that serve; "" while nothing is learnt."""
    champion = registry.champion(ModelVersion.Purpose.PRODUCT_RELATION)
    return str(champion.pk) if champion and champion.algorithm == "prod2vec" else ""


def tastes(customer_ids: NDArray[np.int64], as_of: datetime) -> NDArray[np.float64]:
    """The middle of what each bought in the year before, each product once; NaN for who bought nothing known."""
    products, places = _places(version())
    bought = copy_frame(BOUGHT, {"ids": customer_ids.tolist(), "since": as_of - BOUGHT_SINCE, "until": as_of})
    columns = np.minimum(np.searchsorted(products, bought["product_id"].to_numpy()), len(products) - 1)
    known = products[columns] == bought["product_id"].to_numpy()
    rows = np.searchsorted(customer_ids, bought["customer_id"].to_numpy())[known]
    sums, counts = np.zeros((len(customer_ids), N_DIRECTIONS)), np.bincount(rows, minlength=len(customer_ids))
    np.add.at(sums, rows, places[columns[known]])
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], np.nan)


@lru_cache(maxsize=1)
def _places(key: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Products, rising, and where each lies in the directions in which products differ most."""
    arrays = registry.open_artefact(ModelVersion.objects.get(pk=int(key))).arrays
    vectors = arrays["vectors"].astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(lengths, 1e-9)
    found = principal_components(unit, N_DIRECTIONS).transform(unit)
    padded = np.zeros((len(unit), N_DIRECTIONS))
    padded[:, : found.shape[1]] = found
    return arrays["product_ids"], padded


def taste_ends() -> list[tuple[str, str]]:
    """What those like whose taste lies at the high and at the low end of every direction."""
    products, places = _places(version())
    shelf_of = _shelves(products.tolist())
    return ends(places, [shelf_of.get(pk, "") for pk in products.tolist()])


def _shelves(product_ids: list[int]) -> dict[int, str]:
    """The category below the department, as people speak of it; in a shop without categories the product."""
    rows = Product.objects.filter(pk__in=product_ids).values_list("pk", "category__path", "name")
    paths = {pk: (path or "").split(PART)[:2][-1] for pk, path, _ in rows}
    return paths if any(paths.values()) else {pk: name for pk, _, name in rows}


TASTES = VectorSource("taste", "Taste in products", N_DIRECTIONS, version, tastes, taste_ends)
