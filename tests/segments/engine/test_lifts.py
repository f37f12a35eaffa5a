import numpy as np
import pytest

from segments.engine.lifts import strongest_lifts


def test_a_product_bought_thrice_as_often_is_found():
    buyers, others = np.array([20, 60, 100]), np.array([80, 80, 400])

    (found,) = strongest_lifts(buyers, others, n_inside=200, n_outside=800)

    assert found.row == 1
    assert found.lift == pytest.approx(3, rel=0.02)
    assert 1 < found.low < 3 < found.high


def test_chance_among_many_products_is_not_a_finding():
    rng = np.random.default_rng(1)
    shares = rng.uniform(0.01, 0.2, 2000)

    told = [
        strongest_lifts(rng.binomial(300, shares), rng.binomial(900, shares), n_inside=300, n_outside=900)
        for _ in range(20)
    ]

    assert sum(bool(found) for found in told) <= 3


def test_nothing_to_compare_is_no_finding():
    assert strongest_lifts(np.array([], dtype=int), np.array([], dtype=int), 10, 10) == ()
    assert strongest_lifts(np.array([5]), np.array([0]), 5, 0) == ()
