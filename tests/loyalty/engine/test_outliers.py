"""Planted errors among ordinary lines and customers: all are found, and next to nothing else."""

import numpy as np
import pytest

from loyalty.engine.groups import group_medians, group_modes, group_spread
from loyalty.engine.outliers import medcouple, outlying_prices, outlying_quantities, unusual_customers, upper_fence

N_PRODUCTS, N_EACH = 200, 100


def lines(rng):
    """Ordinary lines: each product has its own usual quantity and price, with some scatter."""
    product = np.repeat(np.arange(N_PRODUCTS), N_EACH)
    usual = rng.integers(1, 12, N_PRODUCTS)[product]
    quantity = np.maximum(np.round(usual * np.exp(rng.normal(0, 0.5, len(product)))), 1)
    price = np.exp(rng.normal(1, 1, N_PRODUCTS))[product] * np.exp(rng.normal(0, 0.1, len(product)))
    return product, quantity, np.round(quantity * price, 2)


def scores(found, planted):
    hits = len(set(found) & set(planted))
    return hits / len(planted), hits / max(len(found), 1)


@pytest.mark.parametrize("seed", range(5))
def test_planted_slips_of_the_keyboard_are_found_and_little_else(seed):
    rng = np.random.default_rng(seed)
    product, quantity, amount = lines(rng)
    planted = rng.choice(len(product), 40, replace=False)
    quantity[planted] *= 100  # "12" typed as "1200": the amount grows with it
    amount[planted] *= 100
    recall, precision = scores(outlying_quantities(product, quantity, N_PRODUCTS).row, planted)
    assert recall >= 0.95
    assert precision >= 0.95


@pytest.mark.parametrize("seed", range(5))
def test_planted_slips_of_the_decimal_point_are_found_and_little_else(seed):
    rng = np.random.default_rng(seed)
    product, quantity, amount = lines(rng)
    planted = rng.choice(np.flatnonzero(amount > 1), 40, replace=False)
    amount[planted] *= np.where(np.arange(40) % 2, 100.0, 0.01)
    recall, precision = scores(outlying_prices(product, quantity, amount, N_PRODUCTS).row, planted)
    assert recall >= 0.95
    assert precision >= 0.95


def test_ordinary_lines_are_left_alone():
    product, quantity, amount = lines(np.random.default_rng(1))
    assert len(outlying_quantities(product, quantity, N_PRODUCTS).row) == 0
    assert len(outlying_prices(product, quantity, amount, N_PRODUCTS).row) == 0


def test_of_a_rare_product_nothing_is_said():
    product, quantity = np.zeros(9, dtype=np.int64), np.array([1.0] * 8 + [1000.0])
    assert len(outlying_quantities(product, quantity, 1).row) == 0
    product, quantity = np.zeros(10, dtype=np.int64), np.array([1.0] * 9 + [1000.0])
    found = outlying_quantities(product, quantity, 1)
    assert (found.row.tolist(), found.value.tolist()) == ([9], [1000.0])
    assert 19 < found.limit[0] < 21


def test_returns_are_neither_judged_nor_learnt_from():
    product, quantity = np.zeros(20, dtype=np.int64), np.array([-5000.0] * 8 + [1.0] * 12)
    assert len(outlying_quantities(product, quantity, 1).row) == 0


@pytest.mark.parametrize("seed", range(5))
def test_planted_resellers_are_found_and_few_others(seed):
    rng = np.random.default_rng(seed)
    units = np.exp(rng.normal(2, 0.7, 2_000))
    spend = units * np.exp(rng.normal(1, 0.3, 2_000))
    planted = rng.choice(2_000, 20, replace=False)
    units[planted] *= 100
    spend[planted] *= 100
    found = unusual_customers(units, spend, rng=np.random.default_rng(0)).row
    recall, precision = scores(found, planted)
    assert recall >= 0.9
    assert precision >= 0.7


def test_a_handful_of_customers_has_no_resellers():
    many = np.array([1.0] * 28 + [1e6])
    assert len(unusual_customers(many, many, rng=np.random.default_rng(0)).row) == 0


def test_the_medcouple_is_that_of_the_paper():
    rng = np.random.default_rng(3)
    assert abs(medcouple(rng.normal(size=2_000))) < 0.05
    assert medcouple(rng.exponential(size=2_000)) == pytest.approx(0.333, abs=0.06)
    assert medcouple(-rng.exponential(size=2_000)) == pytest.approx(-0.333, abs=0.06)
    assert medcouple(np.ones(10)) == 0.0


def test_the_fence_holds_what_is_ordinary_also_when_it_is_skewed():
    rng = np.random.default_rng(4)
    for values in (rng.normal(size=20_000), rng.lognormal(size=20_000)):
        assert np.mean(values > upper_fence(values, rng=rng)) < 0.02


def test_medians_spreads_and_modes_of_groups():
    group = np.array([0, 0, 0, 2, 2])
    values = np.array([1.0, 5.0, 5.0, 2.0, 4.0])
    assert group_medians(group, values, 3).tolist()[::2] == [5.0, 3.0]
    assert np.isnan(group_medians(group, values, 3)[1])
    assert group_modes(group, values, 3).tolist() == [2, 0, 1]
    assert group_spread(group, values, 3).scale[2] == pytest.approx(1.4826)
    with pytest.raises(ValueError, match="5 groups for 1 values"):
        group_medians(group, values[:1], 3)
