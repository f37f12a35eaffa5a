import numpy as np
from scipy import sparse

from recommender.engine import ials
from recommender.engine.history import as_history
from recommender.engine.ials import Ials
from recommender.engine.splits import temporal_split
from tests.recommender.engine.tastes import UNTIL, share_of_own_taste
from tests.worlds import taste_world


def fitted(**params):
    split = temporal_split(taste_world(np.random.default_rng(1)), until=UNTIL, window_days=14)
    return Ials(n_factors=6, **params).fit(split.before_test), split.test.history


def test_finds_the_planted_taste_among_what_was_never_bought():
    assert share_of_own_taste(Ials(n_factors=8)) > 0.95


def test_a_folded_in_customer_solves_the_least_squares_problem():
    learner, history = fitted(unobserved_weight=0.3, regularisation=0.5, frequency_exponent=0.5, saturation=2.0)
    one = history[3].weights.toarray()[0]
    known = one > 0
    factors = learner.factors_.astype(float)
    confidence = np.where(known, 1 + np.log1p(2.0 * one), 0.0)
    ridge = 0.5 * (known.sum() + 0.3 * len(one)) ** 0.5
    normal = 0.3 * factors.T @ factors + factors.T @ (confidence[:, None] * factors) + ridge * np.eye(6)

    exact = np.linalg.solve(normal, factors.T @ confidence)

    np.testing.assert_allclose(learner.fold_in(history[3])[0], exact, rtol=1e-3, atol=1e-4)


def test_blocks_do_not_change_the_answer(monkeypatch):
    whole, history = fitted()
    monkeypatch.setattr(ials, "CELLS_PER_BLOCK", 50)
    blocked, _ = fitted()

    np.testing.assert_allclose(blocked.score(history), whole.score(history), rtol=1e-2, atol=1e-3)


def test_a_customer_nobody_knows_is_offered_what_sells():
    learner, history = fitted()
    nobody = sparse.csr_matrix((1, history.shape[1]), dtype=np.float32)

    assert learner.score(as_history(nobody))[0].argmax() == learner.popularity_.argmax()
