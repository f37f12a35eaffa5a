import numpy as np

from recommender.engine.frequency import PersonalFrequency
from recommender.engine.popularity import Popularity
from tests.recommender.engine.test_tifu_knn import shop


def test_what_sold_long_ago_is_less_popular_with_a_half_life():
    data = shop([(100.0, 0), (2.0, 1)], [(100.0, 0), (100.0, 0)], [(10.0, 2)])

    plain, aged = (Popularity(half_life_days=days).fit(data).popularity_ for days in (None, 10.0))

    np.testing.assert_allclose(plain, [2 / 3, 1 / 3, 1 / 3, 0], atol=1e-6)
    np.testing.assert_allclose(aged, np.array([2 * 2**-10, 2**-0.2, 0.5, 0]) / 3, atol=1e-6)


def test_ones_own_half_life_ages_the_log_and_not_the_weights():
    data = shop([(20.0, 0), (10.0, 0), (10.0, 1)])

    scores = PersonalFrequency(half_life_days=10.0).fit(data).score(data.history)[0]

    np.testing.assert_allclose(scores, [0.75, 0.5, 0, 0], atol=1e-5)
