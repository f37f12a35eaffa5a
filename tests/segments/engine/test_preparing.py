import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from segments.engine.preparing import FeatureEmpty, Preparation, Scaling

PEERS = {"standard": StandardScaler(), "minmax": MinMaxScaler(), "robust": RobustScaler()}


def skewed(n=200):
    return np.random.default_rng(1).lognormal(2, 1, (n, 3))


@pytest.mark.parametrize("scaler", PEERS)
@pytest.mark.parametrize("is_damped", [True, False])
def test_scales_as_the_peer_does(scaler, is_damped):
    values = skewed()

    found = Scaling.learn(values, scaler, is_damped=is_damped).apply(values)

    np.testing.assert_allclose(found, PEERS[scaler].fit_transform(np.log1p(values) if is_damped else values))


@pytest.mark.parametrize("scaler", PEERS)
def test_a_feature_that_most_share_does_not_explode(scaler):
    values = np.zeros((100, 2))
    values[:10, 0] = 5

    found = Scaling.learn(values, scaler).apply(values)

    assert np.abs(found).max() < 10
    assert (found[:, 1] == 0).all()


def test_a_missing_value_is_taken_for_the_median_also_later():
    values = skewed()
    values[3, 1] = np.nan
    median = np.nanmedian(values[:, 1])

    scaling = Scaling.learn(values)

    later = np.array([[1.0, np.nan, 2.0], [1.0, median, 2.0]])
    np.testing.assert_array_equal(*scaling.apply(later))


def test_a_feature_that_nobody_has_is_refused():
    values = skewed()
    values[:, 2] = np.nan

    with pytest.raises(FeatureEmpty, match="Feature 3 is not known of any customer"):
        Scaling.learn(values)


def test_an_infinite_value_is_refused():
    values = skewed()
    values[0, 0] = np.inf

    with pytest.raises(ValueError, match="finite"):
        Scaling.learn(values)


def test_components_explain_what_was_asked_for():
    rng = np.random.default_rng(2)
    hidden = rng.normal(size=(400, 2))
    values = np.exp(hidden @ rng.normal(size=(2, 8)) + 0.05 * rng.normal(size=(400, 8)))

    found = Preparation.learn(values, keep=0.9)

    assert found.components.explained_shares.sum() >= 0.9
    assert found.apply(values).shape == (400, len(found.components.explained_shares))
    assert len(found.components.explained_shares) <= 3


@pytest.mark.parametrize("keep", [None, 0.8])
def test_what_was_saved_prepares_as_before(keep):
    values = skewed()
    found = Preparation.learn(values, "robust", is_damped=False, keep=keep)

    again = Preparation.restored(found.arrays())

    np.testing.assert_array_equal(again.apply(values), found.apply(values))
