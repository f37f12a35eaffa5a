import numpy as np
import pytest

from campaigns.engine.uplift.effects import arm_effects
from campaigns.engine.uplift.frames import shuffled
from campaigns.engine.uplift.gate import heterogeneity_test, passes
from campaigns.engine.uplift.planted import planted_trial
from campaigns.engine.uplift.readout import Advice, read_arm
from campaigns.engine.uplift.surfaces import RIDGE


def test_where_nobody_differs_the_sums_are_standard_normal_even_with_a_large_effect():
    found = [
        heterogeneity_test(
            planted_trial(np.random.default_rng(seed), n_people=1200, effect=0.2),
            np.random.default_rng(seed),
            bases=(RIDGE,),
            n_permutations=99,
        )
        for seed in range(60)
    ]
    z = np.array([one.z for one in found])
    assert z.mean() == pytest.approx(0, abs=0.4)
    assert z.std() == pytest.approx(1, abs=0.25)
    assert np.mean([one.p_value < 0.1 for one in found]) <= 0.2


def test_a_planted_group_is_seen():
    frame = planted_trial(np.random.default_rng(1), n_people=6000, group_effect=0.25)
    found = heterogeneity_test(frame, np.random.default_rng(0), bases=(RIDGE,))
    assert found.p_value == pytest.approx(0.001)
    assert passes(found.p_value, n_arms=3)
    assert not passes(0.004, n_arms=3)


@pytest.mark.parametrize("effect", [0.0, 0.08])
def test_the_gate_stays_closed_where_nobody_differs(effect):
    frame = planted_trial(np.random.default_rng(2), n_people=3000, effect=effect)
    (measured,) = arm_effects(frame)
    readout = read_arm(frame, measured, np.random.default_rng(0), bases=(RIDGE,))
    assert not readout.is_open
    assert readout.group is None
    assert readout.advice == (Advice.EVERYBODY if effect else Advice.CANNOT_TELL)


def test_the_gate_opens_for_a_planted_group_and_closes_when_the_arms_are_shuffled():
    frame = planted_trial(np.random.default_rng(3), n_people=12_000, group_effect=0.2)
    for trial, is_open in ((frame, True), (shuffled(frame, np.random.default_rng(0)), False)):
        readout = read_arm(trial, arm_effects(trial)[0], np.random.default_rng(0))
        assert readout.is_open is is_open
    assert readout.advice == Advice.CANNOT_TELL


def test_the_group_is_named_and_its_effect_measured():
    frame = planted_trial(np.random.default_rng(4), n_people=12_000, group_effect=0.25)
    readout = read_arm(frame, arm_effects(frame)[0], np.random.default_rng(0))
    assert readout.group is not None
    assert {one.name for one in readout.group.conditions} == {"town", "visits"}
    visits = next(one for one in readout.group.conditions if one.name == "visits")
    assert visits.low == pytest.approx(5.5)
    assert readout.group.effect.low <= 0.25 <= readout.group.effect.high
    assert readout.group.effect_elsewhere.low <= 0 <= readout.group.effect_elsewhere.high


def test_with_a_dear_contact_the_advice_is_nobody_and_with_a_free_one_everybody():
    frame = planted_trial(np.random.default_rng(5), n_people=6000, effect=0.06)
    measured = arm_effects(frame)[0]
    for cost, advice in ((0.2, Advice.NOBODY), (0.0, Advice.EVERYBODY)):
        readout = read_arm(frame, measured, np.random.default_rng(0), contact_cost=cost, bases=(RIDGE,))
        assert readout.advice == advice
