import numpy as np
import pytest

from segments.engine.clustering import cluster
from segments.engine.matching import carried_over, numbered
from segments.engine.plans import Plan
from tests.worlds import segment_world


def test_groups_are_known_again_whatever_their_labels():
    before = np.repeat([0, 1, 2], [50, 30, 20])
    now = np.repeat([2, 0, 1], [50, 30, 20])

    found = carried_over(before, now)

    assert found.before_of == {2: 0, 0: 1, 1: 2}
    assert found.agreement == 1
    assert numbered(found, 3) == [1, 2, 0]


def test_a_group_that_broke_apart_goes_on_in_its_larger_part():
    before = np.repeat([0, 1], [100, 40])
    now = np.concatenate([np.repeat([0, 2], [70, 30]), np.full(40, 1)])

    found = carried_over(before, now)

    assert found.before_of == {0: 0, 1: 1}
    assert numbered(found, 3) == [0, 1, 2]


def test_nothing_is_carried_over_where_chance_would_do_as_well():
    rng = np.random.default_rng(1)

    found = carried_over(rng.integers(0, 3, 3000), rng.integers(0, 3, 3000))

    assert found.before_of == {}
    assert found.agreement == pytest.approx(0, abs=0.01)


def test_without_customers_in_common_nothing_is_known():
    nobody = np.empty(0, dtype=np.int64)

    assert numbered(carried_over(nobody, nobody), 2) == [0, 1]


def test_a_tenth_of_new_customers_leaves_every_group_itself():
    values, _ = segment_world(np.random.default_rng(1))
    more, _ = segment_world(np.random.default_rng(2), n_each=12)

    first = cluster(values, Plan(k_range=range(3, 4)), rng=np.random.default_rng(3))
    second = cluster(np.vstack([values[::-1], more]), Plan(k_range=range(3, 4)), rng=np.random.default_rng(4))
    found = carried_over(first.labels, second.labels[: len(values)][::-1])

    assert len(found.before_of) == 3
    assert found.agreement > 0.95
    again = np.array([found.before_of[label] for label in second.labels[: len(values)][::-1].tolist()])
    np.testing.assert_array_equal(again, first.labels)
