import numpy as np
import pytest

from segments.engine.intervals import clustered_share, share_interval


def test_the_textbook_interval():
    low, high = share_interval(8, 10)
    assert (float(low), float(high)) == (pytest.approx(0.4902, abs=1e-3), pytest.approx(0.9433, abs=1e-3))


def test_nothing_seen_is_nothing_known():
    assert [float(value) for value in share_interval(0, 0)] == [0, 1]
    assert clustered_share(np.zeros(3), np.zeros(3)) == (0, 0, 1)


def test_the_truth_lies_inside_as_often_as_is_said():
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(400):
        chance = rng.beta(2, 2, 300)  # customers differ, and are seen six times each
        _, low, high = clustered_share(rng.binomial(6, chance).astype(float), np.full(300, 6.0))
        inside += low <= 0.5 <= high
    assert 0.92 <= inside / 400 <= 0.98


def test_to_forget_that_customers_repeat_would_promise_too_much():
    rng = np.random.default_rng(2)
    hits = rng.binomial(6, rng.beta(2, 2, 300)).astype(float)
    _, low, high = clustered_share(hits, np.full(300, 6.0))
    naive_low, naive_high = share_interval(hits.sum(), 1800)
    assert high - low > 1.3 * float(naive_high - naive_low)
