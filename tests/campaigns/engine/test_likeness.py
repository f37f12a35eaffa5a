"""Two tastes are planted: even customers buy categories 0 to 9, odd ones 10 to 19; everybody buys category 20."""

import numpy as np
import pytest

from campaigns.engine.likeness import Bought, fit_tastes

N_CUSTOMERS = 200
MILK = 20


def shopping(rng):
    rows = np.repeat(np.arange(N_CUSTOMERS), 6)
    own = rng.integers(0, 10, len(rows)) + 10 * (rows % 2)
    pairs, times = np.unique(
        np.column_stack([np.r_[rows, np.arange(N_CUSTOMERS)], np.r_[own, np.full(N_CUSTOMERS, MILK)]]),
        axis=0,
        return_counts=True,
    )
    return Bought(pairs[:, 0], pairs[:, 1], times.astype(np.float64), N_CUSTOMERS)


def offered(*categories):
    n = len(categories)
    return Bought(np.zeros(n, dtype=np.int64), np.array(categories, dtype=np.int64), np.ones(n), 1)


@pytest.fixture
def bought():
    return shopping(np.random.default_rng(1))


def test_customers_are_near_what_others_of_their_taste_buy(bought):
    like = fit_tastes(bought, 4).likeness(bought, offered(3))

    never = np.ones(N_CUSTOMERS, dtype=bool)
    never[bought.customer_rows[bought.category_ids == 3]] = False
    even = np.arange(N_CUSTOMERS) % 2 == 0
    assert like[even & never].mean() > like[~even].mean() + 0.3
    assert ((like >= 0) & (like <= 1)).all()


def test_what_everybody_buys_tells_tastes_least_apart(bought):
    space, even = fit_tastes(bought, 4), np.arange(N_CUSTOMERS) % 2 == 0

    milk, own = (space.likeness(bought, offered(category)) for category in (MILK, 3))

    assert abs(milk[even].mean() - milk[~even].mean()) < 0.2 * (own[even].mean() - own[~even].mean())


def test_who_bought_nothing_and_what_nobody_bought_have_no_likeness(bought):
    space = fit_tastes(bought)
    newcomer = Bought(bought.customer_rows, bought.category_ids, bought.times, N_CUSTOMERS + 1)

    assert space.likeness(newcomer, offered(3))[-1] == 0
    assert not space.likeness(bought, offered(99)).any()
    assert not space.likeness(bought, offered()).any()


def test_the_same_purchases_give_the_same_space_in_any_order(bought):
    order = np.random.default_rng(2).permutation(len(bought.times))
    turned = Bought(bought.customer_rows[order], bought.category_ids[order], bought.times[order], bought.n_customers)

    first, second = (fit_tastes(one).likeness(bought, offered(3, 14)) for one in (bought, turned))

    np.testing.assert_allclose(first, second, atol=1e-9)


@pytest.mark.parametrize("n_rows", [0, 1], ids=["nothing", "one_line"])
def test_a_shop_without_purchases_has_no_tastes(bought, n_rows):
    few = Bought(bought.customer_rows[:n_rows], bought.category_ids[:n_rows], bought.times[:n_rows], n_rows)

    assert not fit_tastes(few).likeness(bought, offered(3)).any()
