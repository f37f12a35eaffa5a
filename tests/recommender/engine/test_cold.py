"""A place for the brand-new on every list: on a world where the brand decides."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import sparse

from recommender.engine.attributes import Attributes
from recommender.engine.cold import Origin, Panel, blended, cold_products
from recommender.engine.content import ContentBased
from recommender.engine.demographic import DemographicPrior
from recommender.engine.frequency import PersonalFrequency
from recommender.engine.history import CustomerHistory
from recommender.engine.splits import temporal_split
from tests.worlds import brand_world

UNTIL = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=120)


@pytest.fixture(scope="module")
def data():
    shop = brand_world(np.random.default_rng(5))
    known = {"facts": shop.products, "traits": shop.customers}
    return temporal_split(shop.purchases, until=UNTIL, window_days=14, min_customers=1, **known).before_test


@pytest.fixture(scope="module")
def panel(data):
    return Panel(PersonalFrequency().fit(data), ContentBased().fit(data), DemographicPrior().fit(data))


@pytest.fixture(scope="module")
def cold(data):
    """The newest six products, as if nobody had bought them."""
    newest = np.zeros(len(data.products), dtype=bool)
    newest[-6:] = True
    return newest


def test_few_buyers_make_a_product_cold(data):
    buyers = data.customers_per_product()

    assert (cold_products(data, min_buyers=10) == (buyers < 10)).all()


def test_known_customers_get_the_champions_list_and_new_products_of_their_brand(data, panel, cold):
    history = data.history.without(np.full(len(data.customers), len(data.products) - 1))

    lists = blended(panel, history, 10, cold=cold, explored_share=0.2, exclude_seen=False)

    explored = lists.origins == Origin.NEW_PRODUCT
    assert (np.flatnonzero(explored[0]) == [4, 9]).all()
    assert (cold[lists.items] == explored).all()
    same_brand = data.products.ids[lists.items] % 2 == (data.customers.ids % 2)[:, None]
    assert same_brand[explored].all()
    champions, _ = panel.champion.recommend(history, 8, exclude_seen=False)
    unblended = blended(panel, history, 8, cold=np.zeros_like(cold), explored_share=0.0, exclude_seen=False)
    np.testing.assert_array_equal(unblended.items, champions)


def test_unknown_customers_get_what_their_district_buys(data, panel, cold):
    traits = Attributes(2, {"district": np.array(["north", "south"])})
    nobody = CustomerHistory(sparse.csr_matrix((2, len(data.products)), dtype=np.float32), traits=traits)

    lists = blended(panel, nobody, 5, cold=cold)

    assert (lists.origins == Origin.NEW_CUSTOMER).all()
    assert (data.products.ids[lists.items] % 2 == [[1], [0]]).all()


def test_nothing_comes_twice_and_nothing_seen_comes(data, panel, cold):
    lists = blended(panel, data.history, 60, cold=cold, explored_share=0.3)

    for row, offered in enumerate(lists.items):
        left = offered[offered >= 0].tolist()
        assert len(set(left)) == len(left)
        assert not set(left) & set(data.matrix[row].indices.tolist())


def test_a_share_beyond_all_places_is_refused(data, panel, cold):
    with pytest.raises(ValueError, match="between 0 and 1"):
        blended(panel, data.history, 5, cold=cold, explored_share=1.5)
