import numpy as np
import pyarrow as pa
import pytest
from sklearn.exceptions import NotFittedError

from recommender.engine.dataset import FrameInvalid
from recommender.engine.prod2vec import Prod2Vec, TooFewBaskets
from recommender.engine.relations.baskets import baskets_fingerprint, baskets_from_frame
from tests.worlds import basket_world

SMALL = {"dimensions": 16, "min_baskets": 5, "epochs": 5, "random_state": 2}


def learnt(**changes):
    baskets = baskets_from_frame(basket_world(np.random.default_rng(1)))
    return Prod2Vec(**{**SMALL, **changes}).fit(baskets)


def test_baskets_hold_distinct_products_and_at_least_two():
    orders = pa.array([2, 1, 1, 2, 2, 3], pa.int64())
    products = pa.array([9, 5, 4, 9, 7, 1], pa.int64())

    baskets = baskets_from_frame(pa.table({"order_id": orders, "product_id": products}))

    assert [basket.tolist() for basket in baskets] == [[4, 5], [7, 9]]
    assert baskets_fingerprint(baskets) == baskets_fingerprint(baskets[:]) != baskets_fingerprint(baskets[1:])


def test_neighbours_are_from_the_same_shelf():
    found = learnt().neighbours(5)

    same_shelf = (found.neighbour_ids >= 100) == (found.product_ids[:, None] >= 100)
    assert same_shelf.mean() > 0.97
    assert (found.neighbour_ids != found.product_ids[:, None]).all()
    assert (np.diff(found.similarity, axis=1) <= 1e-6).all()


def test_support_counts_baskets():
    frame = basket_world(np.random.default_rng(1))
    baskets = baskets_from_frame(frame)

    found = learnt().neighbours(3)

    expected = sum(int(np.isin(found.product_ids[0], basket)) for basket in baskets)
    assert found.baskets[0] == expected
    row = int(np.flatnonzero(found.product_ids == found.neighbour_ids[0, 0])[0])
    assert found.neighbour_baskets[0, 0] == found.baskets[row]


def test_more_neighbours_than_products_are_padded():
    found = learnt().neighbours(25)

    assert (found.neighbour_ids[:, 19:] == -1).all()
    assert (found.neighbour_baskets[:, 19:] == 0).all()


def test_same_seed_same_vectors():
    np.testing.assert_array_equal(learnt().vectors_, learnt().vectors_)
    assert not np.array_equal(learnt().vectors_, learnt(random_state=3).vectors_)


def test_progress_counts_the_passes():
    seen = []
    baskets = baskets_from_frame(basket_world(np.random.default_rng(1)))

    Prod2Vec(**SMALL).fit(baskets, progress=lambda done, total: seen.append((done, total)))

    assert seen == [(number, 5) for number in range(1, 6)]


def test_artefact_keeps_the_vectors():
    model = learnt()

    again = Prod2Vec.from_artefact(model.to_artefact())

    np.testing.assert_array_equal(again.neighbours(3).neighbour_ids, model.neighbours(3).neighbour_ids)


def test_refuses_before_fit_rare_products_and_a_wrong_frame():
    with pytest.raises(NotFittedError):
        Prod2Vec().neighbours(3)
    with pytest.raises(TooFewBaskets, match="No product"):
        learnt(min_baskets=10_000)
    with pytest.raises(FrameInvalid, match="product_id"):
        baskets_from_frame(pa.table({"order_id": pa.array([1], pa.int64())}))
