"""A world of two tastes, too wide for anybody to have tried everything."""

from datetime import UTC, datetime

import numpy as np

from recommender.engine.base import Recommender
from recommender.engine.splits import temporal_split
from tests.worlds import taste_world

UNTIL = datetime(2024, 4, 30, tzinfo=UTC)


def share_of_own_taste(recommender: Recommender) -> float:
    """Share of never-bought products offered that are to the customer's own taste; 0.5 by chance."""
    frame = taste_world(np.random.default_rng(6), n_products=160)
    split = temporal_split(frame, until=UNTIL, window_days=14)
    items, _ = recommender.fit(split.before_test).recommend(split.test.history, 5, exclude_seen=True)
    own = split.before_test.customers.ids[split.test.customer_rows] % 2
    offered = split.before_test.products.ids[items] % 2
    return float((offered == own[:, None]).mean())
