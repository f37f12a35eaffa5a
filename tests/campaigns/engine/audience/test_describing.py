import numpy as np
import pytest

from campaigns.engine.audience.describing import NothingToDescribe, describe, set_apart
from campaigns.engine.audience.dictionary import WORDS, said
from campaigns.engine.frames import CustomerFrame
from campaigns.engine.reasons import FEATURE_NAMES

NAMES = ("coupon_orders", "recency_days", "alike_share", "unspeakable")


def world(n=4_000):
    """Chosen: more than four orders with a coupon and shopped within 30 days."""
    rng = np.random.default_rng(1)
    values = np.column_stack([rng.poisson(4, n), rng.uniform(0, 90, n), rng.uniform(0, 1, n), rng.uniform(0, 9, n)])
    customers = CustomerFrame(np.arange(n), values.astype(np.float64), NAMES)
    return customers, (values[:, 0] > 4) & (values[:, 1] <= 30)


def test_the_planted_rule_is_found_and_said():
    customers, chosen = world()

    found = describe(customers, chosen, np.random.default_rng(2))

    assert found.agreement > 0.98
    assert found.is_faithful
    assert found.found_share > 0.95
    said = {word for rule in found.rules for word in rule.words}
    assert "used coupons in more than 4 orders" in said
    assert any(word.startswith("shopped within 2") or word == "shopped within 30 days" for word in said)
    assert sum(rule.n for rule in found.rules) == pytest.approx(chosen.sum(), rel=0.05)


def test_a_random_choice_is_not_said_to_be_explained():
    customers, _ = world()
    chosen = np.random.default_rng(3).random(len(customers)) < 0.3

    found = describe(customers, chosen, np.random.default_rng(2))

    assert not found.is_faithful


def test_everybody_cannot_be_told_apart():
    customers, _ = world()

    with pytest.raises(NothingToDescribe):
        describe(customers, np.ones(len(customers), dtype=bool), np.random.default_rng(2))


def test_what_sets_them_apart_comes_with_its_interval_and_the_rest_does_not():
    customers, chosen = world()

    coupons, recency, share = set_apart(customers, chosen)

    assert {coupons.name, recency.name} == {"coupon_orders", "recency_days"}
    assert coupons.low * coupons.high > 0
    assert recency.low * recency.high > 0
    assert share.low < 0 < share.high
    assert share.inside == pytest.approx(0.5, abs=0.05)


def test_intervals_of_a_random_choice_hold_zero_in_19_of_20_worlds():
    customers, _ = world(600)
    rng = np.random.default_rng(4)

    held = [
        all(one.low < 0 < one.high for one in set_apart(customers, rng.random(len(customers)) < 0.3))
        for _ in range(200)
    ]

    assert np.mean(held) > 0.9


def test_every_feature_of_the_model_that_is_spoken_of_is_one_of_the_model():
    assert set(WORDS) <= set(FEATURE_NAMES)


@pytest.mark.parametrize(
    ("name", "limit", "sentence"),
    [
        ("orders", 1.5, "more than 1 order so far"),
        ("orders", 21.5, "more than 21 orders so far"),
        ("promoted_lines", 1.5, "bought these products more than once"),
        ("promoted_lines", 1001.5, "bought these products more than 1,001 times"),
    ],
    ids=["one order", "21 orders", "once", "many times"],
)
def test_one_is_told_as_one(name, limit, sentence):
    assert said(WORDS[name].fact, True, limit) == sentence
