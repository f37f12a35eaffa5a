import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from segments.engine.clustering import KScore, Scaling, TooFewCustomers, choose, cluster, describe
from tests.worlds import segment_world


def test_planted_segments_are_found():
    values, kinds = segment_world(np.random.default_rng(1))

    found = cluster(values, k_range=range(2, 7), rng=np.random.default_rng(2))

    assert found.k == 3
    assert adjusted_rand_score(kinds, found.labels) >= 0.95
    assert found.verdict == "The segments stand clearly apart."
    assert [score.k for score in found.scores] == [2, 3, 4, 5, 6]


def test_structure_free_data_is_called_so():
    rng = np.random.default_rng(3)
    values = np.expm1(rng.normal(3, 1, (600, 3)))

    found = cluster(values, k_range=range(2, 6), rng=rng)

    assert found.silhouette - found.null_silhouette < 0.05
    assert "differ by degrees" in found.verdict


@pytest.mark.parametrize("seed", range(8))
def test_columns_shuffled_apart_have_no_clear_segments(seed):
    rng = np.random.default_rng(seed)
    values = rng.permuted(segment_world(rng, n_each=200)[0], axis=0)

    found = cluster(values, k_range=range(2, 7), rng=rng)

    assert found.verdict.startswith("No clear segments")


@pytest.mark.parametrize("flaw", [{"stability": 0.74}, {"smallest_share": 0.04}])
def test_what_is_unstable_or_tiny_is_never_called_clear(flaw):
    assert describe(score(3, 0.9, **flaw), 0.1, min_share=0.05).startswith("No clear segments")


def test_same_generator_gives_the_same_division():
    values, _ = segment_world(np.random.default_rng(1))

    first, second = (cluster(values, k_range=range(2, 5), rng=np.random.default_rng(5)) for _ in range(2))

    np.testing.assert_array_equal(first.labels, second.labels)
    assert first.scores == second.scores


def test_groups_are_numbered_from_the_largest():
    values, _ = segment_world(np.random.default_rng(1))
    values = np.vstack([values, values[:100]])

    found = cluster(values, k_range=range(3, 4), rng=np.random.default_rng(5))

    sizes = np.bincount(found.labels)
    assert list(sizes) == sorted(sizes, reverse=True)
    np.testing.assert_array_equal(found.predict(values), found.labels)


def test_scaling_of_a_constant_feature_is_zero():
    values = np.column_stack([np.arange(10.0), np.full(10, 7.0)])

    scaled = Scaling.learn(values).apply(values)

    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), [1, 0], atol=1e-12)


def score(k, silhouette, stability=0.9, smallest_share=0.2):
    return KScore(k, silhouette, 1.0, stability, smallest_share)


@pytest.mark.parametrize(
    ("scores", "k"),
    [
        ([score(3, 0.3), score(4, 0.4)], 4),
        ([score(3, 0.3), score(4, 0.4, smallest_share=0.01)], 3),
        ([score(3, 0.3), score(4, 0.4, stability=0.5)], 3),
        ([score(3, 0.3, stability=0.5), score(4, 0.4, stability=0.5)], 4),
        ([score(3, 0.3, smallest_share=0.01), score(4, 0.4, smallest_share=0.02)], 4),
    ],
)
def test_choice_prefers_large_enough_then_stable_then_tight(scores, k):
    assert choose(scores, min_share=0.05).k == k


def test_verdict_says_what_to_be_careful_about():
    verdict = describe(score(3, 0.3, stability=0.4, smallest_share=0.02), 0.4, min_share=0.05)

    assert verdict.startswith("No clear segments")
    assert "only 2%" in verdict
    assert "borders" in verdict


def test_too_few_customers_are_refused():
    with pytest.raises(TooFewCustomers, match="5 different customers"):
        cluster(np.arange(10.0).reshape(5, 2), k_range=range(2, 5), rng=np.random.default_rng(0))


def test_a_missing_value_is_refused():
    values, _ = segment_world(np.random.default_rng(1))
    values[4, 1] = np.nan

    with pytest.raises(ValueError, match="finite"):
        cluster(values, k_range=range(2, 4), rng=np.random.default_rng(0))
