import numpy as np
import pytest

from campaigns.engine.benefit import learn_benefit_response
from campaigns.engine.campaign_effect import EffectObservation

DEPTHS = [5, 10, 15, 20, 30] * 8


def observed(slope, sd, seed=1):
    rng = np.random.default_rng(seed)
    effects = slope * np.log(np.array(DEPTHS) / 10) + sd * rng.standard_normal(len(DEPTHS))
    return [EffectObservation(float(effect), 0.1) for effect in effects]


def test_a_planted_slope_is_found():
    learnt = learn_benefit_response(DEPTHS, observed(0.8, 0.2), 0.2)

    assert learnt is not None
    assert abs(learnt.slope - 0.8) < 2 * learnt.sd < 0.3
    assert learnt.covers(12)
    assert not learnt.covers(50)


def test_where_nothing_was_planted_the_slope_may_be_zero():
    learnt = [learn_benefit_response(DEPTHS, observed(0.0, 0.3, seed), 0.3) for seed in range(200)]

    held = [abs(one.slope) < 1.64 * one.sd for one in learnt if one]
    assert np.mean(held) == pytest.approx(0.9, abs=0.06)


def test_shifts_are_nothing_for_the_usual_benefit_and_unsure_for_another():
    learnt = learn_benefit_response(DEPTHS, observed(0.8, 0.2), 0.2)
    rng = np.random.default_rng(3)

    assert (learnt.shifts(10, 10, 50, rng) == 0).all()
    deeper = learnt.shifts(20, 10, 4_000, rng)
    assert deeper.mean() == pytest.approx(learnt.slope * np.log(2), abs=0.02)
    assert deeper.std() == pytest.approx(learnt.sd * np.log(2), rel=0.1)


@pytest.mark.parametrize(
    "depths",
    [[10] * 20, [10, 12, 14] * 6, [10, 30] * 9, [5, 10, 20], [0, 10, 20] * 6],
    ids=["one depth", "too close together", "two depths", "few campaigns", "no benefit at all"],
)
def test_where_offers_hardly_varied_nothing_is_learnt(depths):
    assert learn_benefit_response(depths, [EffectObservation(0.1, 0.1)] * len(depths), 0.3) is None
