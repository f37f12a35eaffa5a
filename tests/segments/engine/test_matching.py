import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from segments.engine.clustering import cluster
from segments.engine.matching import carried_over, numbered
from segments.engine.plans import Plan
from tests.worlds import segment_world


def test_groups_are_known_again_whatever_their_labels():
    before = np.repeat([0, 1, 2], [50, 30, 20])
    now = np.repeat([2, 0, 1], [50, 30, 20])

    found = carried_over(before, now, np.random.default_rng(0))

    assert found.before_of == {2: 0, 0: 1, 1: 2}
    assert found.agreement == 1
    assert numbered(found, 3) == [1, 2, 0]


def test_a_group_that_broke_apart_goes_on_in_its_larger_part():
    before = np.repeat([0, 1], [100, 40])
    now = np.concatenate([np.repeat([0, 2], [70, 30]), np.full(40, 1)])

    found = carried_over(before, now, np.random.default_rng(0))

    assert found.before_of == {0: 0, 1: 1}
    assert numbered(found, 3) == [0, 1, 2]


def test_nothing_is_carried_over_where_chance_would_do_as_well():
    rng = np.random.default_rng(1)

    found = carried_over(rng.integers(0, 3, 3000), rng.integers(0, 3, 3000), rng)

    assert found.before_of == {}
    assert found.agreement == pytest.approx(0, abs=0.01)
    assert found.low < 0.02


def test_without_customers_in_common_nothing_is_known():
    nobody = np.empty(0, dtype=np.int64)

    assert numbered(carried_over(nobody, nobody, np.random.default_rng(0)), 2) == [0, 1]


def test_a_tenth_of_new_customers_leaves_every_group_itself():
    values, _ = segment_world(np.random.default_rng(1))
    more, _ = segment_world(np.random.default_rng(2), n_each=12)

    first = cluster(values, Plan(k_range=range(3, 4)), rng=np.random.default_rng(3))
    second = cluster(np.vstack([values[::-1], more]), Plan(k_range=range(3, 4)), rng=np.random.default_rng(4))
    found = carried_over(first.labels, second.labels[: len(values)][::-1], np.random.default_rng(5))

    assert len(found.before_of) == 3
    assert found.agreement > 0.95
    again = np.array([found.before_of[label] for label in second.labels[: len(values)][::-1].tolist()])
    np.testing.assert_array_equal(again, first.labels)


def test_agreement_is_the_adjusted_rand_index_and_its_interval_holds_it():
    rng = np.random.default_rng(6)
    before = rng.integers(0, 4, 2000)
    now = np.where(rng.random(2000) < 0.8, before, rng.integers(0, 4, 2000))

    found = carried_over(before, now, rng)

    assert found.agreement == pytest.approx(adjusted_rand_score(before, now))
    assert found.low < found.agreement < found.high
    assert found.high - found.low < 0.1


def test_who_is_in_no_group_counts_for_nothing():
    before, now = np.repeat([0, 1, -1], 20), np.tile([0, 1], 30)
    now[:40] = before[:40]

    found = carried_over(before, now, np.random.default_rng(7))

    assert (found.agreement, found.low, found.n_customers) == (1, 1, 40)


def test_a_quarter_later_borders_are_compared_and_not_who_moved():
    """A third of the customers change their kind; the kinds stay where they are."""
    rng = np.random.default_rng(8)
    values, _ = segment_world(rng)
    first = cluster(values, Plan(k_range=range(3, 4)), rng=rng)
    later, _ = segment_world(np.random.default_rng(9))
    moved = np.roll(np.arange(len(values)), 40)
    later = np.vstack([later[moved], segment_world(rng, n_each=12)[0]])

    second = cluster(later, Plan(k_range=range(3, 4)), rng=rng)

    by_customers = carried_over(first.labels, second.labels[: len(values)], rng)
    by_borders = carried_over(first.predict(later), second.labels, rng)
    assert by_customers.agreement < 0.5
    assert by_borders.agreement > 0.95
    assert len(by_borders.before_of) == 3
