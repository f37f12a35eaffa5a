import numpy as np
import pytest
from scipy import sparse

from recommender.engine.base import top_k
from recommender.engine.factor_search import COLUMNS, FactorIndex


def factors(n_customers, n_products, seed=0):
    rng = np.random.default_rng(seed)
    draw = rng.standard_normal((n_customers + n_products, 8)).astype(np.float32)
    return draw[:n_customers], draw[n_customers:]


# Less than a group, less than a chunk, just one, and some with a rest.
@pytest.mark.parametrize("n_products", [3, 700, COLUMNS, 2 * COLUMNS + 777])
def test_finds_what_scoring_everything_finds(n_products):
    customers, products = factors(300, n_products)

    items, scores = FactorIndex.of(products).best(customers, 10)

    expected, best = top_k(customers @ products.T, 10)
    np.testing.assert_array_equal(items, expected)
    np.testing.assert_allclose(scores, best, rtol=1e-4, atol=1e-5)


def test_never_finds_what_is_excluded():
    customers, products = factors(150, COLUMNS + 99)
    barred = sparse.random(150, len(products), density=0.3, format="csr", random_state=1, dtype=np.float32)

    items, _ = FactorIndex.of(products).best(customers, 25, excluded=barred, n_threads=2)

    everything = customers @ products.T
    everything[barred.nonzero()] = -np.inf
    np.testing.assert_array_equal(items, top_k(everything, 25)[0])


def test_pads_where_nothing_is_left():
    customers, products = factors(2, 5)
    barred = sparse.csr_matrix(np.ones((2, 5), dtype=np.float32))

    items, scores = FactorIndex.of(products).best(customers, 7, excluded=barred)

    assert (items == -1).all()
    assert np.isneginf(scores).all()


def test_nobody_is_offered_nothing():
    items, _ = FactorIndex.of(factors(1, 5)[1]).best(np.empty((0, 8), dtype=np.float32), 3)

    assert items.shape == (0, 3)
