from itertools import product

import numpy as np
import pytest

from segments.engine.histories import Standing
from segments.engine.rfm import (
    GROUPS,
    MEANINGS,
    QuantilesOutOfRange,
    RfmSpec,
    empty_scores,
    groups_of,
    lower_bounds,
    rfm,
    scored,
    ties_sentence,
)


def standing(recency, orders, spend):
    recency, orders = np.array(recency), np.array(orders)
    return Standing(orders > 0, recency, orders, np.array(spend, dtype=float))


def name(scores):
    return GROUPS[groups_of(np.array([scores]), RfmSpec())[0]]


@pytest.mark.parametrize("n", range(3, 11))
def test_every_cell_has_one_name_and_every_name_a_cell(n):
    spec = RfmSpec(n, n, n)
    cells = np.array(list(product(range(1, n + 1), repeat=3)))

    found = groups_of(cells, spec)

    assert found.shape == (n**3,)
    assert set(found.tolist()) == set(range(len(GROUPS)))
    assert set(MEANINGS) == set(GROUPS)


def test_the_corners_have_the_names_a_marketer_expects():
    assert name((5, 5, 5)) == "Champions"
    assert name((5, 1, 1)) == "Recent"
    assert name((1, 5, 5)) == "At risk"
    assert name((1, 1, 1)) == "Inactive"
    assert name((3, 3, 3)) == "Needs attention"
    assert name((3, 5, 5)) == name((5, 3, 3)) == "Loyal"


def test_better_scores_never_make_a_name_worse():
    better_than = {"Champions": 3, "Loyal": 2}
    for recent in (4, 5):
        worth = [[better_than.get(name((recent, f, m)), 0) for m in range(1, 6)] for f in range(1, 6)]
        assert (np.diff(worth, axis=0) >= 0).all()
        assert (np.diff(worth, axis=1) >= 0).all()


def test_one_large_order_makes_nobody_loyal():
    assert name((5, 1, 5)) == "Recent"
    assert name((1, 1, 5)) == "Inactive"


def test_without_ties_scores_are_of_one_size():
    values = np.random.default_rng(1).permutation(1000) * 1.0

    scores = scored(values, lower_bounds(values, 5))

    assert np.bincount(scores).tolist() == [0, 200, 200, 200, 200, 200]


def test_many_who_ordered_once_share_the_lowest_score_and_it_is_said():
    orders = np.repeat([1.0, 2.0, 3.0], [70, 20, 10])

    bounds = lower_bounds(orders, 5)
    scores = scored(orders, bounds)

    assert sorted(set(scores.tolist())) == [1, 4, 5]
    assert empty_scores(bounds) == [2, 3]
    told = ties_sentence([np.arange(5.0), bounds, np.arange(5.0)])
    assert told.startswith("Nobody has score 2 and 3 for the number of orders: many customers are equal")


def test_everybody_equal_has_the_lowest_score():
    values = np.full(50, 7.0)
    bounds = lower_bounds(values, 5)
    assert set(scored(values, bounds).tolist()) == {1}
    assert empty_scores(bounds) == [2, 3, 4, 5]


def test_a_score_says_how_many_are_lower():
    rng = np.random.default_rng(3)
    values = rng.poisson(1.5, 5000) * 1.0

    scores = scored(values, lower_bounds(values, 5))

    below = np.array([(values < value).mean() for value in values])
    np.testing.assert_array_equal(scores, np.floor(below * 5 + 1e-9) + 1)


def test_recent_is_high_and_who_never_ordered_has_no_score():
    told = rfm(standing([1, 200, 0, 50], [9, 1, 0, 4], [900, 10, 0, 100]), RfmSpec(3, 3, 3))

    assert told.scores[2].tolist() == [0, 0, 0]
    assert told.group[2] == -1
    assert told.scores[0].tolist() == [3, 3, 3]
    assert GROUPS[told.group[0]] == "Champions"
    assert GROUPS[told.group[1]] == "Inactive"


def test_a_new_customer_is_scored_by_the_limits_of_the_others():
    values = np.arange(100.0)
    bounds = lower_bounds(values, 4)
    assert scored(np.array([-5.0, 24.0, 25.0, 1e9]), bounds).tolist() == [1, 1, 2, 4]


@pytest.mark.parametrize("n", [2, 11])
def test_refuses_too_few_and_too_many_scores(n):
    with pytest.raises(QuantilesOutOfRange, match=f"Frequency can have 3 to 10 scores, not {n}"):
        RfmSpec(frequency=n)
