import numpy as np
import pytest

from segments.engine.drift import drift


def shop(rng, n, *, shift=0.0):
    values = np.exp(rng.normal(3, 1, (n, 3)))
    values[:, 1] *= np.exp(shift)
    return values


@pytest.mark.parametrize("n", [60, 400, 3000])
def test_another_sample_of_the_same_shop_is_no_drift(n):
    rng = np.random.default_rng(1)

    drifted = [drift(shop(rng, n), shop(rng, n)).has_drifted for _ in range(100)]

    assert sum(drifted) <= 8


@pytest.mark.parametrize("n", [400, 3000])
def test_a_shift_is_seen_and_its_feature_named(n):
    rng = np.random.default_rng(2)

    found = drift(shop(rng, n), shop(rng, n, shift=0.8))

    assert found.has_drifted
    assert found.furthest == 1


def test_what_is_not_known_any_more_is_a_shift_too():
    rng = np.random.default_rng(3)
    before, now = shop(rng, 500), shop(rng, 500)
    now[:200, 2] = np.nan

    found = drift(before, now)

    assert found.has_drifted
    assert found.furthest == 2


def test_a_feature_that_most_have_alike_can_be_compared():
    rng = np.random.default_rng(4)
    before = np.column_stack([np.where(rng.random(500) < 0.8, 1, rng.integers(2, 9, 500)), np.zeros(500)]).astype(float)

    assert drift(before, before[::-1]).index == pytest.approx([0, 0])
