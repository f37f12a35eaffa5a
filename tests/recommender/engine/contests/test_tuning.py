"""A search finds a planted optimum, keeps to its budget, and never sees the test window."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from recommender.engine.contests.contest import Rules
from recommender.engine.contests.tuning import HALF_LIFE, Budget, tune
from recommender.engine.ease import Ease
from recommender.engine.frequency import PersonalFrequency
from recommender.services.searching import TpeSearch
from tests.worlds import fading_world, popular_world

UNTIL = datetime(2024, 4, 30, tzinfo=UTC)
RULES = Rules(UNTIL, n_earlier=2, window_days=14, min_customers=1)


def tuned(world, estimator=None, *, rules=RULES, n_trials=12, told=None):
    return tune(
        estimator or PersonalFrequency(),
        world,
        rules,
        TpeSearch(1),
        budget=Budget(600.0, n_trials),
        rng=np.random.default_rng(1),
        told=told,
    )


def test_the_half_life_that_was_planted_is_preferred_to_none():
    found = tuned(fading_world(np.random.default_rng(1), half_life_days=20.0))

    assert found.best.params[HALF_LIFE] in (30.0, 60.0)
    assert found.gain.low > 0
    assert found.trials[0].params == {HALF_LIFE: None}


def test_where_nothing_is_better_the_defaults_stay():
    found = tuned(popular_world(np.random.default_rng(1)), Ease(ridge=300.0, max_products=40), n_trials=6)

    assert found.gain.low <= 0 or found.best.value.mid > found.trials[0].value.mid
    if found.gain.low <= 0:
        assert found.best is found.trials[0]


def test_planted_rows_in_the_test_window_change_nothing():
    world = fading_world(np.random.default_rng(1), half_life_days=20.0)
    since = int((UNTIL - timedelta(days=14)).timestamp() * 1_000_000)
    n = 500
    planted = pa.table(
        {
            "customer_id": pa.array(np.full(n, 1000), pa.int64()),
            "product_id": pa.array(np.full(n, 500), pa.int64()),
            "weight": pa.array(np.ones(n), pa.float32()),
            "occurred_at": pa.array(since + np.arange(n), pa.timestamp("us", tz="UTC")),
        }
    )

    before, after = (tuned(one, n_trials=4) for one in (world, pa.concat_tables([world, planted])))

    assert [(one.params, one.value) for one in before.trials] == [(one.params, one.value) for one in after.trials]


def test_the_same_seed_tries_the_same_within_the_space():
    world = fading_world(np.random.default_rng(1), half_life_days=20.0)
    first, second = (tuned(world, Ease(max_products=60), n_trials=4) for _ in range(2))

    assert [one.params for one in first.trials] == [one.params for one in second.trials]
    for trial in first.trials[1:]:
        for name, dimension in Ease.space.items():
            assert dimension.low <= trial.params[name] <= dimension.high


def test_it_keeps_to_its_budget_and_may_be_stopped():
    world = fading_world(np.random.default_rng(1), half_life_days=None)
    told = []
    found = tuned(world, rules=replace(RULES, half_life_days=60.0), n_trials=3, told=lambda *at: told.append(at))
    assert [done for done, _ in told] == [1, 2, 3]
    assert told[-1][1] == 1.0
    assert found.trials[0].params == {HALF_LIFE: 60.0}

    def stop(done, spent):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tuned(world, told=stop)
