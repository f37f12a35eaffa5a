"""The brand-new on a world where the brand decides: odd customers buy the odd brand, and live in the north."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from recommender.engine.artefacts import load, save
from recommender.engine.attributes import Attributes
from recommender.engine.cold import EVERY, ColdStart, heard_traits, learn_cold_start, with_launches
from recommender.engine.ids import IdMap
from recommender.engine.splits import temporal_split
from tests.worlds import brand_world

UNTIL = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=120)
N_NEW = 6
NOTHING_KNOWN = IdMap([])


@pytest.fixture(scope="module")
def data():
    shop = brand_world(np.random.default_rng(5))
    known = {"facts": shop.products, "traits": shop.customers}
    return temporal_split(shop.purchases, until=UNTIL, window_days=14, min_customers=1, **known).before_test


@pytest.fixture(scope="module")
def is_new(data):
    return np.arange(len(data.products)) >= len(data.products) - N_NEW


@pytest.fixture(scope="module")
def cold(data, is_new):
    return learn_cold_start(data, is_new, told_share=0.6)


def test_who_bought_nothing_gets_what_their_district_buys_and_it_is_named(cold):
    traits = Attributes(2, {"district": np.array(["north", "south"]), "age": np.array(["18-34", ""])})

    lists = cold.by_traits(traits, 5)

    assert (lists.product_ids % 2 == [[1], [0]]).all()
    assert (lists.traits == [["district=north"], ["district=south"]]).all()


def test_traits_that_say_nothing_have_no_say(data):
    """Where the district is drawn by lot, popularity serves: what does not beat its baseline is not used."""
    drawn = np.random.default_rng(8).choice(["north", "south", "west"], len(data.customers))
    by_lot = data.described(log=data.log, traits=Attributes(len(drawn), {"district": drawn}), facts=data.facts)

    assert heard_traits(data).trust > 0
    assert heard_traits(by_lot).trust == 0


def test_of_whom_nothing_is_known_no_trait_is_named(cold):
    lists = cold.by_traits(Attributes(1, {"district": np.array([""])}), 5)

    assert (lists.product_ids >= 0).all()
    assert (lists.traits == "").all()


def test_new_products_go_to_customers_of_their_brand_and_to_as_many_as_was_said(data, cold):
    found = cold.launches(data.history, 10, known=NOTHING_KNOWN)

    rows, _ = np.nonzero(found >= 0)
    assert len(rows)
    assert (found[found >= 0] % 2 == data.customers.ids[rows] % 2).all()
    told = np.array([(found == product_id).sum() for product_id in data.products.ids[-N_NEW:]])
    assert (told <= round(0.6 * len(data.customers) / N_NEW)).all()
    assert (told > 0).all()


def test_what_competes_by_itself_or_was_bought_already_takes_no_kept_place(data, cold):
    known = IdMap(data.products.ids[-N_NEW:-1])

    found = cold.launches(data.history, 10, known=known)

    rows, _ = np.nonzero(found >= 0)
    assert set(found[found >= 0].tolist()) == {int(data.products.ids[-1])}
    assert not data.matrix[rows, len(data.products) - 1].sum()


def test_without_facts_that_tell_customers_apart_nobody_is_told(data, is_new):
    bare = data.described(log=data.log, facts=Attributes(len(data.products)))

    found = learn_cold_start(bare, is_new, told_share=0.6).launches(data.history, 10, known=NOTHING_KNOWN)

    assert (found == -1).all()


def test_nobody_is_told_where_the_share_is_nothing(data, is_new):
    found = learn_cold_start(data, is_new, told_share=0.0).launches(data.history, 10, known=NOTHING_KNOWN)

    assert (found == -1).all()


def test_every_tenth_place_goes_to_a_new_product_and_the_known_move_down():
    known = np.arange(20)[None] + np.array([[0], [100]])
    launches = np.array([[777, 888], [999, -1]])

    places = with_launches(known, launches)

    assert places.product_ids[0].tolist() == [*range(9), 777, *range(9, 18), 888]
    assert places.product_ids[1].tolist() == [*range(100, 109), 999, *range(109, 119)]
    assert (places.is_new == (places.product_ids >= 777)).all()
    assert places.from_place[1].tolist() == [*range(9), 8, *range(9, 19)]


def test_a_short_list_closes_up():
    known = np.array([[1, 2, *[-1] * (EVERY - 2)]])

    places = with_launches(known, np.array([[7]]))

    assert places.product_ids[0].tolist() == [1, 2, 7, *[-1] * (EVERY - 3)]
    assert places.is_new[0].tolist() == [False, False, True, *[False] * (EVERY - 3)]


def test_it_comes_back_from_files_as_it_was(data, cold, tmp_path):
    sha256 = save(cold.to_artefact(), tmp_path)
    again = ColdStart.from_artefact(load(tmp_path, sha256=sha256))

    traits = Attributes(1, {"district": np.array(["north"])})
    np.testing.assert_array_equal(again.by_traits(traits, 9).product_ids, cold.by_traits(traits, 9).product_ids)
    told = (one.launches(data.history, 10, known=NOTHING_KNOWN) for one in (again, cold))
    np.testing.assert_array_equal(*told)


def test_a_share_beyond_everybody_is_refused(data, is_new):
    with pytest.raises(ValueError, match="between 0 and 1"):
        learn_cold_start(data, is_new, told_share=1.5)
