import numpy as np
import pytest

from campaigns.engine.reception_curve import WindowTimes, reception_curve
from campaigns.engine.simulation import daily_counts

N_DAYS = 10


def curve(n_campaigns, rng):
    """Campaigns of which three quarters of the redemptions come on the first day, more or less."""
    shares = rng.beta(15, 5, n_campaigns)
    times = [np.concatenate([np.full(round(400 * s), 0.05), rng.uniform(0.1, 1, round(400 * (1 - s)))]) for s in shares]
    return reception_curve([WindowTimes("A", one) for one in times], "A", rng)


def test_days_add_up_to_what_is_expected_and_the_first_has_most():
    rng = np.random.default_rng(1)
    redemptions = rng.poisson(1_000, 4_000)

    found = daily_counts(curve(12, rng), redemptions, N_DAYS, rng)

    assert found.mid.shape == (N_DAYS,)
    assert found.mid.sum() == pytest.approx(1_000, rel=0.05)
    assert found.mid[0] == pytest.approx(750, rel=0.1)
    assert found.total_mid[-1] == np.median(redemptions)
    assert (np.diff(found.total_mid) >= 0).all()
    assert ((found.low <= found.mid) & (found.mid <= found.high)).all()


def test_the_interval_is_unsure_of_how_many_and_of_when():
    rng = np.random.default_rng(2)
    sure, unsure = np.full(4_000, 1_000), rng.negative_binomial(10, 0.01, 4_000)
    many, few = curve(60, rng), curve(3, rng)

    def width(of, redemptions):
        found = daily_counts(of, redemptions, N_DAYS, rng)
        return found.high[0] - found.low[0]

    assert width(many, unsure) > 5 * width(many, sure) > 0
    assert width(few, sure) > 1.5 * width(many, sure)


def test_without_a_past_any_day_may_have_all_of_them():
    rng = np.random.default_rng(3)

    found = daily_counts(reception_curve([], "A", rng), np.full(500, 100), N_DAYS, rng)

    assert found.low[0] < 5
    assert found.high[0] > 90
    assert found.high[-1] > 90


def test_one_day_has_them_all():
    rng = np.random.default_rng(4)
    found = daily_counts(curve(5, rng), np.full(50, 20), 1, rng)

    assert (found.low[0], found.mid[0], found.high[0]) == (20, 20, 20)
