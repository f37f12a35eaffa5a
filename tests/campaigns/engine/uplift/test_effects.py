from dataclasses import replace

import numpy as np
import pytest

from campaigns.engine.uplift.effects import arm_effects, false_positive_share, sample_ratio, smallest_effect_seen
from campaigns.engine.uplift.planted import planted_trial


def test_the_difference_is_that_of_the_means_with_the_textbook_error():
    frame = planted_trial(np.random.default_rng(1), effect=0.05)
    (effect,) = arm_effects(frame)
    treated, control = frame.outcome[frame.treated], frame.outcome[~frame.treated]
    error = np.sqrt(treated.var() / len(treated) + control.var() / len(control))
    assert effect.difference.value == pytest.approx(treated.mean() - control.mean())
    assert effect.difference.se == pytest.approx(error, rel=1e-3)
    assert effect.mean.value == pytest.approx(treated.mean())


def test_nineteen_intervals_in_twenty_hold_the_planted_effect():
    worlds = (planted_trial(np.random.default_rng(seed), n_people=2000, effect=0.04) for seed in range(200))
    found = [effect for world in worlds for effect in arm_effects(world)]
    assert np.mean([one.difference.low <= 0.04 <= one.difference.high for one in found]) == pytest.approx(
        0.95, abs=0.04
    )
    assert np.mean([one.adjusted.low <= 0.04 <= one.adjusted.high for one in found]) == pytest.approx(0.95, abs=0.04)


def test_what_was_known_before_makes_the_interval_narrower():
    rng = np.random.default_rng(2)
    frame = planted_trial(rng)
    money = replace(frame, outcome=10 * frame.values[:, 2] + rng.standard_normal(len(frame)) + frame.arm_rows)
    (effect,) = arm_effects(money)
    assert effect.adjusted.se < effect.difference.se / 3
    assert effect.adjusted.low <= 1 <= effect.adjusted.high


def test_people_of_one_home_who_do_the_same_make_it_wider():
    frame = planted_trial(np.random.default_rng(3), n_people=1000)
    rows = np.repeat(np.arange(1000), 3)
    copied = frame.take(rows)
    (alone,) = arm_effects(replace(copied, groups=np.arange(3000)))
    (together,) = arm_effects(replace(copied, groups=rows))
    assert together.difference.se == pytest.approx(alone.difference.se * np.sqrt(3), rel=0.01)


def test_where_nothing_is_changed_one_interval_in_twenty_says_otherwise():
    frame = planted_trial(np.random.default_rng(4), n_people=1000)
    shares = false_positive_share(frame, 400, np.random.default_rng(0))
    assert shares == pytest.approx(0.05, abs=0.03)


def test_arms_of_another_size_than_planned_break_the_trial():
    frame = planted_trial(np.random.default_rng(5), n_people=20_000)
    assert not sample_ratio(frame).is_broken
    keep = ~(frame.treated & (np.arange(len(frame)) % 16 == 0))
    assert sample_ratio(frame.take(keep)).is_broken


def test_a_small_trial_sees_large_effects_only():
    small, large = (arm_effects(planted_trial(np.random.default_rng(6), n_people=n)) for n in (500, 8000))
    assert smallest_effect_seen(small) > 3 * smallest_effect_seen(large)
