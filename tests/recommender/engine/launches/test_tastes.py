"""Kinds that the same customers buy lie close together, and a customer near what is like the own purchases."""

import numpy as np

from recommender.engine.history import PurchaseLog
from recommender.engine.launches.tastes import Tastes

KINDS, CUSTOMERS, EACH = 8, 200, 6


def log_of(rng):
    """Even customers buy the first four kinds, odd ones the last four; a product is a kind."""
    bought = np.stack([rng.integers(0, 4, EACH) + 4 * (number % 2) for number in range(CUSTOMERS)])
    lines = np.sort(bought, axis=1).ravel().astype(np.int32)
    ages = np.full(len(lines), 3.0, dtype=np.float32)
    return PurchaseLog(np.arange(CUSTOMERS + 1) * EACH, lines, ages, np.ones(len(lines), dtype=np.float32))


def test_who_never_bought_a_kind_is_near_it_when_others_like_them_did():
    log, values = log_of(np.random.default_rng(0)), np.arange(KINDS)
    one = log.rows(np.array([0]))
    without = one.lines(one.product_rows != 0)

    near = Tastes.of("kind", log, values, KINDS).likeness(without, values, values)[0]

    assert near[0] > near[4:].max() + 0.2


def test_the_same_purchases_give_the_same_space_and_what_is_unknown_says_nothing():
    log, values = log_of(np.random.default_rng(0)), np.arange(KINDS)

    one, other = (Tastes.of("kind", log, values, KINDS) for _ in range(2))

    np.testing.assert_array_equal(one.places, other.places)
    assert one.likeness(log, values, np.array([-1])).tolist() == [[0.0]] * CUSTOMERS
    stranger = log.lines(np.zeros(len(log.product_rows), dtype=bool))
    assert not one.likeness(stranger, values, values).any()


def test_too_few_kinds_make_no_space():
    log = log_of(np.random.default_rng(0))

    assert Tastes.of("kind", log, np.zeros(KINDS, dtype=np.int64), 1) is None
