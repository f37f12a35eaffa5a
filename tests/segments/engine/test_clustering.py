import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from segments.engine.clustering import NothingApart, NotOffered, TooFewCustomers, choose, cluster, describe
from segments.engine.judging import KScore
from segments.engine.plans import Plan, PlanImpossible
from segments.engine.preparing import Scaling
from tests.worlds import segment_world


def test_planted_segments_are_found():
    values, kinds = segment_world(np.random.default_rng(1))

    found = cluster(values, Plan(k_range=range(2, 7)), rng=np.random.default_rng(2))

    assert found.k == 3
    assert adjusted_rand_score(kinds, found.labels) >= 0.95
    assert found.verdict == "The segments stand clearly apart."
    assert [score.k for score in found.scores] == [2, 3, 4, 5, 6]


def test_structure_free_data_is_called_so():
    rng = np.random.default_rng(3)
    values = np.expm1(rng.normal(3, 1, (600, 3)))

    found = cluster(values, Plan(k_range=range(2, 6)), rng=rng)

    assert found.silhouette - found.null_silhouette < 0.05
    assert "differ by degrees" in found.verdict


@pytest.mark.parametrize("seed", range(8))
def test_columns_shuffled_apart_have_no_clear_segments(seed):
    rng = np.random.default_rng(seed)
    values = rng.permuted(segment_world(rng, n_each=200)[0], axis=0)

    found = cluster(values, Plan(k_range=range(2, 7)), rng=rng)

    assert found.verdict.startswith("No clear segments")


@pytest.mark.parametrize("flaw", [{"stability": 0.74}, {"smallest_share": 0.04}])
def test_what_is_unstable_or_tiny_is_never_called_clear(flaw):
    assert describe(score(3, 0.9, **flaw), 0.1, min_share=0.05).startswith("No clear segments")


def test_same_generator_gives_the_same_division():
    values, _ = segment_world(np.random.default_rng(1))

    first, second = (cluster(values, Plan(k_range=range(2, 5)), rng=np.random.default_rng(5)) for _ in range(2))

    np.testing.assert_array_equal(first.labels, second.labels)
    assert first.scores == second.scores


def test_groups_are_numbered_from_the_largest():
    values, _ = segment_world(np.random.default_rng(1))
    values = np.vstack([values, values[:100]])

    found = cluster(values, Plan(k_range=range(3, 4)), rng=np.random.default_rng(5))

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
        cluster(np.arange(10.0).reshape(5, 2), Plan(k_range=range(2, 5)), rng=np.random.default_rng(0))


def test_a_crowd_without_gaps_is_not_divided_by_density():
    values = np.random.default_rng(1).normal(size=(500, 3))

    with pytest.raises(NothingApart, match="one crowd without gaps"):
        cluster(values, Plan(method="hdbscan", is_damped=False), rng=np.random.default_rng(0))


@pytest.mark.parametrize("method", ["ward", "dbscan", "hdbscan"])
def test_every_method_finds_planted_segments_and_knows_them_from_chance(method):
    values, kinds = segment_world(np.random.default_rng(1))

    found = cluster(values, Plan(method=method, k_range=range(2, 5)), rng=np.random.default_rng(2))

    assert adjusted_rand_score(kinds, found.labels) >= 0.95
    assert found.k == 3
    assert not found.verdict.startswith("No clear segments")
    assert found.score.stability_low > 0.75


@pytest.mark.parametrize("method", ["ward", "hdbscan"])
def test_columns_shuffled_apart_have_no_clear_segments_by_any_method(method):
    rng = np.random.default_rng(4)
    values = rng.permuted(segment_world(rng)[0], axis=0)

    try:
        verdict = cluster(values, Plan(method=method, k_range=range(2, 5)), rng=rng).verdict
    except NothingApart as refusal:
        verdict = f"No clear segments: {refusal}"

    assert verdict.startswith("No clear segments")


def test_a_number_that_is_not_stable_is_not_offered():
    values, _ = segment_world(np.random.default_rng(1))

    with pytest.raises(NotOffered, match="7 would be other segments"):
        cluster(values, Plan(k_range=range(2, 8), k=7), rng=np.random.default_rng(2))


def test_a_number_that_is_offered_is_taken():
    values, _ = segment_world(np.random.default_rng(1))

    found = cluster(values, Plan(k_range=range(2, 5), k=2), rng=np.random.default_rng(2))

    assert found.k == found.labels.max() + 1 == 2


@pytest.mark.parametrize(
    ("flaw", "named"),
    [
        ({"k_range": range(1, 4)}, "Number of segments"),
        ({"k_range": range(3, 40)}, "Number of segments"),
        ({"k": 20}, "20 is not one"),
        ({"keep": 0.2}, "Differences to keep"),
        ({"min_share": 0.6}, "Smallest segment"),
        ({"method": "tea leaves"}, "Method"),
        ({"scaler": "feet"}, "Scale"),
    ],
)
def test_settings_out_of_range_are_named(flaw, named):
    with pytest.raises(PlanImpossible, match=named):
        Plan(**flaw).check()


def test_many_customers_are_judged_by_a_sample_and_all_are_divided(monkeypatch):
    values, kinds = segment_world(np.random.default_rng(1), n_each=400)
    monkeypatch.setattr("segments.engine.dividing.kmeans.KMeansDivider.judged_at_most", 300)

    found = cluster(values, Plan(k_range=range(2, 5)), rng=np.random.default_rng(2))

    assert found.n_judged == 300
    assert len(found.labels) == 1200
    assert adjusted_rand_score(kinds, found.labels) >= 0.95


def test_components_find_planted_segments_too():
    values, kinds = segment_world(np.random.default_rng(1))
    copies = np.column_stack([values, values * 2, values + 1])

    found = cluster(copies, Plan(keep=0.9, k_range=range(2, 5)), rng=np.random.default_rng(2))

    assert adjusted_rand_score(kinds, found.labels) >= 0.95
    np.testing.assert_array_equal(found.predict(copies), found.labels)
