"""Launches of the past: found by their first sale, with nothing in their histories that came later."""

import numpy as np
import pyarrow as pa
import pytest

from recommender.engine.launches.past import Launches, LaunchRule
from recommender.engine.shop import Shop
from tests.worlds import brand_world

DAY = 86_400_000_000
FIRST = 19_723 * DAY


def shop_of(*lines):
    """Lines are (customer, product, day, hour)."""
    customers, products, days, hours = (np.array(column) for column in zip(*lines, strict=True))
    moments = FIRST + days * DAY + hours * (DAY // 24)
    columns = {
        "customer_id": pa.array(customers, pa.int64()),
        "product_id": pa.array(products, pa.int64()),
        "weight": pa.array(np.ones(len(customers)), pa.float32()),
        "occurred_at": pa.array(moments, pa.timestamp("us", tz="UTC")),
    }
    return Shop("small", pa.table(columns))


OLD = [(1, 10, 0, 9), (2, 11, 3, 9)]


def test_a_launch_is_first_sold_after_the_warm_up():
    shop = shop_of(*OLD, (1, 12, 6, 9), (1, 13, 7, 0), (2, 10, 8, 9))

    (launched,) = Launches(shop, LaunchRule(warm_up_days=7)).days(0, 100)

    assert launched.day == 7
    assert launched.product_ids.tolist() == [13]


def test_where_keys_grow_an_old_key_sold_late_is_no_launch():
    shop = shop_of(*OLD, (1, 5, 20, 9), (1, 50, 20, 9))

    (launched,) = Launches(shop, LaunchRule(warm_up_days=7, newer_than_share=0.999)).days(0, 100)

    assert launched.product_ids.tolist() == [50]


def test_buyers_are_those_of_the_window_who_had_bought_before():
    shop = shop_of(*OLD, (1, 50, 20, 9), (2, 50, 29, 23), (3, 50, 21, 9), (4, 10, 5, 9), (4, 50, 30, 0))

    (launched,) = Launches(shop, LaunchRule(warm_up_days=7, outcome_days=10)).days(0, 100)

    assert launched.bought[:, 0].tolist() == [True, True, False]
    assert launched.bought.shape[0] == len(launched.history)


def test_the_history_ends_when_the_day_begins():
    shop = shop_of(*OLD, (2, 10, 19, 23), (1, 50, 20, 9), (2, 11, 20, 0), (2, 11, 40, 9))

    (launched,) = Launches(shop, LaunchRule(warm_up_days=7)).days(0, 100)

    assert launched.history.weights.sum() == 3
    assert launched.history.log.age_days.min() == pytest.approx(1 / 24, abs=1e-3)


def test_every_launch_of_a_shop_is_found_on_its_day():
    shop = brand_world(np.random.default_rng(1))
    launches = Launches(shop, LaunchRule(warm_up_days=60))

    found = list(launches.days(60, 104))

    assert [one.day for one in found] == sorted({one.day for one in found})
    assert min(one.product_ids.min() for one in found) >= 540
    for one in found:
        assert one.facts.labels["brand"].tolist() == [["even", "odd"][key % 2] for key in one.product_ids]
        assert one.bought.any(axis=0).all()
