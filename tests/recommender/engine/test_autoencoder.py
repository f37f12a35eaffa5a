from datetime import UTC, datetime

import jax
import numpy as np
import pytest
from scipy import sparse

from recommender.engine.autoencoder import Autoencoder, _first_params, _loss
from recommender.engine.autoencoder_serving import encoded, forward
from recommender.engine.splits import temporal_split
from tests.worlds import taste_world


@pytest.fixture(scope="module")
def split():
    world = taste_world(np.random.default_rng(1))
    return temporal_split(world, until=datetime(2024, 4, 30, tzinfo=UTC), window_days=14)


def test_input_is_damped_and_of_length_one():
    x = encoded(sparse.csr_matrix(np.array([[1.0, 7.0], [0.0, 0.0]], dtype=np.float32)))

    raw = np.log1p([1.0, 7.0])
    np.testing.assert_allclose(x.toarray(), [raw / np.linalg.norm(raw), [0, 0]], rtol=1e-6)


def test_loss_of_the_learner_is_that_of_the_serving_pass():
    rng = np.random.default_rng(2)
    params = [(w + 0.01 * rng.standard_normal(w.shape), b) for w, b in _first_params((6, 4, 4), rng)]
    x = encoded(sparse.random(5, 6, density=0.6, format="csr", dtype=np.float32, rng=rng))

    logits = forward([(np.asarray(w), np.asarray(b)) for w, b in params], x)
    shares = x.toarray() / x.toarray().sum(axis=1, keepdims=True)
    by_hand = -(shares * np.asarray(jax.nn.log_softmax(logits))).sum(axis=1).mean()

    assert float(_loss(params, x.toarray(), x.toarray())) == pytest.approx(by_hand, rel=1e-5)


def test_learning_lowers_the_loss_and_keeps_the_best_pass(split):
    learner = Autoencoder(hidden_sizes=(16,), max_epochs=30, batch_size=32, patience=3)

    learner.fit(split.train, validation=split.validation)

    curve = learner.learning_curve_
    assert curve[-1]["loss"] < curve[0]["loss"]
    best = max(curve, key=lambda point: point["validation_ndcg"])
    assert learner.n_epochs_ == best["epoch"]
    assert len(curve) in (30, learner.n_epochs_ + 3)
    assert learner.settled().max_epochs == learner.n_epochs_


def test_products_outside_the_network_rank_behind_by_popularity(split):
    learner = Autoencoder(hidden_sizes=(8,), max_products=10, max_epochs=2).fit(split.before_test)

    scores = learner.score(split.test.history)

    tail = np.setdiff1d(np.arange(scores.shape[1]), learner.head_)
    assert scores[:, tail].max(axis=1).max() < scores[:, learner.head_].min()
    by_score, by_popularity = np.argsort(-scores[0, tail]), np.argsort(-learner.popularity_[tail])
    np.testing.assert_allclose(learner.popularity_[tail][by_score], learner.popularity_[tail][by_popularity])
