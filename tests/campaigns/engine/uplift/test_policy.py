from dataclasses import replace

import numpy as np
import pytest

from campaigns.engine.uplift.frames import folds_by_group
from campaigns.engine.uplift.learners import cross_fitted_means, pseudo_outcomes
from campaigns.engine.uplift.planted import planted_trial, thinned_log
from campaigns.engine.uplift.policy import gain_over_chance, gain_over_uniform, paired_difference, policy_value


def test_nineteen_intervals_in_twenty_hold_what_a_policy_would_have_brought():
    held, naive = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        log, choice, truth = thinned_log(rng)
        expected = cross_fitted_means(log, folds_by_group(log.groups, 3, rng))
        found = policy_value(log, choice, expected)
        held.append(found.value.low <= truth <= found.value.high)
        naive.append(log.outcome[log.arm_rows == choice].mean())
        assert found.weighted == pytest.approx(found.value.value, abs=0.05)
    assert np.mean(held) >= 0.9
    # The mean of those who happened to be treated so is not the answer: that is what the chances are for.
    assert abs(np.mean(naive) - truth) > 0.003


def test_the_answer_with_a_model_and_the_one_without_agree_unless_the_chances_are_wrong():
    agree, betrayed = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        log, choice, _ = thinned_log(rng, n_people=6000)
        expected = cross_fitted_means(log, folds_by_group(log.groups, 3, rng))
        agree.append(policy_value(log, choice, expected).agree)
        # The groups were drawn by other chances than the file says.
        wrong = replace(log, propensity=np.full((len(log), 2), 0.5))
        strong = replace(wrong, outcome=log.outcome + 2 * (log.values[:, 2] > 1))
        expected = cross_fitted_means(strong, folds_by_group(log.groups, 3, rng))
        betrayed.append(policy_value(strong, np.ones(len(log), dtype=np.int64), expected).agree)
    assert np.mean(agree) >= 0.97
    assert not any(betrayed)


def test_sending_to_the_group_beats_both_uniform_policies_once_a_contact_costs_something():
    frame = planted_trial(np.random.default_rng(12), n_people=20_000, group_effect=0.15)
    expected = cross_fitted_means(frame, folds_by_group(frame.groups, 3, np.random.default_rng(0)))
    choice = ((frame.values[:, 0] > 0) & (frame.values[:, 1] > 5)).astype(np.int64)
    assert not gain_over_uniform(frame, choice, expected, 0.0).is_positive
    gain = gain_over_uniform(frame, choice, expected, 0.04)
    assert gain.is_positive
    assert gain.value == pytest.approx(0.25 * (0.15 - 0.04), abs=0.015)


def test_the_gain_over_chance_is_the_gain_at_the_cost_where_all_just_pays():
    frame = planted_trial(np.random.default_rng(13), n_people=20_000, group_effect=0.15)
    expected = cross_fitted_means(frame, folds_by_group(frame.groups, 3, np.random.default_rng(0)))
    effects = pseudo_outcomes(frame, expected)
    chosen = (frame.values[:, 0] > 0) & (frame.values[:, 1] > 5)
    gain = gain_over_chance(effects, chosen.astype(np.float64), frame.groups)
    nobody = np.zeros(len(frame), dtype=np.int64)
    at_cost = paired_difference(frame, (chosen.astype(np.int64), nobody), expected, float(effects.mean()))
    assert gain.value == pytest.approx(at_cost.value)
    assert gain.is_positive
