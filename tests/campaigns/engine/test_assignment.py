"""Small questions whose best answer an exact solver knows, and large ones whose gap is proven."""

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp

from campaigns.engine.allotment import NO_CAP, Prices, Question
from campaigns.engine.allotment_prices import upper_bound
from campaigns.engine.assignment import assign, value_spread
from campaigns.engine.campaign_effect import CampaignEffect


def question(gains, **limits):
    gains = np.asarray(gains, dtype=float)
    given = {
        "spend": np.zeros_like(gains),
        "is_allowed": np.ones(gains.shape, dtype=bool),
        "caps": np.full(gains.shape[1], NO_CAP),
    }
    return Question(gains, **{**given, **limits})


def drawn(seed, n=14, k=4, **limits):
    rng = np.random.default_rng(seed)
    gains = rng.normal(0.4, 1.0, (n, k))
    given = {
        "spend": rng.uniform(0, 1, (n, k)),
        "is_allowed": rng.random((n, k)) < 0.8,
        "caps": rng.integers(1, n // 2, k),
        "contact_cost": 0.2,
    }
    return question(gains, **{**given, **limits})


def best_value(asked):
    """By branch and bound: one variable a pair, one a contact."""
    n, k = asked.gains.shape
    pairs, size = n * k, n * k + n
    objective = np.concatenate([-asked.gains.ravel(), np.full(n, asked.contact_cost)])
    rows, upper = [], []
    for offer in range(k):
        row = np.zeros(size)
        row[offer:pairs:k] = 1
        rows.append(row)
        upper.append(min(int(asked.caps[offer]), n))
    for customer in range(n):
        row = np.zeros(size)
        row[customer * k : (customer + 1) * k] = 1
        row[pairs + customer] = -asked.most_per_customer
        rows.append(row)
        upper.append(0)
    money = np.concatenate([asked.spend.ravel(), np.full(n, asked.contact_cost)])
    rows.append(money)
    upper.append(asked.budget)
    most = np.concatenate([asked.is_allowed.ravel().astype(float), np.ones(n)])
    solved = milp(
        objective,
        constraints=LinearConstraint(np.array(rows), ub=np.array(upper, dtype=float)),
        bounds=Bounds(0, most),
        integrality=np.ones(size),
    )
    return -solved.fun


def check_limits(asked, chosen):
    assert (chosen & ~asked.is_allowed).sum() == 0
    assert (chosen.sum(axis=1) <= asked.most_per_customer).all()
    assert (chosen.sum(axis=0) <= asked.caps).all()
    assert asked.spend_of(chosen) <= asked.budget + 1e-9


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize("budget", [np.inf, 4.0])
def test_no_limit_is_broken_and_the_bound_holds_what_the_exact_solver_finds(seed, most, budget):
    asked = drawn(seed, most_per_customer=most, budget=budget)

    found, best = assign(asked), best_value(asked)

    check_limits(asked, found.chosen)
    assert found.value <= best + 1e-6 <= found.bound + 2e-6
    assert found.value >= 0.9 * best


def test_on_average_it_loses_next_to_nothing_to_the_exact_solver():
    asked = [drawn(seed, most_per_customer=1 + seed % 2, budget=(np.inf, 4.0)[seed // 2 % 2]) for seed in range(40)]

    found, best = (sum(solve(one) for one in asked) for solve in (lambda one: assign(one).value, best_value))

    assert found >= 0.99 * best


@pytest.mark.parametrize("seed", range(5))
def test_without_binding_limits_it_is_exact(seed):
    asked = drawn(seed, caps=np.full(4, NO_CAP))

    found = assign(asked)

    assert found.value == pytest.approx(best_value(asked))
    assert found.gap_share == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_one_of_each_is_the_assignment_problem(seed):
    rng = np.random.default_rng(seed)
    gains = rng.uniform(1, 2, (6, 6))
    rows, columns = linear_sum_assignment(-gains)

    found = assign(question(gains, caps=np.ones(6, dtype=np.int64)))

    assert found.value == pytest.approx(gains[rows, columns].sum())
    assert found.gap_share == pytest.approx(0.0, abs=1e-9)


def test_the_scarce_offer_goes_to_those_who_lose_most_without_it():
    # Both like the first best; only the second customer has nothing else.
    found = assign(question([[5.0, 4.9], [4.0, 0.1]], caps=np.array([1, NO_CAP])))

    assert found.chosen.tolist() == [[False, True], [True, False]]
    assert found.prices.offers[0] > 0


def test_nobody_gets_what_does_not_pay():
    found = assign(question([[-1.0, 0.3], [0.1, -2.0]], contact_cost=0.5))

    assert not found.chosen.any()
    assert (found.value, found.bound) == (0.0, 0.0)


def test_two_offers_may_pay_for_a_contact_that_neither_pays_alone():
    found = assign(question([[0.4, 0.4, 0.1]], contact_cost=0.5, most_per_customer=2))

    assert found.chosen.tolist() == [[True, True, False]]


def test_equal_customers_are_served_in_their_order_every_time():
    asked = question(np.ones((5, 1)), caps=np.array([2]))

    assert [assign(asked).chosen[:, 0].tolist() for _ in range(2)] == [[True, True, False, False, False]] * 2


def test_the_budget_goes_where_a_coin_brings_most():
    asked = question([[3.0], [2.0], [2.0]], spend=np.array([[3.0], [1.0], [1.0]]), budget=2.0)

    found = assign(asked)

    assert found.chosen[:, 0].tolist() == [False, True, True]
    assert found.spend == 2.0


def test_limits_that_are_lifted_never_make_it_worse():
    asked = drawn(2, n=200, budget=20.0)

    value = assign(asked).value

    assert value <= assign(asked.without_budget()).value + 1e-9
    assert value <= assign(asked.without_caps()).bound + 1e-9
    assert asked.without_caps().caps.min() == NO_CAP


def test_the_gap_is_small_where_customers_are_many():
    found = assign(drawn(1, n=5_000, k=12, caps=np.full(12, 150), budget=900.0))

    assert found.gap_share < 0.005


def test_any_price_bounds_any_allotment():
    asked = drawn(4, budget=5.0)
    rng = np.random.default_rng(0)

    bounds = [upper_bound(asked, Prices(rng.uniform(0, 2, 4), float(rng.uniform(0, 2)))) for _ in range(20)]

    assert min(bounds) >= best_value(asked) - 1e-6


@pytest.mark.parametrize(
    "wrong", [{"most_per_customer": 0}, {"budget": -1.0}, {"contact_cost": -1.0}, {"caps": np.ones(3, dtype=np.int64)}]
)
def test_a_question_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"one shape|below zero"):
        question(np.ones((2, 2)), **wrong)


def test_nobody_and_nothing_are_legal():
    assert assign(question(np.empty((0, 2)))).value == 0.0
    assert not assign(question(np.ones((2, 2)), is_allowed=np.zeros((2, 2), dtype=bool))).chosen.any()


def test_the_interval_of_the_money_holds_the_surprise_of_the_campaign():
    rng = np.random.default_rng(0)
    logits, gains = np.full(1_000, -1.0), np.full(1_000, 2.0)

    calm = value_spread(logits, gains, 100.0, CampaignEffect(0.0, 0.0, 1_000), rng)
    stormy = value_spread(logits, gains, 100.0, CampaignEffect(0.0, 0.4, 10), rng)

    expected = 2_000 / (1 + np.e) - 100
    assert calm.mean == pytest.approx(expected, rel=0.02)
    assert calm.low < expected < calm.high
    assert stormy.high - stormy.low > 4 * (calm.high - calm.low)
    assert value_spread(logits[:0], gains[:0], 0.0, CampaignEffect(0.0, 0.4, 10), rng).high == 0.0
