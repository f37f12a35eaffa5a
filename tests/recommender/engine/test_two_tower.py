"""The network on a world where the brand decides: known, new, without purchases, with opinions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import sparse

from recommender.engine.attributes import Attributes
from recommender.engine.dataset import InteractionMatrix, TimesUnknown
from recommender.engine.encoding import Encoding
from recommender.engine.history import CustomerHistory, PurchaseLog
from recommender.engine.launches.affinity import ITSELF, Affinity, activity, codes_of
from recommender.engine.launches.cases import cases_of_window
from recommender.engine.launches.wide import learnt, standing_of
from recommender.engine.splits import temporal_split
from recommender.engine.two_tower import TwoTower
from recommender.engine.two_tower_serving import TwoTowerScorer
from tests.worlds import brand_world

UNTIL = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=160)
NEW = Attributes(
    2,
    {"brand": np.array(["even", "odd"]), "shelf": np.array(["left", "left"])},
    {"price": np.array([3.0, 3.0], dtype=np.float32)},
    np.array(["even surprise", "odd surprise"]),
)
SMALL = {"n_factors": 4, "n_hidden": 8, "max_epochs": 4, "window_days": 14, "random_state": 1}


@pytest.fixture(scope="module")
def split():
    shop = brand_world(np.random.default_rng(3))
    return temporal_split(shop.purchases, until=UNTIL, window_days=14, facts=shop.products, traits=shop.customers)


@pytest.fixture(scope="module")
def fitted(split):
    return TwoTower(**SMALL).fit(split.before_test)


def is_odd(split, rows):
    return split.before_test.customers.ids[rows] % 2 == 1


def test_a_brand_new_product_goes_to_those_who_buy_its_brand(split, fitted):
    scores = fitted.score_new(split.test.history, NEW)

    odd = is_odd(split, split.test.customer_rows)
    assert (scores[odd, 1] > scores[odd, 0]).all()
    assert scores[odd, 1].min() > scores[~odd, 1].max()


def test_a_larger_catalogue_scores_the_new_as_new_and_the_old_as_before(split, fitted):
    ids = np.array([3, 7000])
    wider = fitted.with_products(ids, NEW)
    old, new = wider.products.rows_of(fitted.product_ids_), wider.products.rows_of(ids)

    history = renumbered(split.test.history, old, len(wider.products))
    scores = wider.score(history)

    np.testing.assert_allclose(scores[:, old], fitted.score(split.test.history), atol=2e-4)
    np.testing.assert_allclose(scores[:, new], fitted.score_new(split.test.history, NEW), atol=2e-4)
    served = TwoTowerScorer.from_artefact(wider.to_artefact())
    np.testing.assert_array_equal(served.score(history), scores)
    with pytest.raises(ValueError, match="in the catalogue already"):
        fitted.with_products(fitted.product_ids_[:1], NEW.rows(np.array([0])))


def renumbered(history, places, n_products):
    weights = history.weights.tocoo()
    cells = (weights.data, (weights.row, places[weights.col]))
    log = replace(history.log, product_rows=places[history.log.product_rows].astype(np.int32))
    return CustomerHistory(sparse.csr_matrix(cells, shape=(len(history), n_products)), log, history.traits)


def test_a_brand_new_customer_is_scored_by_traits(split):
    learner = TwoTower(**{**SMALL, "max_epochs": 60, "learning_rate": 0.01, "input_dropout": 0.5})
    network = learner.fit(split.before_test)
    traits = Attributes(2, {"district": np.array(["north", "south"]), "age": np.array(["55+", "55+"])})
    nobody = CustomerHistory(sparse.csr_matrix((2, len(split.before_test.products)), dtype=np.float32), traits=traits)

    scores = network.score_new(nobody, NEW)

    assert scores[0, 1] - scores[0, 0] > scores[1, 1] - scores[1, 0]


def test_opinions_enter(split, fitted):
    history = split.test.history[:1]
    opinion = PurchaseLog(np.array([0, 1]), np.array([0], np.int32), np.ones(1, np.float32), -np.ones(1, np.float32))

    told = fitted.score(replace(history, ratings=opinion))

    assert np.abs(told - fitted.score(history)).max() > 0


def test_without_passes_it_is_the_regression_alone(split):
    plain = TwoTower(**{**SMALL, "max_epochs": 0}).fit(split.before_test)
    history = split.test.history

    codes = plain.wide_.affinity.codes
    np.testing.assert_allclose(plain.score(history), plain.wide_.logits(history, codes), atol=1e-5)
    assert plain.learning_curve_ == []


def test_validation_may_decide_that_the_towers_do_not_help(split):
    wild = TwoTower(**{**SMALL, "learning_rate": 10.0, "patience": 1})

    watched = wild.fit(split.train, validation=split.validation)

    assert watched.settled().max_epochs == watched.n_epochs_
    assert watched.n_epochs_ <= 1


def test_times_are_needed(split):
    bare = split.before_test.described(log=None)

    with pytest.raises(TimesUnknown):
        TwoTower(**SMALL).fit(bare)


def test_what_is_scored_as_new_has_no_row_in_the_cases(split):
    cases = cases_of_window(
        split.before_test, window_days=14, n_products=30, hidden_share=0.5, rng=np.random.default_rng(0)
    )

    assert 5 < (cases.product_rows == -1).sum() < 25
    assert cases.history.log.age_days.min() >= 0
    assert cases.bought.any()


def test_affinities_are_counted_by_hand():
    facts = Attributes(3, {"brand": np.array(["a", "a", "b"])})
    log = PurchaseLog(
        np.array([0, 3, 3]), np.array([0, 1, 2], np.int32), np.array([90, 90, 1e-6], np.float32), np.ones(3, np.float32)
    )
    history = CustomerHistory(log.matrix(3), log)
    affinity = Affinity.of(Encoding.of(facts, min_rows=1), facts)
    wanted = codes_of(affinity.encoding, Attributes(2, {"brand": np.array(["b", "a"])}))

    parts = dict(zip(affinity.names, affinity.parts(history, wanted), strict=True))

    np.testing.assert_allclose(np.expm1(parts["brand: aged"]), [[1, 1], [0, 0]], atol=1e-5)
    np.testing.assert_allclose(np.expm1(parts["brand: products"]), [[1, 2], [0, 0]], atol=1e-5)
    assert not parts[f"{ITSELF}: aged"].any()
    distinct, visits, recent, last = (np.expm1(column) for column in activity(log, 3))
    np.testing.assert_allclose([distinct[0], visits[0], last[0]], [3, 2, 0], atol=1e-4)
    np.testing.assert_allclose([distinct[1], visits[1], recent[1], last[1]], [0, 0, 0, 365], rtol=1e-4)


def test_weighing_before_spreading_gives_the_weighed_sum_of_the_parts(split):
    data = split.before_test
    affinity = Affinity.of(Encoding.of(data.facts), data.facts)
    cases = cases_of_window(data, window_days=14, n_products=40, hidden_share=0.3, rng=np.random.default_rng(0))
    standing = standing_of(affinity, data.customers_per_product())
    wide = learnt(affinity, standing, [cases], strength=0.1, rng=np.random.default_rng(0))

    codes = cases.codes(affinity.encoding)
    by_hand = wide.intercept + sum(
        weight * part for weight, part in zip(wide.weights, wide.parts(cases.history, codes), strict=True)
    )

    np.testing.assert_allclose(wide.logits(cases.history, codes), by_hand, atol=1e-3)
    assert len(wide.names) == len(wide.weights)


def test_the_regression_says_how_many_buy(split):
    data = split.before_test
    affinity = Affinity.of(Encoding.of(data.facts), data.facts)
    cases = cases_of_window(data, window_days=14, n_products=70, hidden_share=0.0, rng=np.random.default_rng(0))
    standing = standing_of(affinity, data.earlier(14).customers_per_product())
    wide = learnt(affinity, standing, [cases], strength=1.0, rng=np.random.default_rng(0))

    chances = 1 / (1 + np.exp(-wide.logits(cases.history, cases.codes(affinity.encoding))))

    assert chances.sum() == pytest.approx(cases.bought.sum(), rel=0.1)


def test_no_purchase_at_all_leaves_the_regression_silent():
    data = InteractionMatrix.from_frame(brand_world(np.random.default_rng(3)).purchases, until=UNTIL)
    affinity = Affinity.of(Encoding({}, {}), Attributes(len(data.products)))
    standing = standing_of(affinity, data.customers_per_product())
    log = PurchaseLog(np.zeros(2, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.float32))
    nothing = data.described(log=log).rows(np.array([0]))
    cases = cases_of_window(nothing, window_days=1, n_products=5, hidden_share=0, rng=np.random.default_rng(0))

    wide = learnt(affinity, standing, [cases], strength=1.0, rng=np.random.default_rng(0))

    assert not wide.weights.any()
