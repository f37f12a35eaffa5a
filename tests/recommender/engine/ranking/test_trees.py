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


@pytest.mark.parametrize("walkers", [7, 50_000])
def test_numpy_walks_to_the_same_leaves_as_scikit_learn(monkeypatch, walkers):
    monkeypatch.setattr(trees, "WALKERS", walkers)
    rng = np.random.default_rng(2)
    x, y = stripes(rng)
    learner = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=13, early_stopping=False).fit(x, y)
    unseen, _ = stripes(rng)
    on_the_border = np.concatenate([x, unseen])

    walked = as_trees(learner).predict(on_the_border)

    np.testing.assert_allclose(walked, learner.decision_function(on_the_border), atol=1e-6)


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
