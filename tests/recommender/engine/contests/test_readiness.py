"""Enough history or not: small world, large world, and a world in which there is nothing to learn."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from recommender.engine.contests.readiness import measure_readiness
from recommender.engine.ease import Ease
from recommender.engine.popularity import Popularity
from recommender.engine.splits import temporal_split
from tests.worlds import popular_world, taste_world

UNTIL = datetime(2024, 4, 30, tzinfo=UTC)


def ready(world, *, seed=1, window_days=14, until=UNTIL, ridge=10.0):
    split = temporal_split(world, until=until, window_days=window_days, min_customers=1)
    return measure_readiness(
        Ease(ridge=ridge), Popularity(), split.train, split.validation, k=5, rng=np.random.default_rng(seed)
    )


def diluted_world(n_customers):
    """Every customer has a taste, and buys almost as much of what everybody buys."""
    popular = popular_world(np.random.default_rng(7), n_customers=n_customers, n_products=40)
    some = popular.filter(np.random.default_rng(6).random(popular.num_rows) < 0.7)
    return pa.concat_tables([taste_world(np.random.default_rng(5), n_customers=n_customers), some])


def test_a_large_world_with_tastes_is_ready_and_its_curve_grows():
    found = ready(diluted_world(400), ridge=100.0)

    assert found.is_ready
    assert found.n_customers_more == 0
    assert [point.n_customers for point in found.points] == [50, 100, 200, 400]
    assert found.points[-1].gain.low > 0
    assert found.gain_a_doubling > 0


def test_a_small_world_of_the_same_kind_is_not():
    found = ready(diluted_world(24), ridge=100.0)

    assert not found.is_ready
    assert found.n_customers_more is None or found.n_customers_more > 0


def test_through_two_points_there_is_no_curve_to_read():
    found = ready(taste_world(np.random.default_rng(1), n_customers=12))

    assert len(found.points) == 2
    assert not found.is_ready
    assert found.n_customers_more == 12


@pytest.mark.parametrize("seed", range(4))
def test_a_world_without_structure_is_never_ready(seed):
    until = datetime(2024, 5, 30, tzinfo=UTC)
    found = ready(popular_world(np.random.default_rng(seed), n_customers=200), seed=seed, until=until)

    assert not found.is_ready
    assert found.n_customers_more is None


def test_nobody_to_score_is_no_answer():
    split = temporal_split(
        taste_world(np.random.default_rng(1), n_customers=3), until=UNTIL, window_days=14, min_customers=1
    )

    assert (
        measure_readiness(
            Ease(ridge=10.0), Popularity(), split.train, split.validation, k=5, rng=np.random.default_rng(1)
        )
        is None
    )
