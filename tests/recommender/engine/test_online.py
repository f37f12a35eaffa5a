"""A list put together from stored parts: every step alone, on parts whose answer is known."""

import numpy as np
import pytest

from recommender.engine.neighbours import ItemNeighbours
from recommender.engine.online import Candidate, Rules, blend, diversify, exclude, in_order, near

# Tea (10) goes with sugar (20) and a little with milk (30); milk with sugar.
KNOWN = ItemNeighbours(
    product_ids=np.array([10, 20, 30, 40]),
    neighbours=np.array([[1, 2], [0, 2], [1, -1], [-1, -1]], dtype=np.int32),
    similarity=np.array([[0.8, 0.2], [0.8, 0.5], [0.5, 0.0], [0.0, 0.0]], dtype=np.float16),
    buyers_share=np.array([0.5, 0.9, 0.1, 0.0], dtype=np.float32),
    repeat_rate=np.array([0.5, 0.5, 0.01, 0.5], dtype=np.float32),
)


def test_what_goes_with_the_session_is_found_with_what_speaks_for_it():
    found = near([10], KNOWN, from_session=True)

    assert [one.product_id for one in found] == [20, 30]
    assert [one.because_id for one in found] == [10, 10]
    assert all(one.from_session for one in found)


def test_without_the_named_product_the_score_is_lower():
    both, without = near([10, 30], KNOWN, from_session=True), near([10], KNOWN, from_session=True)

    assert both[0].product_id == without[0].product_id == 20
    named = both[0].because_id
    rest = near([one for one in (10, 30) if one != named], KNOWN, from_session=True)
    assert rest[0].score < both[0].score


def test_the_latest_of_a_session_counts_most_and_twice_is_once():
    assert near([10, 30], KNOWN, from_session=True)[0].because_id == 10  # 0.8 / log2(3) still beats 0.5
    assert [one.product_id for one in near([10, 10, 20, 20], KNOWN, from_session=True)] == [30]


@pytest.mark.parametrize("session", [[], [99], [40]], ids=["empty", "unknown", "without neighbours"])
def test_a_session_that_says_nothing_gives_nothing(session):
    assert len(near(session, KNOWN, from_session=True)) == 0


def test_blending_raises_what_both_name_and_keeps_the_rest_in_order():
    stored = in_order([1, 2, 3], because_ids=[-1, 7, -1])
    looked_at = [Candidate(3, 9.0, 50, from_session=True)]

    mixed = blend(stored, looked_at, weight=1.0)

    assert [one.product_id for one in mixed] == [3, 1, 2]
    assert [one.because_id for one in mixed] == [50, -1, 7]
    assert [one.from_session for one in mixed] == [True, False, False]


def test_with_no_weight_the_session_changes_no_order():
    stored = in_order([1, 2, 3])
    looked_at = [Candidate(3, 9.0, 50, from_session=True)]

    assert [one.product_id for one in blend(stored, looked_at, weight=0.0)] == [1, 2, 3]
    assert blend(stored, [], weight=1.0) == stored


def test_each_product_is_left_out_for_one_reason_and_counted_once():
    left, counts = exclude(in_order([1, 2, 3, 4]), {"blocked": [2, 9], "bought": [2, 4], "none": []})

    assert [one.product_id for one in left] == [1, 3]
    assert counts == {"blocked": 1, "bought": 1, "none": 0}


def test_no_category_takes_more_than_its_share_while_others_are_left():
    groups = [5, 5, 5, 6, -1, -1]

    assert diversify(groups, Rules(k=4, per_group=2)) == [0, 1, 3, 4]
    assert diversify(groups, Rules(k=4)) == [0, 1, 2, 3]
    assert diversify([5, 5, 5], Rules(k=3, per_group=1)) == [0, 1, 2]
    assert diversify([], Rules(k=3, per_group=1)) == []
