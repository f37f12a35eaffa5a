import numpy as np
import pytest

from campaigns.engine.benefit_slope import ASSUMED_ODDS, BenefitSlope, fit_slope


def past(rng, n, slope, benefits=(0.5, 1.0, 2.0, 4.0)):
    """Campaigns of different benefits whose outcome strays from the forecast by their benefit and by chance."""
    given = rng.choice(benefits, n)
    expected = rng.uniform(50, 400, n)
    actual = rng.poisson(expected * np.exp(slope * np.log2(given) + 0.3 * rng.standard_normal(n)))
    return given, expected, actual.astype(np.float64)


def test_the_planted_slope_lies_in_the_interval_in_19_of_20_worlds():
    rng = np.random.default_rng(1)

    found = [fit_slope(*past(rng, 20, 0.6)) for _ in range(300)]

    assert np.mean([one.is_learnt for one in found]) > 0.95
    assert np.mean([one.low <= 0.6 <= one.high for one in found if one.is_learnt]) > 0.92


def test_where_the_benefit_moved_nobody_it_is_assumed_in_nearly_all_worlds():
    rng = np.random.default_rng(2)

    found = [fit_slope(*past(rng, 20, 0.0)) for _ in range(300)]

    assert np.mean([one.is_learnt for one in found]) < 0.05
    assert {one.mid for one in found if not one.is_learnt} == {np.log(ASSUMED_ODDS)}


def test_few_campaigns_or_one_benefit_say_nothing():
    rng = np.random.default_rng(3)

    assert not fit_slope(*past(rng, 6, 2.0)).is_learnt
    assert not fit_slope(*past(rng, 30, 2.0, benefits=(1.0,))).is_learnt
    assert not fit_slope(*np.empty((3, 0))).is_learnt


def test_shifts_are_nothing_for_the_usual_benefit_and_unsure_for_another():
    learnt, rng = BenefitSlope(0.6, 0.6 - 0.392, 0.6 + 0.392, 20, True), np.random.default_rng(4)

    assert (learnt.shifts(10, 10, 50, rng) == 0).all()
    deeper = learnt.shifts(20, 10, 4_000, rng)
    assert deeper.mean() == pytest.approx(0.6, abs=0.02)
    assert deeper.std() == pytest.approx(0.2, rel=0.05)
