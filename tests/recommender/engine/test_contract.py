"""What every recommender promises, run over each of them."""

from datetime import UTC, datetime

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from recommender.engine.artefacts import load, save
from recommender.engine.autoencoder import Autoencoder
from recommender.engine.autoencoder_serving import AutoencoderScorer
from recommender.engine.content import ContentBased
from recommender.engine.contests.contest import Round, compete, difference, enter
from recommender.engine.dataset import InteractionMatrix
from recommender.engine.demographic import DemographicPrior
from recommender.engine.ease import Ease
from recommender.engine.frequency import PersonalFrequency
from recommender.engine.hybrid import Hybrid
from recommender.engine.hybrid_serving import HybridScorer
from recommender.engine.ials import Ials
from recommender.engine.item_knn import ItemKnn
from recommender.engine.popularity import Popularity
from recommender.engine.splits import temporal_split
from recommender.engine.tifu_knn import TifuKnn
from recommender.engine.two_tower import TwoTower
from recommender.engine.two_tower_serving import TwoTowerScorer
from tests.worlds import taste_world

UNTIL = datetime(2024, 4, 30, tzinfo=UTC)
SMALL = {"hidden_sizes": (16, 16), "max_products": 30, "max_epochs": 8, "batch_size": 32, "random_state": 3}
RECOMMENDERS = [
    Popularity(),
    PersonalFrequency(),
    Ease(ridge=10.0, max_products=30),
    Autoencoder(**SMALL),
    Autoencoder(**SMALL, kl_weight=0.1),
    ItemKnn(neighbours=10),
    Ials(n_factors=8),
    TifuKnn(neighbours=20),
    ContentBased(),
    DemographicPrior(),
    TwoTower(n_factors=8, n_hidden=16, max_epochs=3, random_state=3),
    Hybrid(window_days=14.0, n_windows=1, n_trees=20, max_products=30, min_leaf=20, random_state=3),
]
SERVED_BY = {
    "popularity": Popularity,
    "personal_frequency": PersonalFrequency,
    "ease": Ease,
    "autoencoder": AutoencoderScorer,
    "item_knn": ItemKnn,
    "ials": Ials,
    "tifu_knn": TifuKnn,
    "content_based": ContentBased,
    "demographic_prior": DemographicPrior,
    "two_tower": TwoTowerScorer,
    "hybrid": HybridScorer,
}

# These name the purchase behind a recommendation.
EXPLAINS = {"personal_frequency", "ease", "item_knn", "hybrid", "autoencoder"}


@pytest.fixture(scope="module")
def split():
    return temporal_split(taste_world(np.random.default_rng(1)), until=UNTIL, window_days=14)


@pytest.fixture(params=RECOMMENDERS, ids=lambda one: one.kind)
def recommender(request):
    return clone(request.param)


FITTED = {}


@pytest.fixture
def fitted(recommender, split):
    """On all before the test, once a process: nothing that is asked of it changes it."""
    name = recommender.kind, str(recommender.get_params())
    if name not in FITTED:
        FITTED[name] = recommender.fit(split.before_test)
    return FITTED[name]


def test_refuses_before_fit(recommender, split):
    for call in (recommender.score, lambda history: recommender.recommend(history, 3, exclude_seen=False)):
        with pytest.raises(NotFittedError):
            call(split.test.history)
    with pytest.raises(NotFittedError):
        recommender.to_artefact()


def test_scores_every_product_for_every_customer(fitted, split):
    scores = fitted.score(split.test.history)

    assert scores.shape == split.test.history.shape
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_batch_equals_one_by_one(fitted, split):
    history = split.test.history[:7]

    items, scores = fitted.recommend(history, 5, exclude_seen=True)
    single = [fitted.recommend(history[row], 5, exclude_seen=True) for row in range(7)]

    np.testing.assert_array_equal(items, np.vstack([one for one, _ in single]))
    np.testing.assert_allclose(scores, np.vstack([one for _, one in single]), rtol=1e-4, atol=1e-5)


def test_is_best_first_without_repeats(fitted, split):
    items, scores = fitted.recommend(split.test.history, 10, exclude_seen=False)

    assert (np.diff(scores, axis=1) <= 0).all()
    assert all(len(set(row)) == 10 for row in items.tolist())


def test_never_offers_what_was_excluded(fitted, split):
    history = split.test.history
    n_products = history.shape[1]

    items, scores = fitted.recommend(history, n_products + 3, exclude_seen=True)

    for row, offered in enumerate(items):
        left = set(range(n_products)) - set(history[row].weights.indices)
        assert set(offered[offered >= 0]) == left
    assert (items[:, -3:] == -1).all()
    assert np.isneginf(scores[items == -1]).all()


def test_a_customer_without_history_gets_offers(fitted, split):
    nobody = sparse.csr_matrix((1, split.test.history.shape[1]), dtype=np.float32)

    items, _ = fitted.recommend(nobody, 4, exclude_seen=True)

    assert (items >= 0).all()


def test_a_second_fit_forgets_the_first(recommender, split):
    fresh = clone(recommender).fit(split.before_test)
    again = recommender.fit(split.train).fit(split.before_test)

    np.testing.assert_array_equal(again.score(split.test.history), fresh.score(split.test.history))
    assert again.learning_curve_ == fresh.learning_curve_


def test_parameters_survive_a_copy(recommender, split):
    before = recommender.get_params()

    recommender.fit(split.train, validation=split.validation)

    assert recommender.get_params() == before == clone(recommender).get_params()
    assert type(recommender)(**before).get_params() == before


def test_artefact_serves_the_same_scores(fitted, split, tmp_path):

    artefact = load(tmp_path / "one", sha256=save(fitted.to_artefact(), tmp_path / "one"))
    served = SERVED_BY[artefact.kind].from_artefact(artefact)

    np.testing.assert_array_equal(served.score(split.test.history), fitted.score(split.test.history))
    assert served.products == fitted.products
    assert served.get_params() == fitted.get_params()


def test_same_seed_same_result(recommender, split):
    one, two = (enter(recommender, [Round(split, None)], k=5) for _ in range(2))

    for name, values in one.test.per_customer.items():
        np.testing.assert_array_equal(values, two.test.per_customer[name])
    assert one.learning_curve == two.learning_curve


def test_progress_is_told_over_both_fits_and_may_stop_them(split):
    told = []
    compete([Autoencoder(**SMALL)], [Round(split, None)], k=5, progress=lambda *at: told.append(at))

    assert told[0] == (100 // SMALL["max_epochs"], 200)
    assert told[-1] == (200, 200)
    with pytest.raises(KeyboardInterrupt):
        Autoencoder(**SMALL).fit(split.train, progress=interrupt)


def interrupt(done: int, total: int) -> None:
    raise KeyboardInterrupt


def test_removing_the_named_reason_lowers_the_score(fitted, split):
    history = split.test.history
    items, _ = fitted.recommend(history, 5, exclude_seen=False)
    named = fitted.because(history, items)
    rows, places = np.nonzero(named >= 0)
    assert named.shape == items.shape
    assert bool(len(rows)) == (fitted.kind in EXPLAINS)

    for row, place in zip(rows[:40], places[:40], strict=True):
        one, item = history[row], items[row, place]
        less = fitted.score(one.without(named[row, [place]]))[0, item]
        assert less < fitted.score(one)[0, item]


def test_declares_a_space_that_a_search_can_walk(recommender):
    assert set(recommender.space) <= set(recommender.get_params())


def test_k_below_one_is_refused(recommender, split):
    with pytest.raises(ValueError, match="at least 1"):
        recommender.fit(split.train).recommend(split.test.history, 0, exclude_seen=True)


def test_autoencoder_finds_the_planted_taste_that_popularity_cannot(split):
    learner = Autoencoder(**{**SMALL, "max_epochs": 40, "max_products": 40})

    learnt, baseline = compete([learner, Popularity()], [Round(split, None)], k=5)

    items, _ = learnt.estimator.recommend(split.test.history, 5, exclude_seen=False)
    own = split.before_test.customers.ids[split.test.customer_rows] % 2
    offered = split.before_test.products.ids[items] % 2
    assert (offered == own[:, None]).mean() > 0.95
    mine, theirs = (one.test.per_customer["all.recall"] for one in (learnt, baseline))
    assert difference(mine, theirs, np.random.default_rng(4)).low > 0


def test_the_scorer_that_serves_does_not_pretend_to_learn():
    empty = InteractionMatrix.from_frame(taste_world(np.random.default_rng(1)))

    with pytest.raises(NotImplementedError):
        AutoencoderScorer().fit(empty)
