import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from recommender.engine.ranking import trees
from recommender.engine.ranking.boosting import Examples, Growth, as_trees, grown
from recommender.engine.ranking.trees import Trees

GROWTH = Growth(n_trees=12, learning_rate=0.2, max_leaves=9, min_leaf=5, ridge=1.0, random_state=0)


def stripes(rng, n=900):
    """The second column decides, with ties and in coarse steps; the other two do not matter."""
    x = np.column_stack([rng.normal(size=n), rng.integers(0, 12, n) / 10, rng.random(n)]).astype(np.float32)
    return x, (x[:, 1] > 0.5) ^ (rng.random(n) < 0.1)


@pytest.mark.parametrize("at_once", [7, 50_000])
def test_numpy_finds_the_same_leaves_as_scikit_learn(monkeypatch, at_once):
    monkeypatch.setattr(trees, "ROWS_AT_ONCE", at_once)
    rng = np.random.default_rng(2)
    x, y = stripes(rng)
    learner = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=13, early_stopping=False).fit(x, y)
    unseen, _ = stripes(rng)
    on_the_border = np.concatenate([x, unseen])

    summed = as_trees(learner).predict(on_the_border)

    np.testing.assert_allclose(summed, learner.decision_function(on_the_border), atol=1e-6)


def test_gains_name_the_column_that_decides():
    x, y = stripes(np.random.default_rng(2))

    _, gains = grown(Examples(x, y, np.ones(len(y), dtype=np.float32)), GROWTH)

    assert gains.argmax() == 1
    assert gains.sum() == pytest.approx(1.0)


def test_arrays_give_the_same_trees():
    x, y = stripes(np.random.default_rng(2))
    first, _ = grown(Examples(x, y, np.ones(len(y), dtype=np.float32)), GROWTH)

    again = Trees.from_arrays("one", first.arrays("one"))

    np.testing.assert_array_equal(again.predict(x), first.predict(x))
    assert again.predict(x[:0]).shape == (0,)


@pytest.mark.parametrize("max_leaves", [2, 63, 400])
def test_trees_of_any_size_say_what_scikit_learn_says(max_leaves):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(3000, 3)).astype(np.float32)
    learner = HistGradientBoostingClassifier(
        max_iter=3, max_leaf_nodes=max_leaves, min_samples_leaf=2, max_depth=None, early_stopping=False
    ).fit(x, x.sum(axis=1) + rng.normal(size=3000) > 0)

    np.testing.assert_allclose(as_trees(learner).predict(x), learner.decision_function(x), atol=1e-6)


def test_splits_are_where_the_weight_is_and_ask_for_values():
    """All that matters happens among a few heavy rows: places found without weights would not part them."""
    rng = np.random.default_rng(6)
    x = np.concatenate([rng.uniform(0, 1, 3000), rng.uniform(0, 1000, 60_000)]).astype(np.float32)[:, None]
    y, weights = np.ravel(x) < 0.5, np.where(np.arange(len(x)) < 3000, 1000.0, 0.01).astype(np.float32)

    found, _ = grown(Examples(x, y, weights), GROWTH)

    low, high = found.predict(np.array([[0.51], [0.49]], dtype=np.float32))
    assert low < 0 < high
    inner = np.isfinite(found.thresholds)
    assert np.isin(found.thresholds[inner], x).all()
