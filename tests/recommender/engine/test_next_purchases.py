import numpy as np
import pytest

from recommender.engine.frequency import PersonalFrequency
from recommender.engine.hybrid import Hybrid
from recommender.engine.popularity import Popularity
from recommender.engine.shop import Shop
from recommender.engine.tifu_knn import TifuKnn
from recommender.engine.trials.next_purchases import next_purchases
from tests.worlds import cycle_world, fading_world

SMALL = {"n_trees": 20, "max_products": 60, "min_leaf": 20}


@pytest.fixture(scope="module")
def rows():
    shop = Shop("fading", fading_world(np.random.default_rng(1), half_life_days=10.0), min_customers=3)
    estimators = {
        "popularity": Popularity(),
        "implicit_als": PersonalFrequency(),
        "tifu_knn": TifuKnn(),
        "hybrid": Hybrid(**SMALL),
    }
    return list(next_purchases(shop, estimators, np.random.default_rng(2)))


def test_every_figure_lies_in_its_interval(rows):
    for row in rows:
        assert np.isnan(row.low) or row.low <= row.value <= row.high


def test_who_repeats_is_told_apart_from_who_tries(rows):
    found = {(row.estimator, row.split, row.metric): row.value for row in rows}

    assert (
        found["tifu_knn", "last 28 days, repeats", "ndcg@10"]
        > 2 * found["popularity", "last 28 days, repeats", "ndcg@10"]
    )
    assert found["popularity", "last 28 days, everything", "coverage"] < 0.3
    assert found["popularity", "last 28 days, first purchases", "coverage"] > 0.3


def test_ours_is_compared_with_the_rule_customer_by_customer(rows):
    (ratio,) = [row for row in rows if row.metric == "ndcg@10 over tifu_knn"]

    assert (ratio.estimator, ratio.split) == ("hybrid", "last 28 days, everything")
    assert ratio.low <= ratio.value <= ratio.high


def test_for_first_purchases_the_best_of_the_window_before_meets_the_peer(rows):
    (ratio,) = [row for row in rows if row.metric == "ndcg@10 over implicit_als"]

    assert ratio.split == "last 28 days, first purchases"


def test_a_shop_in_which_nobody_tries_anything_is_measured_on_repeats():
    shop = Shop("cycles", cycle_world(np.random.default_rng(1)), min_customers=3)

    rows = list(next_purchases(shop, {"popularity": Popularity()}, np.random.default_rng(2)))

    assert {row.split for row in rows} == {"last 28 days, everything", "last 28 days, repeats"}
