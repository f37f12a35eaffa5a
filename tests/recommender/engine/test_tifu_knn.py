import numpy as np

from recommender.engine.dataset import InteractionMatrix
from recommender.engine.history import CustomerHistory, PurchaseLog
from recommender.engine.ids import IdMap
from recommender.engine.tifu_knn import TifuKnn, baskets_back
from tests.recommender.engine.tastes import share_of_own_taste


def shop(*customers: list[tuple[float, int]], n_products: int = 4) -> InteractionMatrix:
    """Customers as (age in days, product) lines, oldest first."""
    starts = np.concatenate([[0], np.cumsum([len(lines) for lines in customers])]).astype(np.int64)
    ages, products = np.array([line for lines in customers for line in lines]).T
    log = PurchaseLog(starts, products.astype(np.int32), ages.astype(np.float32), np.ones(len(ages), dtype=np.float32))
    ids = IdMap(np.arange(len(customers))), IdMap(np.arange(n_products))
    return InteractionMatrix(log.matrix(n_products), *ids, log=log)


def test_finds_the_planted_taste_among_what_was_never_bought():
    assert share_of_own_taste(TifuKnn(neighbours=30, own_share=0.5)) > 0.95


def test_baskets_are_numbered_from_the_newest():
    data = shop([(9.0, 0), (9.0, 1), (5.0, 0), (1.0, 2)], [(3.0, 1)])

    places, n_baskets = baskets_back(data.log)

    assert places.tolist() == [2, 2, 1, 0, 0]
    assert n_baskets.tolist() == [3, 1]


def test_decays_within_and_between_groups_as_published():
    # Four baskets in groups of two; product 0 in the newest and twice in the oldest, product 1 in the second.
    data = shop([(9.0, 0), (9.0, 0), (7.0, 3), (5.0, 1), (1.0, 0)])
    learner = TifuKnn(own_share=1.0, group_size=2, within_decay=0.5, between_decay=0.1).fit(data)

    scores = learner.score(data.history)[0]

    expected = [(1 + 0.1 * 0.5) / 2 / 2, 0.5 / 2 / 2, 0.0, 0.1 / 2 / 2]
    np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_those_alike_say_what_else_may_be_bought():
    data = shop([(3.0, 0), (2.0, 1)], [(3.0, 0), (2.0, 1), (1.0, 2)], [(3.0, 3)])
    learner = TifuKnn(own_share=0.5, neighbours=1).fit(data)

    scores = learner.score(data.history[0])[0]

    assert scores[2] > scores[3]


def test_nobody_is_their_own_neighbour():
    data = shop([(3.0, 0), (2.0, 1)], [(3.0, 3)])
    learner = TifuKnn(own_share=0.0, neighbours=2).fit(data)

    assert learner.score(CustomerHistory(data.matrix, data.log)[0])[0].max() < 1e-6
