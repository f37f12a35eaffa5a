import numpy as np
import pytest

from recommender.engine.ids import IdMap
from recommender.engine.relations.finding import Known, RelationFinder, Rules
from recommender.engine.relations.pairs import Visits
from tests.worlds import shelf_world

PRODUCTS = [*range(4), *range(10, 14), 20, *range(30, 42)]


@pytest.fixture(scope="module")
def visits():
    frame = shelf_world(np.random.default_rng(3))
    names = ("product_id", "customer_id", "order_id")
    days = frame["occurred_at"].to_numpy().astype("datetime64[us]").astype(np.int64) / 86_400e6
    return Visits.from_lines(*(frame[name].to_numpy() for name in names), days, IdMap(PRODUCTS))


def known(**changes):
    ids = np.array(PRODUCTS)
    needs = np.where(ids < 10, 0, np.where(ids < 20, 1, np.where(ids < 30, 2, np.where(ids < 40, 3, 4))))
    given = {
        "vectors": np.eye(len(ids), dtype=np.float32),
        "needs": needs,
        "groups": needs,
        "prices": np.where(ids == 3, 3.0, 2.0).astype(np.float32),
    }
    return Known(**{**given, **changes})


def pairs(found, kind):
    return {(PRODUCTS[row], PRODUCTS[other]) for row, other in zip(found[kind].rows, found[kind].others, strict=True)}


def test_substitutes_serve_the_same_need_and_are_never_bought_together(visits):
    found = RelationFinder(visits, known(), Rules()).find()

    substitutes = pairs(found, "substitute")
    rivals = {(a, b) for a in range(4) for b in range(4) if a != b}
    others = {(a, b) for a in range(10, 14) for b in range(10, 14) if a != b}
    assert rivals | others <= substitutes
    evidence = found["substitute"].evidence
    of_rivals = np.isin(found["substitute"].rows, range(8))
    assert (evidence["orders_together"][of_rivals] == 0).all()
    assert (evidence["orders_expected"][of_rivals] > 3).all()


def test_what_is_bought_together_is_no_substitute_though_the_shelf_is_the_same(visits):
    # Products 0-3 and 20 on one shelf: 20 goes with the others, so it does not stand in for them.
    needs = known().needs
    found = RelationFinder(visits, known(needs=np.where(needs == 2, 0, needs)), Rules()).find()

    substitutes = pairs(found, "substitute")
    assert {(0, 1), (1, 2)} <= substitutes
    assert not {pair for pair in substitutes if 20 in pair}


def test_complements_are_bought_together_more_than_chance_from_another_shelf(visits):
    found = RelationFinder(visits, known(), Rules()).find()

    complements = pairs(found, "complement")
    assert {(a, 20) for a in range(4)} | {(20, a) for a in range(4)} == complements
    assert (found["complement"].evidence["lift_low"] > 1).all()


def test_what_the_same_customers_like_is_no_complement(visits):
    needs = known().needs.copy()
    needs[PRODUCTS.index(41)] = 5
    found = RelationFinder(visits, known(needs=needs, groups=needs), Rules()).find()

    assert (40, 41) not in pairs(found, "complement")
    # The usual lift, which knows nothing of customers, sees one there.
    orders = np.asarray(visits.baskets.sum(axis=0)).ravel()
    one, other = PRODUCTS.index(40), PRODUCTS.index(41)
    together = visits.baskets[:, one].multiply(visits.baskets[:, other]).sum()
    assert together * len(visits) / (orders[one] * orders[other]) > 1.5


def test_products_of_one_shelf_are_no_complements(visits):
    shelf = np.zeros(len(PRODUCTS), dtype=np.int64)
    found = RelationFinder(visits, known(groups=shelf), Rules()).find()

    assert not len(found["complement"])


def test_upsells_are_dearer_and_moved_to(visits):
    found = RelationFinder(visits, known(), Rules()).find()

    upsells = pairs(found, "upsell")
    assert (0, 3) in upsells
    assert {other for _, other in upsells} == {3}
    best = np.flatnonzero(found["upsell"].rows == 0)[0]
    evidence = {name: float(values[best]) for name, values in found["upsell"].evidence.items()}
    assert evidence["price_ratio"] == 1.5
    assert evidence["moves"] > evidence["moves_expected"] > evidence["moves_back"]


def test_there_is_no_upsell_without_prices_nor_to_what_costs_as_much(visits):
    unknown = np.full(len(PRODUCTS), np.nan, dtype=np.float32)
    alike = np.full(len(PRODUCTS), 2.0, dtype=np.float32)

    for prices in (unknown, alike):
        assert not len(RelationFinder(visits, known(prices=prices), Rules()).find()["upsell"])


def test_what_costs_ten_times_as_much_is_no_substitute(visits):
    prices = known().prices.copy()
    prices[0] = 20.0
    found = RelationFinder(visits, known(prices=prices), Rules()).find()

    assert not {pair for pair in pairs(found, "substitute") if 0 in pair}


def test_what_is_bought_at_random_has_no_relation_but_its_shelf(visits):
    needs = np.where(known().needs == 3, -1, known().needs)
    found = RelationFinder(visits, known(needs=needs, groups=needs), Rules()).find()

    for kind in ("substitute", "complement", "upsell"):
        assert not {pair for pair in pairs(found, kind) if 30 <= pair[0] < 40 or 30 <= pair[1] < 40}, kind


def test_neighbours_are_the_nearest_and_strongest_come_first(visits):
    angles = np.linspace(0, 1, len(PRODUCTS))
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    vectors[5] = 0.0  # not known
    found = RelationFinder(visits, known(vectors=vectors), Rules(n_similar=2)).find()["similar"]

    assert found.others[found.rows == 10].tolist() in ([9, 11], [11, 9])
    assert 5 not in found.rows
    assert 5 not in found.others
    same = np.diff(found.rows) == 0
    assert (np.diff(found.scores)[same] <= 0).all()


def test_lists_are_no_longer_than_asked_for_and_progress_is_told(visits):
    seen = []
    rules = Rules(n_similar=1, n_substitutes=2, n_complements=1, n_upsells=1)

    found = RelationFinder(visits, known(), rules).find(progress=lambda done, total: seen.append((done, total)))

    assert max(np.bincount(found["substitute"].rows)) == 2
    assert max(np.bincount(found["complement"].rows)) == 1
    assert seen == [(1, 1)]
