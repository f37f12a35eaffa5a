from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from recommender.engine.dataset import InteractionMatrix, TimesUnknown
from recommender.engine.frequency import PersonalFrequency
from recommender.engine.hybrid import HistoryTooShort, Hybrid
from recommender.engine.hybrid_serving import HybridScorer
from recommender.engine.metrics import ndcg_at_k
from recommender.engine.splits import temporal_split
from recommender.engine.tifu_knn import TifuKnn
from tests.recommender.engine.tastes import UNTIL, share_of_own_taste
from tests.worlds import cycle_world, taste_world

SMALL = {"window_days": 7.0, "n_trees": 40, "learning_rate": 0.1, "max_products": 60, "min_leaf": 20}
AFTER = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=168)


@pytest.fixture(scope="module")
def cycles():
    return temporal_split(cycle_world(np.random.default_rng(1)), until=AFTER, window_days=7)


def quality(estimator, split):
    items, _ = estimator.fit(split.before_test).recommend(split.test.history, 5, exclude_seen=False)
    return float(ndcg_at_k(items, split.test.answers).mean())


def test_learns_what_is_due_where_frequency_cannot_tell(cycles):
    assert quality(Hybrid(**SMALL), cycles) > 0.95
    assert quality(PersonalFrequency(), cycles) < 0.7
    assert quality(TifuKnn(), cycles) < 0.7


def test_finds_the_planted_taste_among_what_was_never_bought():
    assert share_of_own_taste(Hybrid(**{**SMALL, "window_days": 14.0, "max_products": 160})) > 0.95


def test_names_what_brought_most(cycles):
    learner = Hybrid(**SMALL).fit(cycles.before_test)

    again = learner.importances_["again"]

    assert sum(again.values()) == pytest.approx(1.0, abs=1e-3)
    assert max(again, key=again.get) in {"last_days", "overdue", "baskets_since", "within_28", "decay_7", "share_7"}


def test_what_happens_in_a_window_is_not_known_when_it_begins(cycles):
    data = cycles.before_test

    for past, bought in Hybrid(**SMALL)._windows(data):
        together = past.matrix.sum() + bought.sum()
        assert together <= data.matrix.sum()
        assert past.log.age_days.min() > 0


def test_everything_that_can_be_offered_has_a_finite_score_and_the_rest_ranks_by_sales(cycles):
    learner = Hybrid(**{**SMALL, "n_again": 2, "n_first": 1}).fit(cycles.before_test)

    scores = learner.score(cycles.test.history)

    assert np.isfinite(scores).all()
    assert (scores < -50).sum(axis=1).min() > 40


def test_a_history_without_times_is_refused(cycles):
    with pytest.raises(TimesUnknown):
        Hybrid(**SMALL).fit(InteractionMatrix.from_frame(taste_world(np.random.default_rng(1))))


def test_a_history_too_short_is_refused():
    split = temporal_split(taste_world(np.random.default_rng(1)), until=UNTIL, window_days=14)

    with pytest.raises(HistoryTooShort, match="200 days"):
        Hybrid(window_days=200.0).fit(split.before_test)


def test_the_scorer_that_serves_does_not_pretend_to_learn(cycles):
    with pytest.raises(NotImplementedError):
        HybridScorer().fit(cycles.before_test)
