import numpy as np
import pytest
from scipy.stats import ttest_ind

from segments.engine.comparison import lifts, mean_differences


def test_one_habit_is_welchs_interval():
    rng = np.random.default_rng(1)
    one, other = rng.normal(5, 1, 40), rng.normal(4, 3, 90)

    found = mean_differences([one], [other])[0]

    peer = ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == (pytest.approx(peer.low), pytest.approx(peer.high))


def test_of_ten_habits_without_a_difference_hardly_a_table_tells_one():
    rng = np.random.default_rng(2)
    false, naive = 0, 0
    for _ in range(300):
        one, other = [rng.gamma(2, 1, 60) for _ in range(10)], [rng.gamma(2, 1, 80) for _ in range(10)]
        false += any(one.is_told for one in mean_differences(one, other))
        naive += any(mean_differences([a], [b])[0].is_told for a, b in zip(one, other, strict=True))
    assert false / 300 <= 0.08
    assert naive / 300 > 0.25  # each for itself, one table in three would tell of nothing


def test_a_planted_difference_is_told_with_its_sign():
    rng = np.random.default_rng(3)
    one, other = rng.normal(10, 2, 200), rng.normal(12, 2, 200)
    found = mean_differences([one, rng.normal(0, 1, 200)], [other, rng.normal(0, 1, 200)])
    assert found[0].is_told
    assert found[0].high < 0
    assert found[0].low < -2 < found[0].high


def test_missing_values_and_small_groups():
    few = np.array([1.0, np.nan, 2.0])
    found = mean_differences([few], [np.arange(50.0)])[0]
    assert (found.one, found.n_one, found.low, found.high) == (1.5, 2, -np.inf, np.inf)
    assert not found.is_told
    nobody = mean_differences([np.array([np.nan])], [np.arange(50.0)])[0]
    assert np.isnan(nobody.one)


def test_everybody_equal_differs_by_nothing():
    found = mean_differences([np.full(20, 3.0)], [np.full(30, 3.0)])[0]
    assert (found.low, found.high, found.is_told) == (0, 0, False)


def test_lifts_find_what_was_planted_and_hold_their_level():
    rng = np.random.default_rng(4)
    missed = 0
    for _ in range(300):
        found = lifts(rng.binomial(400, [0.3, 0.1]) * 1.0, 400, rng.binomial(500, [0.15, 0.1]) * 1.0, 500)
        missed += not (found[0].low < 2 < found[0].high and found[1].low < 1 < found[1].high)
    assert missed / 300 <= 0.08
    assert found[0].is_told


def test_what_nobody_of_a_group_buys_has_a_lift_too():
    found = lifts(np.array([0.0, 30.0]), 100, np.array([0.0, 0.0]), 100)
    assert found[0].lift == pytest.approx(1)
    assert not found[0].is_told
    assert found[1].is_told
    assert np.isfinite([found[1].lift, found[1].low, found[1].high]).all()
