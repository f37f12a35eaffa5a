import numpy as np

from recommender.engine.relations.stockouts import Habit, Lines, Stockout, hit_rates, stockouts
from recommender.engine.shop import Shop
from recommender.engine.trials.relations import relations
from tests.worlds import shelf_world


def lines(*rows):
    """Rows are (customer, product, day)."""
    customer, product, day = np.array(rows).T
    return Lines(customer, product, day.astype(float))


def used_to(customer, product, days=(10, 20, 30, 40)):
    return [(customer, product, day) for day in days]


def found(*rows, **given):
    cases = stockouts(lines(*rows), since=50, until=78, needs=None, **given)
    return [(case.customer_id, case.product_row, case.taken_rows.tolist()) for case in cases]


def test_who_went_without_and_took_something_new_is_a_case():
    assert found(*used_to(1, 0), (1, 3, 60)) == [(1, 0, [3])]


def test_who_bought_it_took_nothing_new_or_was_not_used_to_it_is_none():
    assert found(*used_to(1, 0), (1, 0, 60), (1, 3, 60)) == []
    assert found(*used_to(1, 0), (1, 3, 5), (1, 3, 60)) == []
    assert found(*used_to(1, 0, days=(10, 40)), (1, 3, 60)) == []
    # Gone for so long that nobody would miss it.
    assert found(*used_to(1, 0, days=(1, 3, 5, 7)), (1, 3, 60)) == []


def test_what_is_bought_after_the_window_is_not_seen():
    assert found(*used_to(1, 0), (1, 3, 78)) == []


def test_only_the_same_need_counts_where_needs_are_known():
    rows = [*used_to(1, 0), (1, 2, 60), (1, 3, 60)]

    cases = stockouts(lines(*rows), since=50, until=78, needs=np.array([7, 7, 7, 8]))

    assert [case.taken_rows.tolist() for case in cases] == [[2]]
    assert not stockouts(lines(*rows), since=50, until=78, needs=np.full(4, -1))


def test_a_habit_may_be_asked_to_be_stronger():
    assert found(*used_to(1, 0), (1, 3, 60), habit=Habit(min_days=5)) == []


def test_rates_are_a_customer_each():
    cases = [Stockout(1, 0, np.array([3])), Stockout(1, 5, np.array([4])), Stockout(2, 0, np.array([9]))]

    rates = hit_rates(cases, {0: np.array([3, 4])})

    assert rates.tolist() == [0.5, 0.0]


def test_the_trial_finds_planted_rivals_where_counts_of_baskets_cannot(monkeypatch):
    monkeypatch.setattr("recommender.engine.trials.relations.K", 3)
    shop = Shop("planted", shelf_world(np.random.default_rng(5), n_customers=400))

    rows = {(row.split, row.estimator, row.metric): row for row in relations(shop, {}, np.random.default_rng(1))}

    gained = rows["instead, anything new", "substitutes against co-occurrence counts", "hit_rate@3 gained"]
    assert gained.low <= gained.value <= gained.high
    assert rows["instead, anything new", "substitutes", "cases"].value > 0
