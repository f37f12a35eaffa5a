"""The tree finds rules that were planted, says how faithful it is, and does not flatter itself."""

from datetime import UTC, datetime

import numpy as np
import pytest

from recommender.engine.contests.surrogate import TooFewCustomers, imitate
from recommender.engine.ease import Ease
from recommender.engine.frequency import PersonalFrequency
from recommender.engine.popularity import Popularity
from recommender.engine.splits import temporal_split
from tests.worlds import fading_world, taste_world

UNTIL = datetime(2024, 4, 30, tzinfo=UTC)


def imitated(recommender, world, **values):
    split = temporal_split(world, until=UNTIL, window_days=14, min_customers=1)
    fitted = recommender.fit(split.before_test)
    return imitate(fitted, split.before_test.history, None, k=5, rng=np.random.default_rng(1), **values)


def test_what_goes_by_times_bought_is_said_to_go_by_times_bought():
    found = imitated(PersonalFrequency(), fading_world(np.random.default_rng(1), half_life_days=None))

    assert found.agreement.low > 0.75
    assert found.r2.low > 0.5
    assert any("bought more than" in words for words in found.rules[0].words)
    assert [rule.shown_share for rule in found.rules] == sorted(
        (rule.shown_share for rule in found.rules), reverse=True
    )


def test_popularity_is_said_to_be_popularity():
    found = imitated(Popularity(), taste_world(np.random.default_rng(1)))

    assert any("% of all customers" in words for words in found.rules[0].words)


def test_what_no_plain_fact_tells_is_not_claimed():
    plain = imitated(PersonalFrequency(), fading_world(np.random.default_rng(1), half_life_days=None))
    blunt = imitated(PersonalFrequency(), fading_world(np.random.default_rng(1), half_life_days=None), max_depth=1)
    hidden = imitated(Ease(ridge=10.0), taste_world(np.random.default_rng(1)))

    assert blunt.r2.mid < plain.r2.mid
    assert hidden.r2.mid < plain.r2.mid
    for found in (plain, blunt, hidden):
        assert found.agreement.low <= found.agreement.mid <= found.agreement.high


def test_one_customer_explains_nothing():
    with pytest.raises(TooFewCustomers):
        imitated(Popularity(), taste_world(np.random.default_rng(1), n_customers=2))
