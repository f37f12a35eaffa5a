import numpy as np

from segments.engine.migration import migration

# Four customers at three moments; the last one comes in between.
GROUPS = np.array([[0, 0, 1, -1], [0, 1, 1, 0], [1, 0, 1, 0]])


def test_moves_are_counted_and_shares_of_a_group_sum_to_one():
    found = migration(GROUPS, 2)

    assert found.moved.tolist() == [[[1, 1], [0, 1]], [[1, 1], [1, 1]]]
    assert found.arrived.tolist() == [[1, 0], [0, 0]]
    np.testing.assert_allclose(found.shares.sum(axis=2), 1)


def test_who_left_and_came_again_is_counted_once():
    assert migration(GROUPS, 2).came_again.tolist() == [1, 0]
    there_and_back = np.array([[0], [1], [0], [1], [0]])
    assert migration(there_and_back, 2).came_again.tolist() == [1, 1]


def test_intervals_hold_the_shares():
    found = migration(np.random.default_rng(1).integers(-1, 3, (6, 500)), 3)

    low, high = found.share_intervals()

    assert ((low <= found.shares) & (found.shares <= high)).all()


def test_one_moment_has_no_moves():
    assert migration(GROUPS[:1], 2).moved.shape == (0, 2, 2)


def test_a_group_that_nobody_was_in_has_no_shares():
    assert migration(np.array([[0, 0], [0, 0]]), 2).shares[0, 1].tolist() == [0, 0]
