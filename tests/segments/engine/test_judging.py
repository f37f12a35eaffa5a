import numpy as np
import pytest
from sklearn.metrics import calinski_harabasz_score, silhouette_score

from segments.engine.judging import KScore, Suggestions, judged, silhouette


def crowds(n=300, seed=1):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    return 3.0 * labels[:, None] + rng.normal(size=(n, 2)), labels


def test_scores_are_those_of_the_peer():
    values, labels = crowds()

    found = judged(values, labels, [0.9, 0.8, 1.0], np.random.default_rng(0))

    assert found.silhouette == pytest.approx(silhouette_score(values, labels))
    assert found.calinski_harabasz == pytest.approx(calinski_harabasz_score(values, labels))
    assert (found.silhouette_error, found.smallest_share) == (0, pytest.approx(1 / 3))
    assert found.stability == pytest.approx(0.9)
    assert found.stability_low < 0.9 < found.stability_high


def test_a_sampled_silhouette_says_how_far_it_may_be_off(monkeypatch):
    values, labels = crowds(3000)
    exact = silhouette_score(values, labels)
    monkeypatch.setattr("segments.engine.judging.SILHOUETTE_SAMPLE", 800)

    found = [silhouette(values, labels, np.random.default_rng(seed)) for seed in range(60)]

    near = [abs(mean - exact) < 1.96 * error for mean, error in found]
    assert np.mean(near) >= 0.85
    assert max(error for _, error in found) < 0.03


def test_who_is_in_no_group_counts_as_unassigned_only():
    values, labels = crowds()
    lonely = np.vstack([values, np.full((100, 2), 90.0)])

    found = judged(lonely, np.append(labels, np.full(100, -1)), [1.0], np.random.default_rng(0))

    assert found.silhouette == pytest.approx(silhouette_score(values, labels))
    assert found.unassigned_share == pytest.approx(0.25)


def score(k, silhouette, davies, calinski, stability=0.9):
    return KScore(k, silhouette, davies, stability, 0.2, calinski_harabasz=calinski)


def test_each_index_suggests_its_own_and_only_stable_ones_are_offered():
    scores = [score(3, 0.4, 1.2, 80), score(4, 0.3, 0.9, 90), score(5, 0.2, 1.5, 70, stability=0.5)]

    told = Suggestions.of(scores, min_share=0.05)

    assert (told.silhouette, told.davies_bouldin, told.calinski_harabasz) == (3, 4, 4)
    assert told.offered == (3, 4)
    assert not told.agree
