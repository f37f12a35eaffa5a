import numpy as np

from segments.engine.histories import Histories

# Customer 0: days 2, 5 (a return on 7); customer 1: none; customer 2: day 5 twice.
SHOP = Histories(
    customer=np.array([0, 0, 0, 2]),
    day=np.array([2, 5, 7, 5]),
    orders=np.array([1, 1, 0, 2]),
    amount=np.array([10.0, 20.0, -5.0, 8.0]),
    n_customers=3,
)


def test_some_customers_stay_in_their_rows():
    customer = np.repeat(np.arange(10), 2)
    whole = Histories(customer, np.tile([1, 5], 10), np.ones(20, np.int64), np.ones(20), 10)

    some = whole.of_some(4)

    assert sorted(set(some.customer.tolist())) == [0, 3, 6, 9]
    assert whole.of_some(10).customer.tolist() == customer.tolist()
    assert some.last_rows(9)[[3, 4]].tolist() == [3, -1]


def test_how_customers_stood_on_a_day_knows_nothing_of_that_day():
    before = SHOP.standing(5)

    assert before.has_ordered.tolist() == [True, False, False]
    assert (before.recency_days[0], before.orders[0], before.spend[0]) == (3, 1, 10.0)


def test_what_came_back_lowers_spend_but_is_no_order():
    now = SHOP.standing(9)

    assert now.has_ordered.tolist() == [True, False, True]
    assert now.recency_days[[0, 2]].tolist() == [4, 4]
    assert now.orders[[0, 2]].tolist() == [2, 2]
    assert now.spend[[0, 2]].tolist() == [25.0, 8.0]


def test_before_the_first_and_after_the_last_day():
    assert not SHOP.standing(2).has_ordered.any()
    assert SHOP.last_rows(-50).tolist() == [-1, -1, -1]
    assert SHOP.last_rows(9000).tolist() == [2, -1, 3]


def test_a_shop_without_orders_has_nobody_who_ordered():
    nothing = np.zeros(0, np.int64)
    assert not Histories(nothing, nothing, nothing, nothing * 1.0, 4).standing(9).has_ordered.any()


def test_only_days_with_an_order_are_visits():
    assert SHOP.visits().day.tolist() == [2, 5, 5]
