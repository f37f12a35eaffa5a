"""Earlier windows choose, the last one tests: on worlds where the right choice is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from recommender.engine.contests.contest import Rules, chosen, compete, cut_rounds, difference
from recommender.engine.ease import Ease
from recommender.engine.frequency import PersonalFrequency
from recommender.engine.hybrid import Hybrid
from recommender.engine.popularity import Popularity
from recommender.engine.splits import SpanTooShort
from tests.worlds import fading_world, popular_world, taste_world

UNTIL = datetime(2024, 4, 30, tzinfo=UTC)
RULES = Rules(UNTIL, n_earlier=2, window_days=14, min_customers=1)
LINE_UP = (Popularity(), PersonalFrequency(), Ease(ridge=10.0, max_products=60))


def held(world, rules=RULES, line_up=LINE_UP):
    rounds = cut_rounds(world, rules)
    return rounds, compete(line_up, rounds, k=5)


def test_rounds_are_in_time_order_and_adjoin():
    rounds = cut_rounds(taste_world(np.random.default_rng(1)), RULES)

    assert [one.split.test_until for one in rounds] == [UNTIL - timedelta(days=days) for days in (28, 14, 0)]
    for earlier, later in pairwise(rounds):
        assert earlier.split.test_until == later.split.test_since


def test_a_short_history_has_fewer_rounds_and_none_is_refused():
    world = taste_world(np.random.default_rng(1))

    assert len(cut_rounds(world, replace(RULES, window_days=40))) == 1
    with pytest.raises(SpanTooShort):
        cut_rounds(world, replace(RULES, window_days=130))


def test_what_needs_more_history_than_there_is_stays_out():
    _, entrants = held(taste_world(np.random.default_rng(1)), line_up=(Popularity(), Hybrid(window_days=200.0)))

    assert [one.estimator.kind for one in entrants] == ["popularity"]


def test_the_planted_habit_is_chosen_and_beats_the_baseline_on_the_test():
    rounds, entrants = held(fading_world(np.random.default_rng(1), half_life_days=None))

    place = 1 + chosen(entrants[1:], rounds, np.random.default_rng(2))

    assert entrants[place].estimator.kind == "personal_frequency"
    mine, theirs = (one.test.per_customer["all.recall"] for one in (entrants[place], entrants[0]))
    assert difference(mine, theirs, np.random.default_rng(2)).low > 0


def test_a_tie_goes_to_the_simpler_one():
    rounds, entrants = held(taste_world(np.random.default_rng(1)), line_up=(Ease(ridge=10.0), Ease(ridge=10.0)))

    assert chosen(entrants, rounds, np.random.default_rng(2)) == 0


def test_the_test_window_has_no_say_in_the_choice():
    world = fading_world(np.random.default_rng(1), half_life_days=None)
    rng = np.random.default_rng(7)
    # Whoever bought in the test window now bought something at random: habit is worth nothing there.
    late = world["occurred_at"].to_numpy() >= np.datetime64((UNTIL - timedelta(days=14)).replace(tzinfo=None))
    products = np.where(late, rng.permutation(world["product_id"].to_numpy()), world["product_id"].to_numpy())
    upset = world.set_column(1, "product_id", pa.array(products))

    places = [chosen(entrants[1:], rounds, np.random.default_rng(2)) for rounds, entrants in map(held, (world, upset))]

    assert places[0] == places[1]


def test_without_earlier_rounds_nothing_speaks_against_the_simplest():
    rounds, entrants = held(taste_world(np.random.default_rng(1)), replace(RULES, n_earlier=0))

    assert chosen(entrants[1:], rounds, np.random.default_rng(2)) == 0


def test_where_there_is_no_structure_nothing_surely_beats_the_baseline():
    _, entrants = held(popular_world(np.random.default_rng(3)), replace(RULES, until=UNTIL + timedelta(days=30)))

    for one in entrants[1:]:
        gain = difference(
            one.test.per_customer["all.recall"], entrants[0].test.per_customer["all.recall"], np.random.default_rng(2)
        )
        assert gain.low <= 0


def test_money_is_what_was_really_paid_for_what_was_shown():
    world = taste_world(np.random.default_rng(1))
    world = world.append_column("amount", pa.array(np.full(world.num_rows, 2.5)))

    rounds, entrants = held(world, replace(RULES, n_earlier=0))

    one = entrants[0].test.per_customer
    bought = np.asarray(rounds[0].paid.sum(axis=1)).ravel()
    assert (one["all.revenue"] >= 2.5 * one["all.purchases"]).all()
    assert (one["all.revenue"] <= bought).all()
    assert "all.revenue" not in held(taste_world(np.random.default_rng(1)))[1][0].test.per_customer


def test_progress_is_told_and_may_stop_it():
    told = []
    rounds = cut_rounds(taste_world(np.random.default_rng(1)), RULES)
    compete(LINE_UP, rounds, k=5, progress=lambda *at: told.append(at))

    assert all(later >= earlier for earlier, later in pairwise(told))
    assert {total for _, total in told} == {100 * 12}

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compete(LINE_UP, rounds, k=5, progress=stop)
