import numpy as np
import pytest

from segments.engine.features import habit_words
from segments.engine.naming import FeatureWords
from segments.engine.preparing import Scaling
from segments.engine.profiles import effect_errors, effect_sizes, profile
from tests.worlds import segment_world

WORDS = (
    FeatureWords("recency_days", "Days since last order", "suffix", "not seen lately", "seen recently", "days"),
    FeatureWords("n_orders", "Orders", "adjective", "frequent", "occasional", "orders"),
    FeatureWords("spend", "Spend", "noun", "big spenders", "small spenders", "money"),
)


@pytest.fixture
def profiles():
    values, kinds = segment_world(np.random.default_rng(1))
    return profile(values, Scaling.learn(values).apply(values), kinds, WORDS)


def test_names_say_what_sets_the_planted_kinds_apart(profiles):
    regulars, small, lapsed = profiles

    assert regulars.name in {"Frequent big spenders", "Frequent customers seen recently"}
    assert "small spenders" in small.name.lower()
    assert "not seen lately" in lapsed.name


def test_sizes_shares_and_means_are_those_of_the_members(profiles):
    values, kinds = segment_world(np.random.default_rng(1))

    assert [one.n_customers for one in profiles] == [120, 120, 120]
    assert sum(one.share for one in profiles) == pytest.approx(1)
    np.testing.assert_allclose(profiles[2].usual, np.median(values[kinds == 2], axis=0))
    np.testing.assert_allclose(profiles[2].usual_of_all, np.median(values, axis=0))


def test_one_giant_does_not_move_what_is_usual_and_of_shares_it_is_the_mean():
    words = (habit_words(("spend",))[0], habit_words(("coupon_share",))[0])
    values = np.array([[10, 0], [20, 0], [9_000, 0.9], [np.nan, 0.3], [5, 0], [7, 1]])

    first, second = profile(values, np.nan_to_num(values), np.array([0, 0, 0, 0, 1, 1]), words)

    np.testing.assert_allclose(first.usual, [20, 0.3])
    np.testing.assert_allclose(second.usual, [6, 0.5])
    np.testing.assert_allclose(first.usual_of_all, [10, 2.2 / 6])


def test_distinctions_begin_with_the_largest_effects_with_their_sign(profiles):
    first, second, *_ = profiles[2].distinctions

    assert abs(first.effect_size) >= abs(second.effect_size) > 0.5
    assert {first.feature, second.feature} == {"recency_days", "n_orders"}
    assert "days since last order far higher" in profiles[2].description.lower()


def test_names_differ_even_when_segments_hardly_do():
    rng = np.random.default_rng(4)
    values = np.expm1(rng.normal(3, 1, (90, 3)))

    named = profile(values, Scaling.learn(values).apply(values), np.arange(90) % 6, WORDS)

    assert len({one.name for one in named}) == 6


def test_an_effect_has_an_interval_around_it(profiles):
    for one in profiles:
        for found in one.distinctions:
            assert found.low < found.effect_size < found.high


def test_what_does_not_differ_within_a_side_is_measured_by_all_and_alike_is_alike():
    inside = np.arange(300) < 60
    scaled = np.column_stack([np.full(300, 0.1), np.where(inside, 0.3, 0.1), np.arange(300) * 1.0])

    alike, apart, growing = effect_sizes(scaled, inside)

    assert alike == 0
    assert apart == pytest.approx(50)
    assert -4 < growing < -1


def test_effect_intervals_hold_a_planted_effect():
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        inside, outside = rng.normal(0.5, 1, 80), rng.normal(0, 1, 240)
        pooled = np.sqrt((inside.var() * 80 + outside.var() * 240) / 320)
        effect = (inside.mean() - outside.mean()) / pooled
        held += abs(effect - 0.5) < 1.96 * effect_errors(np.array([effect]), 80, 240)[0]

    assert 180 <= held <= 198


def test_who_is_in_no_segment_counts_among_the_others_only():
    values, kinds = segment_world(np.random.default_rng(1))
    scaled = Scaling.learn(values).apply(values)

    found = profile(values, scaled, np.where(kinds == 2, -1, kinds), WORDS)

    assert [one.number for one in found] == [0, 1]
    assert sum(one.n_customers for one in found) == 240
    assert sum(one.share for one in found) == pytest.approx(2 / 3)
