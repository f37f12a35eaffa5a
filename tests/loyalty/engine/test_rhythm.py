import numpy as np
import pytest

from loyalty.engine.rhythm import RhythmRule, rhythms, row_of
from tests.worlds import silence_world


def visits(*days, customer=1):
    return np.full(len(days), customer), np.array(days)


def every(gap, n):
    return [gap * number for number in range(n)]


def test_purchases_of_one_day_are_one_visit():
    found = rhythms(*visits(3, 3, 3, 8), as_of_day=20)

    assert found.day.tolist() == [3, 8]
    assert found.count.tolist() == [1, 2]
    assert found.gap.tolist() == [5, 12]


def test_the_allowed_gap_is_the_predictive_one():
    found = rhythms(*visits(*every(20, 11)), as_of_day=400)

    # Ten gaps in 200 days: 200 · (0.01^(−1/10) − 1).
    assert found.allowed_gap[-1] == pytest.approx(200 * (0.01 ** (-1 / 10) - 1))
    assert found.allowed_gap[0] == np.inf


def test_a_gap_of_an_unchanged_customer_is_longer_in_one_case_of_a_hundred():
    rng = np.random.default_rng(3)
    n = 4000
    # After 12 gaps of a customer with a rate of their own, the next gap comes from the same rate.
    rates = rng.gamma(2.0, 1 / 20, n)
    gaps = rng.exponential(1 / rates[:, None], (n, 13))
    days = np.cumsum(np.round(1000 * gaps), axis=1).astype(np.int64)
    rule = RhythmRule(shortest_silence=0)

    found = rhythms(np.repeat(np.arange(n), 13), days.ravel(), as_of_day=int(days.max()) + 1, rule=rule)

    thirteenth = found.gap[found.count == 12] > found.allowed_gap[found.count == 12]
    assert thirteenth.mean() == pytest.approx(0.01, abs=0.006)


def test_nobody_is_silent_within_four_weeks():
    often = every(1, 30)

    assert not rhythms(*visits(*often), as_of_day=29 + 28).is_silent.any()
    assert rhythms(*visits(*often), as_of_day=29 + 29).is_silent.tolist()[-1]


def test_somebody_without_ten_visits_has_no_rhythm():
    assert not rhythms(*visits(*every(2, 9)), as_of_day=300).is_regular.any()
    assert rhythms(*visits(*every(2, 10)), as_of_day=300).is_silent.sum() == 1


def test_a_silence_that_ended_is_still_one():
    found = rhythms(*visits(*every(2, 10), 100, 102), as_of_day=200)

    assert found.is_silent.tolist()[9]
    assert found.gap[9] == 82


def test_visits_too_near_the_end_are_not_judged_whether_or_not_somebody_came_back():
    found = rhythms(*visits(*every(2, 20)), as_of_day=41)

    judged = found.day[found.is_observed]
    assert judged.tolist() == []
    assert rhythms(*visits(*every(2, 20)), as_of_day=60).day[-5:].tolist() == [30, 32, 34, 36, 38]
    assert rhythms(*visits(*every(2, 20)), as_of_day=60).is_observed[-5:].tolist() == [True, False, False, False, False]


def test_what_comes_later_changes_nothing_of_what_was_known():
    bought = silence_world(np.random.default_rng(1), n_customers=50)
    whole = rhythms(bought.customer, bought.day, as_of_day=200)
    early = rhythms(bought.customer, bought.day, as_of_day=120)

    before = whole.day < 120
    assert (whole.customer[before] == early.customer).all()
    for name in ("count", "usual_gap", "allowed_gap", "is_regular"):
        assert (getattr(whole, name)[before] == getattr(early, name)).all()
    # Whoever was judged silent or not by then is judged alike with more to see.
    assert (whole.is_silent[before][early.is_observed] == early.is_silent[early.is_observed]).all()


def test_rows_are_found_again():
    found = rhythms(np.array([7, 5, 5, 7]), np.array([30, 10, 12, 31]), as_of_day=50)

    assert row_of(found, np.array([7, 5]), np.array([31, 10])).tolist() == [3, 0]


def test_no_visits_at_all():
    nothing = np.zeros(0, np.int64)
    assert len(rhythms(nothing, nothing, as_of_day=10)) == 0


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="same length"):
        rhythms(np.zeros(2, np.int64), np.zeros(1, np.int64), as_of_day=10)
