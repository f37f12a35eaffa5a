import numpy as np

from loyalty.engine.signals import UNNAMED, Events, bought_afterwards, kept_shares, pair_codes, picked_and_passed

HOUR = 3600


def events(*rows):
    """(customer, product, at, key) each."""
    columns = np.array(rows, dtype=np.int64).reshape(len(rows), 4).T
    return Events(*columns)


def kept(bought, quantity, returned, amount, of_order):
    return kept_shares(
        bought, np.array(quantity, float), returned, np.array(amount, float), np.array(of_order)
    ).tolist()


def test_a_pair_has_one_number_everywhere():
    one, other = pair_codes(events((1, 7, 0, 0), (2, 7, 0, 0)), events((2, 7, 5, 0), (1, 8, 5, 0)))

    assert one[1] == other[0]
    assert len({*one.tolist(), *other.tolist()}) == 3


def test_a_return_that_names_its_order_takes_that_one_back():
    bought = events((1, 7, 10, 100), (1, 7, 20, 101))

    assert kept(bought, [2, 2], events((1, 7, 30, 200)), [2], [100]) == [0.0, 1.0]


def test_a_return_that_names_none_takes_the_newest_before_it_back():
    bought = events((1, 7, 10, 100), (1, 7, 20, 101), (1, 7, 40, 102))

    assert kept(bought, [1, 2, 1], events((1, 7, 30, 200)), [3], [UNNAMED]) == [0.0, 0.0, 1.0]


def test_half_a_purchase_can_come_back():
    bought = events((1, 7, 10, 100))

    assert kept(bought, [4], events((1, 7, 30, 200)), [1], [100]) == [0.75]


def test_a_return_of_something_else_takes_nothing_back():
    bought = events((1, 7, 10, 100), (2, 8, 10, 101))

    assert kept(bought, [1, 1], events((1, 8, 30, 200)), [1], [UNNAMED]) == [1.0, 1.0]


def test_more_cannot_come_back_than_was_bought():
    bought = events((1, 7, 10, 100))

    assert kept(bought, [1], events((1, 7, 30, 200), (1, 7, 31, 201)), [1, 1], [100, UNNAMED]) == [0.0]


def test_without_returns_everything_is_kept():
    assert kept(events((1, 7, 10, 100)), [3], events(), [], np.zeros(0, np.int64)) == [1.0]


def test_bought_afterwards():
    removed = events((1, 7, 50, 1), (1, 8, 50, 2), (2, 7, 50, 3))
    bought = events((1, 7, 60, 100), (1, 8, 40, 101))

    assert bought_afterwards(removed, bought).tolist() == [True, False, False]
    assert bought_afterwards(removed, events()).tolist() == [False, False, False]


def looked(*rows, bought=()):
    """Rows are (customer, product, at, session, category)."""
    table = np.array(rows, dtype=np.int64)
    views = Events(table[:, 0], table[:, 1], table[:, 2], np.arange(len(table)))
    picked, passed = picked_and_passed(views, table[:, 3], table[:, 4], events(*bought))
    return picked.product.tolist(), passed.product.tolist()


def test_the_one_bought_was_picked_and_the_others_passed_over():
    seen = [(1, 7, 0, 1, 5), (1, 8, 60, 1, 5), (1, 9, 90, 1, 5), (1, 7, 95, 1, 5)]

    assert looked(*seen, bought=[(1, 8, 200, 100)]) == ([8], [7, 9])


def test_products_of_other_categories_were_not_passed_over():
    assert looked((1, 7, 0, 1, 5), (1, 8, 60, 1, 6), bought=[(1, 8, 200, 100)]) == ([], [])


def test_looking_at_only_one_says_nothing():
    assert looked((1, 7, 0, 1, 5), (1, 7, 60, 1, 5), bought=[(1, 7, 200, 100)]) == ([], [])


def test_looking_without_buying_says_nothing():
    assert looked((1, 7, 0, 1, 5), (1, 8, 60, 1, 5)) == ([], [])


def test_a_purchase_before_the_session_or_long_after_it_is_another_story():
    seen = [(1, 7, 1000, 1, 5), (1, 8, 1060, 1, 5)]

    assert looked(*seen, bought=[(1, 8, 999, 100)]) == ([], [])
    assert looked(*seen, bought=[(1, 8, 1060 + HOUR + 1, 100)]) == ([], [])
    assert looked(*seen, bought=[(1, 8, 1060 + HOUR, 100)]) == ([8], [7])


def test_somebody_else_bought_it():
    assert looked((1, 7, 0, 1, 5), (1, 8, 60, 1, 5), bought=[(2, 8, 200, 100)]) == ([], [])


def test_two_sessions_are_two_choices():
    seen = [(1, 7, 0, 1, 5), (1, 8, 60, 1, 5), (1, 7, 90_000, 2, 5), (1, 8, 90_060, 2, 5)]

    assert looked(*seen, bought=[(1, 8, 100, 1), (1, 7, 90_100, 2)]) == ([8, 7], [7, 8])


def test_no_views_at_all():
    picked, passed = picked_and_passed(events(), np.zeros(0, np.int64), np.zeros(0, np.int64), events((1, 7, 0, 1)))
    assert (len(picked), len(passed)) == (0, 0)
