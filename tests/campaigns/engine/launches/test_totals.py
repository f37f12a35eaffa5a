"""How many buy something new: an honest interval where launches stray, and a naive one that is caught."""

from dataclasses import replace

import numpy as np
import pytest

from campaigns.engine.launches.totals import (
    LaunchEffect,
    LaunchTotals,
    PastLaunches,
    fit_launch_effect,
    replayed,
)

LEVELS = (0.5, 0.8, 0.9, 0.95)


def world(rng, *, n=1_500, size=1.2, factor=1.0):
    """Launches whose mean depends on one of two features, times a Gamma factor of this size."""
    features = rng.standard_normal((n, 2))
    means = factor * np.exp(1.3 + 0.6 * features[:, 0])
    buyers = rng.poisson(means * rng.gamma(size, 1 / size, n))
    days = np.sort(rng.integers(91, 300, n))
    return PastLaunches(days, np.arange(n), features, buyers), means


def coverage(places):
    return {level: float(np.mean(np.abs(places - 0.5) <= level / 2)) for level in LEVELS}


def test_intervals_learnt_from_a_replay_hold_as_often_as_they_say_on_later_launches():
    rng = np.random.default_rng(3)
    past, _ = world(rng)
    later, _ = world(rng)

    expected, after = replayed(past)
    effect = fit_launch_effect(expected, after.buyers)
    forecast = LaunchTotals().fit(past.features, past.buyers).expected(later.features)
    held = coverage(effect.places(forecast, later.buyers, rng))

    for level in LEVELS:
        assert held[level] == pytest.approx(level, abs=0.05)


def test_an_interval_that_lets_customers_alone_decide_fails_the_same_test():
    rng = np.random.default_rng(3)
    past, means = world(rng)

    held = coverage(LaunchEffect(1.0, 1.2, 0).coin_toss.places(means, past.buyers, rng))

    assert held[0.9] < 0.7
    assert held[0.5] < 0.4


def test_where_customers_alone_decide_the_two_agree():
    rng = np.random.default_rng(4)
    past, means = world(rng, size=1e6)

    held = coverage(fit_launch_effect(means, past.buyers).places(means, past.buyers, rng))

    assert held[0.9] == pytest.approx(0.9, abs=0.03)


def test_factor_and_size_of_the_effect_are_found():
    rng = np.random.default_rng(5)
    past, means = world(rng, n=4_000, size=2.0)

    effect = fit_launch_effect(means / 0.7, past.buyers)

    assert effect.factor == pytest.approx(0.7, abs=0.05)
    assert effect.size == pytest.approx(2.0, abs=0.25)
    assert effect.n_launches == 4_000


def straying(rng, *, n=4_000, slope=-0.8):
    """Launches that stray the further the more is expected of them."""
    means = np.exp(rng.normal(0.8, 1.2, n))
    size = 1.5 * (means / 5) ** slope
    return means, rng.poisson(means * rng.gamma(size, 1 / size))


def test_great_launches_that_stray_further_are_told_so():
    rng = np.random.default_rng(9)

    effect = fit_launch_effect(*straying(rng))
    means, buyers = straying(rng)
    many = means >= 5
    held = coverage(effect.places(means[many], buyers[many], rng))
    alike = coverage(replace(effect, slope=0.0, size=3.0).places(means[many], buyers[many], rng))

    assert effect.slope == pytest.approx(-0.8, abs=0.15)
    for level in LEVELS:
        assert held[level] == pytest.approx(level, abs=0.06)
    # One size for all, as fits the many small ones, is too sure of the great ones.
    assert alike[0.8] < 0.7


def test_without_any_launch_the_effect_is_what_is_believed_before():
    effect = fit_launch_effect(np.empty(0), np.empty(0, dtype=np.int64))

    assert effect.factor == pytest.approx(1.0, abs=1e-3)
    assert effect.size == pytest.approx(1.0, abs=1e-3)


def test_only_the_feature_that_matters_is_weighed():
    past, means = world(np.random.default_rng(6), n=3_000)

    totals = LaunchTotals(penalty=0.01).fit(past.features, past.buyers)

    assert totals.coef_ / totals.scale_ == pytest.approx([0.6, 0.0], abs=0.08)
    assert np.corrcoef(np.log(totals.expected(past.features)), np.log(means))[0, 1] > 0.99


def test_a_replay_forecasts_every_later_launch_from_earlier_ones_only():
    past, _ = world(np.random.default_rng(7), n=400)
    spoilt = PastLaunches(past.days, past.product_rows, past.features, past.buyers.copy())
    last = past.days >= np.quantile(past.days, 0.8)
    spoilt.buyers[last] = 10_000

    expected, after = replayed(past)
    again, _ = replayed(spoilt)

    np.testing.assert_array_equal(expected, again)
    assert after.days.min() >= np.quantile(past.days, 0.4)
    assert len(after) == len(expected)


def test_draws_have_the_spread_that_the_quantiles_tell():
    effect = LaunchEffect(0.9, 1.5, 100)

    draws = effect.draw(20.0, 40_000, np.random.default_rng(8))

    assert draws.mean() == pytest.approx(18.0, rel=0.03)
    for share in (0.05, 0.5, 0.95):
        assert np.quantile(draws, share) == pytest.approx(effect.quantiles(np.array([20.0]), share)[0], abs=2)


def test_the_same_seed_draws_the_same_numbers():
    effect = LaunchEffect(1.0, 1.0, 10)

    one, other = (effect.draw(5.0, 100, np.random.default_rng(1)) for _ in range(2))

    np.testing.assert_array_equal(one, other)


def test_a_widened_effect_keeps_its_mean_and_grows_its_interval():
    effect = LaunchEffect(1.0, 2.0, 10)
    wider = effect.widened(0.5)

    assert wider.size_at(np.array([5.0, 30.0])) == pytest.approx([1.0, 1.0])
    assert wider.quantiles(np.array([30.0]), 0.95) > effect.quantiles(np.array([30.0]), 0.95)
    assert wider.mean(np.array([30.0])) == effect.mean(np.array([30.0]))


def test_launches_nobody_bought_teach_nothing():
    with pytest.raises(ValueError, match="nobody bought"):
        LaunchTotals().fit(np.zeros((3, 2)), np.zeros(3, dtype=np.int64))
