"""Worlds on both sides of every threshold of every family."""

from dataclasses import fields, replace

import pytest

from loyalty.engine.suitability import FAMILIES, DataCounts, Verdict, suitability

RICH = DataCounts(
    **{
        one.name: 0.9 if "coverage" in one.name or one.name in ("density", "repeat_share") else 1_000_000
        for one in fields(DataCounts)
    }
)
EVERY_REQUIREMENT = [
    pytest.param(family, requirement, id=f"{family.name}: {requirement.what}")
    for family in FAMILIES
    for requirement in family.requirements
]


def measured(requirement):
    """The names of the counts that a requirement looks at."""
    return [
        one.name
        for one in fields(DataCounts)
        if requirement.measure(replace(DataCounts(), **{one.name: 0.5})) != requirement.measure(DataCounts())
    ]


def verdict_of(family, counts):
    return next(one for one in suitability(counts) if one.family is family)


@pytest.mark.parametrize(("family", "requirement"), EVERY_REQUIREMENT)
def test_each_threshold_has_two_sides(family, requirement):
    names = measured(requirement)
    assert names

    def world(value):
        return replace(RICH, **dict.fromkeys(names, value))

    little = 1e-9 if requirement.is_share else 1
    assert verdict_of(family, world(requirement.suits)).verdict is Verdict.SUITS
    assert verdict_of(family, world(requirement.suits - little)).verdict is Verdict.BARELY
    assert verdict_of(family, world(requirement.barely)).verdict is Verdict.BARELY
    assert verdict_of(family, world(requirement.barely - little)).verdict is Verdict.NOT_YET


def test_an_empty_shop_suits_nothing_and_is_told_what_to_bring():
    for one in suitability(DataCounts()):
        assert one.verdict is Verdict.NOT_YET
        assert len(one.missing) == len(one.family.requirements)


def test_a_rich_shop_misses_nothing():
    for one in suitability(RICH):
        assert (one.verdict, one.missing, one.reason) == (Verdict.SUITS, (), one.family.reason)


def test_what_is_missing_is_told_in_numbers():
    counts = replace(RICH, n_rich_customers=12, density=0.0005)
    one = next(one for one in suitability(counts) if one.family.name == "Matrix factorisation")
    assert one.missing == (
        "Needs at least 100 customers with 5 or more different products; there are 12.",
        "Better with at least 0.10% of all customer–product pairs bought; there are 0.05%.",
    )
    assert one.reason == one.missing[0]
