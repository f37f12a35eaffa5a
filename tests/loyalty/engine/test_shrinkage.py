import numpy as np
import pytest

from loyalty.engine.shrinkage import RatioPrior, fit_prior, shrink

PLAIN = RatioPrior(usual=(20.0, 20.0), high=(4.0, 0.4), high_share=0.002)


def test_without_counts_nothing_is_believed_but_the_usual():
    ratio = shrink(np.array([0.0]), np.array([1e-9]), PLAIN)

    assert ratio.mean[0] == pytest.approx(0.998 * 1 + 0.002 * 10, rel=1e-3)
    assert ratio.low[0] < 1 < ratio.high[0]


def test_small_counts_are_drawn_to_the_usual_and_large_ones_are_not():
    ratio = shrink(np.array([2.0, 200.0]), np.array([0.5, 50.0]), PLAIN)

    assert ratio.mean[0] < 2.0
    assert ratio.mean[1] == pytest.approx(4.0, rel=0.1)


def test_one_gamma_alone_gives_its_own_quantiles():
    alone = RatioPrior(usual=(3.0, 2.0), high=(3.0, 2.0), high_share=0.5)

    ratio = shrink(np.array([4.0]), np.array([1.0]), alone)

    # Gamma(7, rate 3): from its tables.
    assert ratio.mean[0] == pytest.approx(7 / 3)
    assert ratio.low[0] == pytest.approx(1.0951, abs=1e-3)
    assert ratio.high[0] == pytest.approx(3.9475, abs=1e-3)


def test_the_interval_holds_nine_times_in_ten():
    rng = np.random.default_rng(0)
    n = 6000
    truth = np.where(rng.random(n) < 0.03, rng.gamma(4.0, 3.0, n), rng.gamma(15.0, 1 / 15, n))
    expected = rng.uniform(0.2, 4.0, n)
    observed = rng.poisson(truth * expected).astype(float)

    ratio = shrink(observed, expected, fit_prior(observed, expected))

    held = (ratio.low <= truth) & (truth <= ratio.high)
    assert held.mean() == pytest.approx(0.9, abs=0.02)
    assert np.corrcoef(ratio.mean, truth)[0, 1] > np.corrcoef(observed / expected, truth)[0, 1]


def test_where_all_are_alike_no_ratio_is_far_from_one():
    rng = np.random.default_rng(1)
    expected = np.full(3000, 0.3)
    observed = rng.poisson(expected).astype(float)

    ratio = shrink(observed, expected, fit_prior(observed, expected))

    assert observed.max() / 0.3 > 8
    assert ratio.mean.max() < 3
