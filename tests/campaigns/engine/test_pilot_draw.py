import numpy as np
import pytest

from campaigns.engine.pilot_draw import draw_evenly
from campaigns.engine.simulation import stream


def chances(n: int = 1_003) -> np.ndarray:
    return np.random.default_rng(4).beta(1, 8, n)


def test_nobody_is_drawn_twice_and_the_same_seed_draws_the_same():
    drawn = draw_evenly(chances(), 100, stream(7, "pilot audience"))

    again = draw_evenly(chances(), 100, stream(7, "pilot audience"))
    assert len(np.unique(drawn)) == 100
    assert drawn.tolist() == again.tolist()
    assert drawn.tolist() != draw_evenly(chances(), 100, stream(8, "pilot audience")).tolist()


def test_everybody_has_the_same_chance_to_be_in_it():
    n, rng = 203, np.random.default_rng(5)
    counts = np.zeros(n)

    for _ in range(4_000):
        counts[draw_evenly(chances(n), 50, rng)] += 1

    share = 50 / n
    spread = np.sqrt(share * (1 - share) / 4_000)
    assert np.abs(counts / 4_000 - share).max() < 5 * spread


def test_a_pilot_is_more_like_everybody_than_one_drawn_blindly():
    told, rng = chances(), np.random.default_rng(6)

    drawn = np.std([told[draw_evenly(told, 100, rng)].mean() for _ in range(300)])

    blindly = np.std([told[rng.choice(len(told), 100, replace=False)].mean() for _ in range(300)])
    assert drawn < 0.4 * blindly


@pytest.mark.parametrize("n", [1, 2, 1_003])
def test_any_number_up_to_all_can_be_drawn(n):
    assert len(np.unique(draw_evenly(chances(), n, np.random.default_rng(1)))) == n


@pytest.mark.parametrize("n", [0, 1_004])
def test_a_number_out_of_range_is_refused(n):
    with pytest.raises(ValueError, match="at least one and at most all"):
        draw_evenly(chances(), n, np.random.default_rng(1))
