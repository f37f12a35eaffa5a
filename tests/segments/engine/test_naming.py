import itertools

import numpy as np
import pytest

from segments.engine.features import category_words, habit_words
from segments.engine.naming import names_of

SPEND, ORDERS, RECENCY = habit_words(("spend", "n_orders", "recency_days"))
WORDS = (SPEND, ORDERS, RECENCY, category_words("Tea"))


def named(*rows):
    z = [np.array(row, dtype=float) for row in rows]
    return names_of(z, z, WORDS[: len(rows[0])])


def test_who_spends_most_has_the_strongest_word_though_other_things_set_them_apart_more():
    # The first spends most, but its orders and its last visit stand out more; the second stands out by its spend.
    most, second, least = named((0.9, 1.6, -1.2), (0.7, 0.1, 0.2), (-0.9, -1.0, 0.8))

    assert "biggest spenders" in most
    assert "big spenders" in second.lower()
    assert "biggest" not in second.lower()
    assert "spenders" not in least or "small spenders" in least


def test_two_alike_are_both_big_spenders_and_neither_the_biggest():
    one, other, _ = named((1.0, 0.8, 0), (0.98, -0.8, 0), (-1.5, 0, 0))

    assert "big spenders" in one.lower()
    assert "big spenders" in other.lower()


def test_the_only_one_needs_no_superlative():
    assert named((1.2, 0), (-0.2, 0.1)) == ["Big spenders", "Typical customers"]


@pytest.mark.parametrize("k", range(2, 9))
@pytest.mark.parametrize("seed", range(5))
def test_whoever_has_a_word_is_further_out_than_whoever_has_not(k, seed):
    z = np.random.default_rng(seed).normal(0, 1, (k, 3))
    names = names_of(list(z), list(z), WORDS[:3])

    assert len(set(names)) == k
    for (one, told), (other, also) in itertools.permutations(enumerate(names), 2):
        if "big spenders" in told.lower() and "big" not in also.lower():
            assert z[one, 0] > z[other, 0]
        if "biggest spenders" in told.lower():
            assert z[one, 0] == z[:, 0].max()
        if "not seen" in told and "not seen" not in also:
            assert z[one, 2] > z[other, 2]
        if "occasional" in told.lower() and "casual" in also.lower():
            assert z[one, 1] < z[other, 1]
        if "big" in told.lower() and "good spenders" in also.lower():
            assert z[one, 0] > z[other, 0]


def test_shares_of_a_category_have_a_furthest_too():
    strongest, strong, rest = named((0, 0, 0, 1.5), (0.1, 0, 0, 0.9), (0, 0.1, 0, -0.3))

    assert (strongest, strong) == ("Customers strongest in Tea", "Customers strong in Tea")
    assert rest == "Typical customers"


def test_a_name_that_would_be_too_long_keeps_what_is_said_most_clearly():
    words = tuple(category_words(f"Everything for the {room} and more") for room in ("kitchen", "garden", "attic"))
    z = [np.array([1.5, 1.2, 0.9]), np.array([0.5, 0.45, 0.42]), np.array([-2.0, -1.6, -1.3])]

    names = names_of(z, [z[0], z[1][::-1], z[2]], words)

    assert max(map(len, names)) <= 100
    assert "kitchen" in names[0]


def test_who_spends_far_less_than_the_biggest_is_told_so():
    biggest, middling, rest = named((1.9, 0, 0), (0.6, 0.3, 0), (-0.9, -0.1, 0))

    assert biggest == "Biggest spenders"
    assert middling == "Regular good spenders"
    assert rest == "Small spenders"


def test_those_seen_lately_who_buy_little_are_not_taken_for_the_best():
    best, newcomers, gone = named((1.4, 1.3, -1.0), (-0.1, -0.2, -0.8), (-0.7, -0.8, 1.0))

    assert "casual" in newcomers.lower()
    assert "seen lately" in newcomers
    assert "seen most recently" in best
    assert "not seen lately" in gone
