import numpy as np
import pytest

from campaigns.engine.reception_curve import WindowTimes, reception_curve


def planted(rng, kind, power, n_campaigns, size=200):
    return [WindowTimes(kind, rng.random(size) ** power) for _ in range(n_campaigns)]


def test_recovers_a_planted_curve():
    rng = np.random.default_rng(1)
    curve = reception_curve(planted(rng, "mail", 2.0, 20), "mail", rng)

    # P(u² <= .25) = .5
    assert curve.share_at(0.25) == pytest.approx(0.5, abs=0.03)
    assert curve.mid[-1] == curve.low[-1] == curve.high[-1] == 1
    assert (np.diff(curve.mid) >= 0).all()
    assert not curve.indicative


def test_same_type_counts_double():
    rng = np.random.default_rng(2)
    both = planted(rng, "early", 4.0, 6) + planted(rng, "late", 0.5, 6)

    early = reception_curve(both, "early", rng).share_at(0.5)
    late = reception_curve(both, "late", rng).share_at(0.5)
    neither = reception_curve(both, "other", rng).share_at(0.5)
    assert early > neither > late


def test_band_is_wider_when_campaigns_disagree_and_marked_when_few():
    rng = np.random.default_rng(3)
    agree = reception_curve(planted(rng, "mail", 1.0, 4), "mail", rng)
    differ = reception_curve(planted(rng, "mail", 4.0, 2) + planted(rng, "mail", 0.3, 2), "mail", rng)

    assert agree.indicative
    assert (differ.high - differ.low)[50] > 3 * (agree.high - agree.low)[50]


def test_without_redemptions_nothing_is_claimed():
    curve = reception_curve([WindowTimes("mail", np.array([]))], "mail", np.random.default_rng(4))

    assert curve.n_campaigns == 0
    assert curve.share_at(0.3) == pytest.approx(0.3)
    assert (curve.low[10], curve.high[10]) == (0, 1)
