import numpy as np
import pytest
from sklearn.decomposition import PCA

from loyalty.engine.components import principal_components


def test_it_is_the_analysis_of_the_textbook():
    values = np.random.default_rng(1).normal(size=(300, 6)) @ np.random.default_rng(2).normal(size=(6, 6))

    ours, oracle = principal_components(values), PCA().fit(values)

    np.testing.assert_allclose(ours.explained_shares, oracle.explained_variance_ratio_, rtol=1e-9)
    np.testing.assert_allclose(np.abs(ours.transform(values)), np.abs(oracle.transform(values)), rtol=1e-6, atol=1e-8)


def test_two_planted_causes_are_two_components():
    rng = np.random.default_rng(3)
    causes = rng.normal(size=(500, 2))
    values = causes @ rng.normal(size=(2, 10)) + rng.normal(0, 0.01, (500, 10))

    found = principal_components(values, 5)

    assert found.n_for(0.99) == 2
    assert found.explained_shares[:2].sum() == pytest.approx(1, abs=0.001)


def test_columns_that_never_vary_explain_nothing():
    assert principal_components(np.ones((9, 3))).explained_shares.tolist() == [0, 0, 0]
