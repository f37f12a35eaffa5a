"""A list as the API tells it, in the types of JSON."""

import uuid
from typing import Any

from recommender.services.online import Served, ServedItem


def told(served: Served, recommendation_id: uuid.UUID | None) -> dict[str, Any]:
    version = served.version
    return {
        "recommendation_id": recommendation_id and str(recommendation_id),
        "customer": served.external_id,
        "placement": served.placement.name,
        "made_at": served.made_at.isoformat(),
        "source": served.source,
        "model": version and {"id": version.id, "label": version.label, "algorithm": version.algorithm},
        "note": served.note,
        "left_out": served.left_out,
        "items": [_shown(rank, item) for rank, item in enumerate(served.items, start=1)],
    }


def _shown(rank: int, item: ServedItem) -> dict[str, Any]:
    return {
        "rank": rank,
        "sku": item.product.sku,
        "product_name": item.product.name,
        "reason": item.reason,
        "because": item.because and item.because.sku,
        "in_place_of": item.in_place_of and item.in_place_of.sku,
    }
