from datetime import UTC, datetime

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from recommender.engine.autoencoder import Autoencoder
from recommender.engine.autoencoder_serving import encoded, forward
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.ids import IdMap
from recommender.engine.networks.judging import Judges, held_out_judges
from recommender.engine.networks.links import solved_links
from recommender.engine.networks.network import (
    Network,
    Schooling,
    affordable_passes,
    batches,
    first_network,
    loss_of,
    places_for,
)
from recommender.engine.popularity import Popularity
from recommender.engine.splits import strong_generalisation, temporal_split
from tests.worlds import factor_world, taste_world

SCHOOLING = Schooling(input_dropout=0.0, weight_decay=0.0, learning_rate=0.01, batch_size=8, kl_weight=0.0)


@pytest.fixture(scope="module")
def split():
    world = taste_world(np.random.default_rng(1))
    return temporal_split(world, until=datetime(2024, 4, 30, tzinfo=UTC), window_days=14)


def numbered(matrix):
    return InteractionMatrix(matrix, IdMap(np.arange(matrix.shape[0])), IdMap(np.arange(matrix.shape[1])))


def some_inputs(rng, n=5, m=6):
    return encoded(sparse.random(n, m, density=0.6, format="csr", dtype=np.float32, rng=rng))


def test_input_is_damped_and_of_length_one():
    x = encoded(sparse.csr_matrix(np.array([[1.0, 7.0], [0.0, 0.0]], dtype=np.float32)))

    raw = np.log1p([1.0, 7.0])
    np.testing.assert_allclose(x.toarray(), [raw / np.linalg.norm(raw), [0, 0]], rtol=1e-6)


def test_loss_of_the_learner_is_that_of_the_serving_pass():
    rng = np.random.default_rng(2)
    x, head = some_inputs(rng), np.array([0, 2, 3, 5])
    network = first_network(x, head, (4, 4), rng)
    network = Network([(w + 0.01 * rng.standard_normal(w.shape), b + 0.1) for w, b in network.layers], network.spread)
    (batch,) = batches(x, head, SCHOOLING, rng)

    loss = loss_of(network, batch, 8, jax.random.key(0), jnp.zeros(()))

    logits = forward([(np.asarray(w), np.asarray(b)) for w, b in network.layers], x)
    mass = x[:, head].toarray()
    shares = mass / np.maximum(mass.sum(axis=1, keepdims=True), 1e-12)
    by_hand = -(shares * np.asarray(jax.nn.log_softmax(logits))).sum() / (mass.sum(axis=1) > 0).sum()
    assert float(loss) == pytest.approx(by_hand, rel=1e-5)


def test_batches_hold_every_purchase_once_and_have_one_shape():
    rng = np.random.default_rng(2)
    x = some_inputs(rng, n=50, m=20)

    made = list(batches(x, np.arange(20), SCHOOLING, rng))

    assert len({tuple(part.shape for part in batch) for batch in made}) == 1
    assert made[0].inputs.shape == (places_for(x, 8),)
    assert sum(batch.weights.sum() for batch in made) == pytest.approx(x.sum(), rel=1e-5)
    assert sum((batch.shares.sum(axis=1) > 0).sum() for batch in made) == (np.diff(x.indptr) > 0).sum()


def test_a_larger_shop_gets_fewer_passes_but_some():
    rng = np.random.default_rng(2)
    small, large = some_inputs(rng, n=50, m=20), sparse.csr_matrix((3_000_000, 100_000), dtype=np.float32)

    assert affordable_passes(small, 20, 200, 32) > 1000
    assert affordable_passes(large, 6000, 200, 256) == 5


def test_one_customer_larger_than_a_batch_is_learnt_from_whole():
    x = sparse.csr_matrix(np.vstack([np.ones(20), np.eye(9, 20)]).astype(np.float32))

    made = list(batches(x, np.arange(20), SCHOOLING, np.random.default_rng(1)))

    assert max((batch.weights > 0).sum() for batch in made) >= 20


def test_learning_lowers_the_loss_and_keeps_the_best_pass(split):
    learner = Autoencoder(hidden_sizes=(16,), max_epochs=30, batch_size=32, patience=3)

    learner.fit(split.train, validation=split.validation)

    curve = learner.learning_curve_
    assert curve[-1]["loss"] < curve[0]["loss"]
    best = max(curve, key=lambda point: point["validation_ndcg"])
    assert learner.n_epochs_ == best["epoch"]
    assert len(curve) in (30, learner.n_epochs_ + 3)
    settled = learner.settled()
    assert (settled.max_epochs, settled.ridge, settled.gates) == (learner.n_epochs_, learner.ridge_, learner.gates_)


def test_what_is_settled_learns_from_everybody_and_judges_by_nobody(split):
    settled = Autoencoder(hidden_sizes=(8,), max_epochs=2, ridge=10.0, gates=(3.0, 1.0)).fit(split.before_test)

    assert settled.gates_ == (3.0, 1.0)
    assert all("validation_ndcg" not in point for point in settled.learning_curve_)


def test_products_outside_the_network_rank_behind_by_popularity(split):
    learner = Autoencoder(hidden_sizes=(8,), max_products=10, max_epochs=2).fit(split.before_test)

    scores = learner.score(split.test.history)

    tail = np.setdiff1d(np.arange(scores.shape[1]), learner.head_)
    assert scores[:, tail].max(axis=1).max() < scores[:, learner.head_].min()
    by_score, by_popularity = np.argsort(-scores[0, tail]), np.argsort(-learner.popularity_[tail])
    np.testing.assert_allclose(learner.popularity_[tail][by_score], learner.popularity_[tail][by_popularity])


@pytest.mark.parametrize("kl_weight", [0.0, 0.1])
@pytest.mark.parametrize("per_customer", [6.0, 40.0])
def test_unseen_customers_get_their_taste_and_the_other_of_each_pair(per_customer, kl_weight):
    world = factor_world(np.random.default_rng(5), per_customer=per_customer)
    split = strong_generalisation(numbered(world), np.random.default_rng(6))

    learnt = Autoencoder(hidden_sizes=(16, 16), kl_weight=kl_weight, max_epochs=15).fit(split.before_test)
    baseline = Popularity().fit(split.before_test)

    reached = [
        Judges.of(split.test).quality(one.score(split.test.history), np.arange(200)) for one in (learnt, baseline)
    ]
    assert reached[0] > 1.1 * reached[1]
    assert learnt.gates_[0] > 0


def test_where_customers_come_back_for_the_same_their_own_purchases_speak(split):
    learnt = Autoencoder(hidden_sizes=(8,), max_epochs=4).fit(split.train, validation=split.validation)

    assert learnt.gates_[1] > 0


def test_a_shop_of_few_customers_still_learns():
    few = numbered(sparse.csr_matrix(np.eye(4, 6, dtype=np.float32)))

    learnt = Autoencoder(hidden_sizes=(4,), max_epochs=2).fit(few)

    assert learnt.gates_ == (0.0, 0.0)
    assert np.isfinite(learnt.score(few.matrix)).all()


def test_judges_are_never_learnt_from():
    data = numbered(factor_world(np.random.default_rng(5)))

    others, judges = held_out_judges(data, np.random.default_rng(1))

    assert len(others) == 360
    assert judges.first_only
    assert judges.answers.multiply(judges.weights).nnz == 0
    assert len(judges.weights.indptr) - 1 <= 40


def test_links_are_those_of_ease_when_nothing_is_weighted():
    bought = sparse.csr_matrix(np.array([np.roll([1] * 5 + [0] * 5, at) for at in range(10)], dtype=np.float32))

    links = solved_links(bought, 2.0, 10).toarray()

    # Every customer bought five, every product has five buyers: no weight differs from 1.
    inverse = np.linalg.inv(bought.T.toarray() @ bought.toarray() + 2.0 * np.eye(10))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(links, expected, atol=1e-5)


def test_only_the_strongest_links_are_kept():
    bought = factor_world(np.random.default_rng(3))

    whole, few = solved_links(bought, 5.0, 200).toarray(), solved_links(bought, 5.0, 10).toarray()

    assert ((few != 0).sum(axis=0) == 10).all()
    assert np.array_equal(few[few != 0], whole[few != 0])
    assert (
        np.abs(np.where(few == 0, whole, 0)).max(axis=0) <= np.where(few == 0, np.inf, np.abs(few)).min(axis=0)
    ).all()


def test_a_pass_is_the_same_whoever_fits_it_again(split):
    learner = Autoencoder(hidden_sizes=(8,), max_epochs=3, kl_weight=0.1)

    one, two = (clone(learner).fit(split.train, validation=split.validation) for _ in range(2))

    assert one.learning_curve_ == two.learning_curve_
