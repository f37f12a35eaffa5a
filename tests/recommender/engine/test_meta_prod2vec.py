import numpy as np
import pyarrow as pa
import pytest

from recommender.engine.attributes import Attributes
from recommender.engine.ids import IdMap
from recommender.engine.meta_prod2vec import MetaProd2Vec, sides
from recommender.engine.prod2vec import Prod2Vec
from recommender.engine.relations.baskets import baskets_from_frame
from tests.worlds import basket_world

SMALL = {"dimensions": 16, "min_baskets": 5, "epochs": 5, "random_state": 2}
PRODUCTS = IdMap([*range(10), *range(100, 110)])
SHELVES = Attributes(
    20,
    {"shelf": np.where(PRODUCTS.ids < 100, "here", "there")},
    {"price": np.where(PRODUCTS.ids < 100, 1, 9).astype(np.float32)},
)


@pytest.fixture(scope="module")
def baskets():
    return baskets_from_frame(basket_world(np.random.default_rng(1)))


@pytest.fixture(scope="module")
def learnt(baskets):
    return MetaProd2Vec(**SMALL).fit(baskets, products=PRODUCTS, facts=SHELVES)


def test_prices_count_in_bands_and_what_is_unknown_says_nothing():
    facts = Attributes(3, {"brand": np.array(["A", "", ""])}, {"price": np.array([1.0, 99.0, np.nan], np.float32)})

    assert sides(IdMap([4, 5, 6]), facts) == {"4": ("brand=A", "price=1"), "5": ("price=5",)}


def test_neighbours_are_still_from_the_same_shelf_and_attributes_are_no_products(learnt):
    found = learnt.neighbours(5)

    assert learnt.product_ids_.tolist() == PRODUCTS.ids.tolist()
    same_shelf = (found.neighbour_ids >= 100) == (found.product_ids[:, None] >= 100)
    assert same_shelf.mean() > 0.97
    assert sorted(learnt.attributes_.tolist()) == ["price=1", "price=3", "shelf=here", "shelf=there"]


def test_a_product_that_nobody_bought_stands_where_its_attributes_do(learnt):
    placed = learnt.place([("shelf=here",), ("shelf=there", "never=seen"), ("never=seen",)])

    nearest = PRODUCTS.ids[np.argsort(-placed @ learnt.vectors_.T, axis=1)[:, :5]]
    assert (nearest[0] < 100).all()
    assert (nearest[1] >= 100).all()
    assert not placed[2].any()


def test_without_facts_it_is_plain_prod2vec(baskets):
    plain, bare = Prod2Vec(**SMALL).fit(baskets), MetaProd2Vec(**SMALL).fit(baskets)

    np.testing.assert_array_equal(plain.vectors_, bare.vectors_)
    assert not len(bare.attributes_)


def test_artefact_keeps_products_and_attributes(learnt):
    again = MetaProd2Vec.from_artefact(learnt.to_artefact())

    np.testing.assert_array_equal(again.vectors_, learnt.vectors_)
    np.testing.assert_array_equal(again.place([("shelf=here",)]), learnt.place([("shelf=here",)]))
    assert again.get_params() == learnt.get_params()


def test_same_seed_same_vectors(baskets, learnt):
    again = MetaProd2Vec(**SMALL).fit(baskets, products=PRODUCTS, facts=SHELVES)

    np.testing.assert_array_equal(again.vectors_, learnt.vectors_)


def test_attributes_come_from_a_frame():
    frame = pa.table({"product_id": pa.array([100, 0]), "shelf": ["there", "here"]})

    assert sides(PRODUCTS, Attributes.from_frame(frame, "product_id", PRODUCTS))["0"] == ("shelf=here",)
