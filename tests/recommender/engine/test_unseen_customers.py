from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from recommender.engine.autoencoder import Autoencoder
from recommender.engine.benchmark import NotPossible
from recommender.engine.popularity import Popularity
from recommender.engine.shop import Shop
from recommender.engine.trials.unseen_customers import unseen_customers
from tests.worlds import factor_world

MOMENT = datetime(2024, 1, 1, tzinfo=UTC)


def shop_of(matrix, *, min_customers=5):
    customers, products = matrix.nonzero()
    columns = {
        "customer_id": pa.array(customers, pa.int64()),
        "product_id": pa.array(products, pa.int64()),
        "weight": pa.array(np.ones(len(customers)), pa.float32()),
        "occurred_at": pa.array([MOMENT] * len(customers), pa.timestamp("us", tz="UTC")),
    }
    return Shop("planted", pa.table(columns), min_customers=min_customers)


def test_says_what_each_reached_and_what_the_autoencoder_is_over_the_others():
    estimators = {"popularity": Popularity(), "autoencoder": Autoencoder(hidden_sizes=(16,), max_epochs=5)}

    rows = list(unseen_customers(shop_of(factor_world(np.random.default_rng(2))), estimators, np.random.default_rng(1)))

    reached = {(row.estimator, row.metric): row for row in rows}
    ratio = reached["autoencoder", "ndcg@100 over popularity"]
    ours, others = reached["autoencoder", "ndcg@100"], reached["popularity", "ndcg@100"]
    assert len(rows) == 7
    assert ratio.value == pytest.approx(ours.value / others.value)
    assert ratio.low > 1.0
    assert all(row.low <= row.value <= row.high for row in rows)
    assert ours.fit_s > 0


def test_a_shop_without_a_product_that_enough_bought_is_refused():
    with pytest.raises(NotPossible, match="500 or more"):
        list(
            unseen_customers(
                shop_of(factor_world(np.random.default_rng(2)), min_customers=500), {}, np.random.default_rng(1)
            )
        )
