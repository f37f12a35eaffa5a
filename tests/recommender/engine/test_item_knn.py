import numpy as np
import pytest
from scipy import sparse

from recommender.engine import item_knn
from recommender.engine.item_knn import ItemKnn, nearest
from tests.recommender.engine.tastes import share_of_own_taste


def test_finds_the_planted_taste_among_what_was_never_bought():
    assert share_of_own_taste(ItemKnn(neighbours=40)) > 0.95


@pytest.mark.parametrize("products_per_block", [3, 1024])
def test_similarity_is_the_shrunk_cosine_of_two_columns(monkeypatch, products_per_block):
    monkeypatch.setattr(item_knn, "PRODUCTS_PER_BLOCK", products_per_block)
    dense = np.random.default_rng(3).poisson(0.5, (30, 8)).astype(np.float32)

    similarity = nearest(sparse.csr_matrix(dense), neighbours=8, shrinkage=2.0).toarray()

    length = np.linalg.norm(dense, axis=0)
    expected = dense.T @ dense / (np.outer(length, length) + 2.0)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(similarity, expected, rtol=1e-5)


def test_no_product_keeps_more_neighbours_than_asked():
    dense = np.random.default_rng(3).poisson(0.5, (30, 8)).astype(np.float32)

    similarity = nearest(sparse.csr_matrix(dense), neighbours=2, shrinkage=0.0)

    assert np.diff(similarity.indptr).max() == 2
