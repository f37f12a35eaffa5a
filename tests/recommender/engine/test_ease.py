import numpy as np
from scipy import sparse

from recommender.engine.dataset import InteractionMatrix
from recommender.engine.ease import Ease
from recommender.engine.ids import IdMap


def wholesale_world(rng):
    """Small baskets of the companions 0 and 1 or of any two others; every other customer is a wholesaler who buys 0
    and a dozen others at random."""
    bought = np.zeros((200, 30), dtype=np.float32)
    for row in range(200):
        companions = rng.random() < 0.3
        others = rng.choice(np.arange(2, 30), 12 if row % 2 else 2, replace=False)
        bought[row, [0, *others] if row % 2 else [0, 1] if companions else others] = 1
    ids = IdMap(np.arange(200)), IdMap(np.arange(30))
    return InteractionMatrix(sparse.csr_matrix(bought), *ids)


def share_of_companion(learner):
    """Of all that a purchase of product 0 says, the share that it says for its companion."""
    says = np.abs(learner.fit(wholesale_world(np.random.default_rng(4))).weights_[0])
    return float(says[1] / says.sum())


def test_damped_wholesalers_hide_less_what_goes_together():
    plain, damped = (share_of_companion(Ease(ridge=20.0, activity_damping=a)) for a in (0.0, 1.0))

    assert damped > 1.5 * plain


def test_without_damping_and_growth_it_is_the_published_one():
    data = wholesale_world(np.random.default_rng(4))
    learner = Ease(ridge=5.0, saturation=1.0).fit(data)

    x = np.log1p(data.matrix.toarray().astype(float))
    inverse = np.linalg.inv(x.T @ x + 5.0 * np.eye(30))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(learner.weights_, expected, atol=1e-5)


def test_a_growing_ridge_holds_down_what_everybody_buys():
    data = wholesale_world(np.random.default_rng(4))
    most = int(data.customers_per_product().argmax())

    plain, grown = (Ease(ridge=50.0, ridge_growth=growth).fit(data).weights_ for growth in (0.0, 1.0))

    assert np.abs(grown[most]).sum() < np.abs(plain[most]).sum()
