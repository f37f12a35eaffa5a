"""Worlds in which the right half-life is known, and worlds in which age does not matter."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from recommender.engine.decay import BUY_AGAIN, DISCOVER, Span, choose_half_life
from recommender.engine.splits import SpanTooShort
from tests.worlds import fading_world, taste_world

UNTIL = datetime(2024, 4, 30, tzinfo=UTC)
SPAN = Span(UNTIL, window_days=14, n_windows=3, min_customers=3, k=5)
CANDIDATES = (3.0, 7.0, 14.0, 30.0, 90.0, None)


def chosen(frame, task=BUY_AGAIN, half_lives=CANDIDATES, **more):
    return choose_half_life(frame, task, SPAN, rng=np.random.default_rng(5), half_lives=half_lives, **more)


def test_where_taste_fades_a_half_life_near_the_planted_one_is_chosen():
    found = chosen(fading_world(np.random.default_rng(1), half_life_days=10.0))

    assert found.days in (7.0, 14.0)
    assert found.test_gain.low > 0


def test_where_age_does_not_matter_none_is_chosen():
    found = chosen(fading_world(np.random.default_rng(2), half_life_days=None))

    assert found.days is None
    assert (found.test_gain.low, found.test_gain.high) == (0.0, 0.0)


@pytest.mark.parametrize("seed", range(4))
def test_discovering_without_anything_to_discover_chooses_nothing_surely_worse(seed):
    found = chosen(taste_world(np.random.default_rng(seed)), DISCOVER, (7.0, 30.0, None))

    assert found.test_gain.high >= 0


def test_what_comes_after_the_last_window_changes_nothing():
    world = fading_world(np.random.default_rng(1), half_life_days=10.0)
    later = pa.table(
        {**dict(zip(world.column_names, world.slice(0, 500).columns, strict=True)),
         "occurred_at": pa.array([UNTIL + timedelta(days=1)] * 500, world["occurred_at"].type)}
    )  # fmt: skip

    assert chosen(pa.concat_tables([world, later])) == chosen(world)


def test_the_last_window_has_no_say_in_the_choice():
    world = fading_world(np.random.default_rng(1), half_life_days=10.0)
    turned = fading_world(np.random.default_rng(9), half_life_days=None)
    edge = pa.scalar(UNTIL - timedelta(days=14), world["occurred_at"].type)
    before = world.filter(pa.compute.less(world["occurred_at"], edge))
    after = turned.filter(pa.compute.greater_equal(turned["occurred_at"], edge))

    mixed = chosen(pa.concat_tables([before, after]))

    assert mixed.grid == chosen(world).grid
    assert mixed.days == chosen(world).days
    assert mixed.test_ndcg != chosen(world).test_ndcg


def test_a_customer_counts_once_over_all_windows():
    world = fading_world(np.random.default_rng(1), half_life_days=10.0)

    assert chosen(world).grid.n_customers <= len(pa.compute.unique(world["customer_id"]))


def test_progress_is_told_and_may_stop_the_search():
    told = []
    chosen(taste_world(np.random.default_rng(1)), told=lambda *at: told.append(at))
    assert told[0] == (1, 3 * len(CANDIDATES))
    assert told[-1][0] == told[-1][1]


def test_no_decay_has_to_be_a_candidate():
    with pytest.raises(ValueError, match="no decay"):
        chosen(taste_world(np.random.default_rng(1)), half_lives=(7.0, 30.0))


def test_a_span_without_purchases_is_refused():
    with pytest.raises(SpanTooShort):
        choose_half_life(
            taste_world(np.random.default_rng(1)), BUY_AGAIN, Span(datetime(2023, 1, 1, tzinfo=UTC)),
            rng=np.random.default_rng(0),
        )  # fmt: skip
