from dataclasses import replace

import numpy as np
import pytest

from campaigns.engine.uplift.frames import folds_by_group
from campaigns.engine.uplift.learners import RESPONSE, cross_fitted_means, cross_fitted_scores, learn, pseudo_outcomes
from campaigns.engine.uplift.planted import planted_trial
from campaigns.engine.uplift.surfaces import RIDGE

LABELS = [f"{name} ({base})" for base in ("ridge", "boosting") for name in ("DR", "T", "S", "X")]


@pytest.fixture(scope="module")
def world():
    return planted_trial(np.random.default_rng(10), n_people=12_000, effect=0.02, group_effect=0.3)


@pytest.fixture(scope="module")
def learnt(world):
    return learn(world)


@pytest.mark.parametrize("label", LABELS)
def test_every_learner_puts_the_planted_group_first(world, learnt, label):
    effects = learnt[label](world.values)
    inside = (world.values[:, 0] > 0) & (world.values[:, 1] > 5)
    assert effects[inside].mean() > effects[~inside].mean() + 0.1
    assert effects.mean() == pytest.approx(0.02 + 0.3 * inside.mean(), abs=0.03)


def test_response_is_learnt_beside_them_and_is_no_effect(learnt):
    assert list(learnt) == [*LABELS, RESPONSE]


def test_scores_come_from_other_people(world):
    small = world.take(np.arange(900))
    folds = folds_by_group(small.groups, 3, np.random.default_rng(0))
    before = cross_fitted_scores(small, folds, (RIDGE,))["T (ridge)"]
    changed = small.outcome.copy()
    changed[folds == 0] = 1 - changed[folds == 0]
    after = cross_fitted_scores(replace(small, outcome=changed), folds, (RIDGE,))["T (ridge)"]
    assert np.array_equal(before[folds == 0], after[folds == 0])
    assert not np.array_equal(before[folds != 0], after[folds != 0])


def test_pseudo_outcomes_are_right_even_when_what_was_expected_is_wrong(world):
    nonsense = np.tile([0.9, 0.1], (len(world), 1))
    folds = folds_by_group(world.groups, 3, np.random.default_rng(0))
    learnt_means = cross_fitted_means(world, folds)
    truth = 0.02 + 0.3 * ((world.values[:, 0] > 0) & (world.values[:, 1] > 5)).mean()
    assert pseudo_outcomes(world, nonsense).mean() == pytest.approx(truth, abs=0.05)
    assert pseudo_outcomes(world, learnt_means).mean() == pytest.approx(truth, abs=0.02)
    assert pseudo_outcomes(world, learnt_means).std() < pseudo_outcomes(world, nonsense).std() * 0.8


def test_money_can_be_learnt_as_well_as_chances():
    rng = np.random.default_rng(11)
    world = planted_trial(rng, n_people=6000)
    gain = 5 * world.values[:, 0] * world.arm_rows
    money = replace(world, outcome=world.values[:, 2] + gain + rng.standard_normal(len(world)))
    for surface in learn(money).values():
        assert np.isfinite(surface(money.values)).all()
    effects = learn(money, (RIDGE,))["DR (ridge)"](money.values)
    assert effects[money.values[:, 0] > 0].mean() == pytest.approx(5, abs=0.5)
