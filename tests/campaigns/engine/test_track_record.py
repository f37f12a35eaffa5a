import numpy as np
import pytest

from campaigns.engine.track_record import Surprise, calibration_groups, is_alarming, share_estimate, skill


def told(*effects):
    return [Surprise(effect, 0.3, 0.0, 0.4) for effect in effects]


def test_an_interval_of_a_share_holds_it_and_stays_a_share():
    for n_hit in (0, 9, 10):
        found = share_estimate(n_hit, 10)
        assert 0 <= found.low <= found.mid <= found.high <= 1
    # Wilson's interval by hand, 9 of 10 at 90 %.
    assert share_estimate(9, 10).low == pytest.approx(0.652, abs=0.001)


def test_calibrated_chances_lie_in_their_intervals_and_doubled_ones_do_not():
    rng = np.random.default_rng(1)
    logits = rng.uniform(-4, 0, 3_000)
    sizes = np.full(3_000, 20)
    taken = rng.binomial(sizes, 1 / (1 + np.exp(-logits)))

    honest = calibration_groups(logits, sizes, taken)
    doubled = calibration_groups(logits + np.log(2), sizes, taken)

    assert sum(group.n_customers for group in honest) == 60_000
    assert sum(g.happened.low <= g.expected <= g.happened.high for g in honest) >= 7
    assert sum(g.happened.low <= g.expected <= g.happened.high for g in doubled) == 0


def test_skill_is_the_share_of_the_error_that_is_gone():
    rng = np.random.default_rng(2)
    rule = rng.uniform(5, 15, 40)

    found = skill(rule / 4, rule, rng)

    assert (found.low, found.mid, found.high) == pytest.approx((0.75, 0.75, 0.75))
    assert skill(rule[:1], rule[:1], rng) is None
    worse = skill(rule + 5, rule, rng)
    assert worse.high < 0


@pytest.mark.parametrize(
    ("effects", "alarming"),
    [([], False), ([0.9], False), ([1.1], True), ([-1.1], True), ([0.6, 0.6], True), ([0.6, -0.6], False),
     ([0.6, 0.6, 0.1], False)],
    ids=["none", "within", "far above", "far below", "two above", "either side", "over again"],
)  # fmt: skip
def test_alarm(effects, alarming):
    assert is_alarming(told(*effects)) is alarming
