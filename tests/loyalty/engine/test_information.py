import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from loyalty.engine.information import _bits, _table, binned, coded, information

N = 4000


def world(seed=0, n_silent=60):
    """An outcome that one column decides, another hints at, and sixty have nothing to do with."""
    rng = np.random.default_rng(seed)
    outcome = rng.random(N) < 0.3
    columns = {"decides": binned(outcome + rng.normal(0, 0.1, N)), "hints": binned(outcome * 0.5 + rng.normal(0, 1, N))}
    columns |= {f"silent {number}": binned(rng.gamma(1, 5, N)) for number in range(n_silent)}
    return columns, outcome, rng


def test_it_is_the_mutual_information_of_the_textbook():
    columns, outcome, _ = world(n_silent=1)
    for bins in columns.values():
        told = _bits(_table(bins, outcome)[None])[0]
        assert told == pytest.approx(mutual_info_score(bins, outcome) / np.log(2))


def test_what_tells_is_found_and_what_does_not_is_said_to_say_nothing():
    columns, outcome, rng = world()

    found = information(columns, outcome, rng=rng)

    entropy = -sum(p * np.log2(p) for p in (outcome.mean(), 1 - outcome.mean()))
    # The bin in which yes and no meet knows a little less.
    assert 0.8 * entropy < found["decides"].bits < entropy
    assert found["decides"].low <= found["decides"].bits <= found["decides"].high
    assert found["decides"].tells
    assert found["hints"].tells
    assert found["hints"].low > found["hints"].null_high
    silent = [one for name, one in found.items() if name.startswith("silent")]
    assert sum(one.tells for one in silent) <= 2
    assert np.mean([one.bits for one in silent]) < 0.001


def test_with_a_shuffled_outcome_nothing_tells():
    """The negative control: in twenty worlds at most one false alarm a world in the mean of its hundred columns."""
    alarms = 0
    for seed in range(20):
        columns, outcome, rng = world(seed, n_silent=30)
        alarms += sum(one.tells for one in information(columns, rng.permutation(outcome), rng=rng).values())
    assert alarms <= 4


def test_missing_numbers_and_rare_words_have_a_place():
    bins = binned(np.array([1.0, np.nan, 2.0, np.nan]))
    assert bins[1] == bins[3] > bins[2] > bins[0] - 1
    assert (binned(np.full(5, np.nan)) == 1).all()
    assert coded(["a", "b", "a", "c"], n_levels=2).tolist() == [0, 1, 0, 2]


def test_an_outcome_that_is_always_the_same_tells_nothing():
    found = information({"x": np.arange(10) % 3}, np.ones(10, bool), rng=np.random.default_rng(1))
    assert (found["x"].bits, found["x"].tells) == (0, False)
