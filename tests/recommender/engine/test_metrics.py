import numpy as np
import pytest
from scipy import sparse

from recommender.engine.metrics import (
    average_precision_at_k,
    bootstrap_mean,
    bootstrap_ratio,
    coverage,
    diversity,
    ndcg_at_k,
    novelty,
    recall_at_k,
)

ANSWERS = sparse.csr_matrix([[1, 1, 0, 0], [0, 0, 1, 0], [1, 1, 1, 0]])


def test_recall_counts_out_of_what_was_possible():
    items = np.array([[0, 3], [3, 0], [2, 1]])

    assert recall_at_k(items, ANSWERS).tolist() == [0.5, 0.0, 1.0]


def test_ndcg_by_hand():
    items = np.array([[3, 0], [2, 3], [0, -1]])
    second = 1 / np.log2(3)

    expected = [second / (1 + second), 1.0, 1 / (1 + second)]
    np.testing.assert_allclose(ndcg_at_k(items, ANSWERS), expected)


def test_padding_is_never_a_hit():
    items = np.full((3, 2), -1)

    assert recall_at_k(items, ANSWERS).sum() == 0
    assert coverage(items, 4) == 0


def test_coverage_is_the_share_offered_to_somebody():
    assert coverage(np.array([[0, 1], [1, -1]]), 4) == 0.5


def test_bootstrap_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(200):
        estimate = bootstrap_mean(rng.exponential(1.0, 150), rng, level=0.9, n_resamples=300)
        held += estimate.low <= 1.0 <= estimate.high

    assert 165 <= held <= 195


def test_no_values_are_refused():
    with pytest.raises(ValueError, match="no values"):
        bootstrap_mean(np.array([]), np.random.default_rng(0))


def test_average_precision_by_hand():
    items = np.array([[1, 9, 2], [5, 6, 7]])
    answers = sparse.csr_matrix(([1, 1, 1], ([0, 0, 1], [1, 2, 0])), shape=(2, 10))

    np.testing.assert_allclose(average_precision_at_k(items, answers), [(1 + 2 / 3) / 2, 0])


def test_what_half_of_all_bought_is_one_bit_new():
    assert novelty(np.array([[0, 1], [0, -1]]), np.array([0.5, 0.125])).tolist() == [2.0, 1.0]


def test_diversity_is_the_share_of_pairs_of_different_groups():
    groups = np.array(["tea", "tea", "soap", "ham"])

    assert diversity(np.array([[0, 1, 2], [0, 2, 3], [0, 1, -1]]), groups).tolist() == pytest.approx([2 / 3, 1, 0])


def test_ratio_of_twice_as_much_is_two_and_sure():
    values = np.random.default_rng(1).random(400)

    ratio = bootstrap_ratio(2 * values, values, np.random.default_rng(2))

    assert (ratio.low, ratio.mid, ratio.high) == pytest.approx((2, 2, 2))
    with pytest.raises(ValueError, match="400 values"):
        bootstrap_ratio(values, values[:3], np.random.default_rng(2))
