"""Products nobody bought yet, and customers who bought nothing yet."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import sparse

from recommender.engine.attributes import Attributes
from recommender.engine.content import ContentBased
from recommender.engine.demographic import DemographicPrior
from recommender.engine.history import CustomerHistory
from recommender.engine.splits import temporal_split
from tests.worlds import brand_world

UNTIL = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=160)
NEW = Attributes(
    2,
    {"brand": np.array(["even", "odd"]), "shelf": np.array(["left", "left"])},
    {"price": np.array([3.0, 3.0], dtype=np.float32)},
    np.array(["even surprise", "odd surprise"]),
)


@pytest.fixture(scope="module")
def split():
    shop = brand_world(np.random.default_rng(3))
    return temporal_split(shop.purchases, until=UNTIL, window_days=14, facts=shop.products, traits=shop.customers)


def own_brand(split, rows):
    return split.before_test.customers.ids[rows] % 2


def test_a_brand_new_product_goes_to_those_who_buy_its_brand(split):
    fitted = ContentBased().fit(split.before_test)

    scores = fitted.score_new(split.test.history, NEW)

    odd = own_brand(split, split.test.customer_rows) == 1
    assert (scores[odd, 1] > scores[odd, 0]).all()
    assert scores[odd, 1].min() > scores[~odd, 1].max()


def test_a_larger_catalogue_scores_what_it_had_as_before(split):
    fitted = ContentBased().fit(split.before_test)
    wider = fitted.with_products(np.array([3, 7000]), NEW)
    places = wider.products.rows_of(fitted.product_ids_)
    history = wide(split.test.history, places, len(wider.products))

    scores = wider.score(history)

    np.testing.assert_allclose(scores[:, places], fitted.score(split.test.history), rtol=1e-5)
    new = wider.products.rows_of([3, 7000])
    np.testing.assert_allclose(scores[:, new], fitted.score_new(split.test.history, NEW), rtol=1e-5)


def wide(history, places, n_products):
    weights = sparse.lil_matrix((len(history), n_products), dtype=np.float32)
    weights[:, places] = history.weights
    return weights.tocsr()


def test_a_product_that_is_there_cannot_be_added(split):
    fitted = ContentBased().fit(split.before_test)

    with pytest.raises(ValueError, match="in the catalogue already"):
        fitted.with_products(fitted.product_ids_[:1], NEW.rows(np.array([0])))


def test_the_reason_for_a_product_of_a_brand_is_a_purchase_of_that_brand(split):
    fitted = ContentBased().fit(split.before_test)
    items, _ = fitted.recommend(split.test.history, 5, exclude_seen=False)

    named = fitted.because(split.test.history, items)

    assert (named >= 0).mean() > 0.9
    same = split.before_test.products.ids[named] % 2 == split.before_test.products.ids[items] % 2
    assert same[named >= 0].all()
    history, scores = split.test.history, fitted.score(split.test.history)
    for place in range(5):
        less = fitted.score(history.without(named[:, place]))
        lower = np.arange(len(items)), items[:, place]
        assert (less[lower] < scores[lower])[named[:, place] >= 0].all()


def test_without_facts_content_falls_back_to_what_most_buy(split):
    bare = split.before_test.described(log=None)

    items, _ = ContentBased().fit(bare).recommend(split.test.history, 3, exclude_seen=False)

    popular = np.argsort(-bare.customers_per_product(), kind="stable")[:3]
    assert (items == popular).all()


def test_a_customer_without_a_purchase_is_offered_what_their_district_buys(split, strangers):
    fitted = DemographicPrior().fit(split.before_test)

    items, _ = fitted.recommend(strangers, 5, exclude_seen=True)

    assert (split.before_test.products.ids[items[:2]] % 2 == [[1], [0]]).all()
    assert (fitted.trait_because(strangers, items)[:2] == "district").all()


@pytest.fixture
def strangers(split):
    n = len(split.before_test.products)
    labels = {"district": np.array(["north", "south", ""]), "age": np.array(["55+", "18-34", "35-54"])}
    return CustomerHistory(sparse.csr_matrix((3, n), dtype=np.float32), traits=Attributes(3, labels))


def test_taking_the_named_trait_away_lowers_the_score(split, strangers):
    fitted = DemographicPrior().fit(split.before_test)
    items, _ = fitted.recommend(strangers, 5, exclude_seen=True)
    named = fitted.trait_because(strangers, items)
    assert (named != "").sum() >= 10

    for row, place in zip(*np.nonzero(named != ""), strict=True):
        item, kept = items[row, place], strangers.traits.labels.items()
        less = Attributes(3, {name: values for name, values in kept if name != named[row, place]})
        without = CustomerHistory(strangers.weights, traits=less)
        assert fitted.score(without)[row, item] < fitted.score(strangers)[row, item]


def test_who_says_nothing_is_offered_what_most_buy(split):
    silent = CustomerHistory(sparse.csr_matrix((1, len(split.before_test.products)), dtype=np.float32))
    fitted = DemographicPrior().fit(split.before_test)

    items, _ = fitted.recommend(silent, 5, exclude_seen=True)

    buyers = split.before_test.customers_per_product()
    assert sorted(buyers[items[0]]) == sorted(buyers)[-5:]
    assert (fitted.trait_because(silent, items) == "").all()
