import numpy as np

from recommender.engine.attributes import Attributes
from recommender.engine.relations.needs import needs_of, shelves

TWO_COMPANIES = np.repeat(np.eye(2, dtype=np.float32), 20, axis=0)


def test_a_shelf_is_a_need():
    facts = Attributes(4, {"category_3": np.array(["a", "b", "a", ""]), "category_2": np.array(["x", "x", "x", ""])})

    fine, coarse = shelves(facts, 4)

    assert fine.tolist() == [0, 1, 0, -1] or fine.tolist() == [1, 2, 1, -1]
    assert len(set(coarse[:3])) == 1
    needs = needs_of(fine, np.zeros((4, 2), np.float32), random_state=0)
    assert needs[0] == needs[2] != needs[1]
    assert needs[3] == -1


def test_without_shelves_the_company_makes_the_need():
    fine, _ = shelves(None, 40)

    needs = needs_of(fine, TWO_COMPANIES, random_state=0)

    assert len(set(needs[:20])) < 20
    assert not set(needs[:20]) & set(needs[20:])


def test_a_shelf_that_holds_everything_is_split_by_company(monkeypatch):
    monkeypatch.setattr("recommender.engine.relations.needs.MAX_SHELF", 30)

    needs = needs_of(np.zeros(40, np.int64), TWO_COMPANIES, random_state=0)

    assert not set(needs[:20]) & set(needs[20:])
