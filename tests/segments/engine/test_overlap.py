import numpy as np

from segments.engine.overlap import overlap

# Ten customers only in 0, six in 0 and 1, four in all three; nobody only in 2.
FOUND = overlap([((0, 1), 6), ((0,), 10), ((0, 1, 2), 4)], 4)


def test_pairs_are_added_up_from_combinations():
    assert FOUND.sizes.tolist() == [20, 10, 4, 0]
    assert FOUND.both[0].tolist() == [20, 10, 4, 0]
    assert FOUND.both[1, 2] == FOUND.both[2, 1] == 4


def test_shares_are_of_the_rows_customers():
    assert FOUND.shares[1, 0] == 1
    assert FOUND.shares[0, 1] == 0.5
    assert FOUND.shares[3].tolist() == [0, 0, 0, 0]


def test_the_same_customers_are_wholly_alike():
    assert np.allclose(FOUND.alike.diagonal()[:3], 1)
    assert FOUND.alike[0, 2] == 0.2


def test_the_largest_combination_comes_first_and_all_are_counted_once():
    assert [groups for groups, _ in FOUND.combinations] == [(0,), (0, 1), (0, 1, 2)]
    assert sum(n for _, n in FOUND.combinations) == 20
