from dataclasses import replace

import numpy as np
import pytest

from campaigns.engine.uplift.frames import folds_by_group, observed_chances, shuffled
from campaigns.engine.uplift.planted import planted_trial


def test_a_frame_refuses_an_arm_without_people_and_chances_that_do_not_add_up():
    frame = planted_trial(np.random.default_rng(0), n_people=100)
    with pytest.raises(ValueError, match="every arm needs people"):
        frame.with_arms(np.zeros(100, dtype=np.int64))
    with pytest.raises(ValueError, match="sum to 1"):
        replace(frame, propensity=np.full((100, 2), 0.4))


def test_one_arm_against_the_control_has_chances_of_its_own():
    rng = np.random.default_rng(0)
    arm_rows = rng.integers(0, 3, 300)
    frame = replace(
        planted_trial(rng, n_people=300),
        arms=("nothing", "a", "b"),
        arm_rows=arm_rows,
        propensity=np.tile([0.5, 0.3, 0.2], (300, 1)),
    )
    pair = frame.against_control(2)
    assert pair.arms == ("nothing", "b")
    assert len(pair) == (arm_rows != 1).sum()
    assert np.allclose(pair.propensity, [0.5 / 0.7, 0.2 / 0.7])


def test_no_fold_cuts_a_group():
    groups = np.repeat(np.arange(50), 3)
    folds = folds_by_group(groups, 5, np.random.default_rng(0))
    assert all(len(np.unique(folds[groups == group])) == 1 for group in range(50))
    assert set(np.bincount(folds)) == {30}


def test_what_went_into_an_arm_together_is_shuffled_together():
    rng = np.random.default_rng(0)
    homes = np.repeat(np.arange(200), 2)
    frame = replace(planted_trial(rng, n_people=400), groups=homes, arm_rows=np.repeat(rng.integers(0, 2, 200), 2))
    again = shuffled(frame, rng)
    assert (again.arm_rows[::2] == again.arm_rows[1::2]).all()
    assert again.arm_rows.sum() == frame.arm_rows.sum()
    assert (again.arm_rows != frame.arm_rows).any()


def test_without_a_log_the_chances_are_the_shares():
    assert np.allclose(observed_chances(np.array([0, 0, 0, 1]), 2), [0.75, 0.25])
