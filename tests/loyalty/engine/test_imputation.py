import numpy as np

from loyalty.engine.imputation import impute


def test_the_nearest_group_that_knows_enough_fills_the_gap():
    values = np.array([1.0, 2, 3, 4, 5, np.nan, 10, 10, np.nan, np.nan])
    shelf = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, -1])
    found = impute(values, {"shelf": shelf}, overall="shop")
    assert found.row.tolist() == [5, 8, 9]
    assert found.value.tolist() == [3.0, 4.0, 4.0]
    assert found.method.tolist() == ["shelf", "shop", "shop"]


def test_who_knows_too_little_guesses_nothing():
    assert not len(impute(np.array([1.0, np.nan]), {}, overall="shop").row)
    assert not len(impute(np.array([1.0] * 9), {}, overall="shop").row)


def test_hidden_values_come_back_near_the_truth():
    rng = np.random.default_rng(0)
    shelf = rng.integers(0, 20, 2_000)
    truth = np.exp(rng.normal(0, 1, 20))[shelf] * np.exp(rng.normal(0, 0.1, 2_000))
    hidden = rng.random(2_000) < 0.3
    found = impute(np.where(hidden, np.nan, truth), {"shelf": shelf}, overall="shop")
    by_shop = np.abs(np.log(np.median(truth[~hidden]) / truth[hidden]))
    assert np.median(np.abs(np.log(found.value / truth[found.row]))) < 0.1 < np.median(by_shop)
