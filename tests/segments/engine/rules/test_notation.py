from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from segments.engine.rules.notation import DEEPEST, MOST_CONDITIONS, RuleRefused, read_rule
from segments.engine.rules.tree import Allows, Comparison, Events, Every, Inside, Not, Rule, Some, Span, Value
from segments.engine.rules.writing import written
from tests.segments.engine.rules.shelves import CATALOGUE

ORDERS = {"kind": "feature", "name": "orders_90", "test": {"at_least": 3}}
WINE = {
    "kind": "bought", "about": {"category": ["Wine"]}, "when": {"last_days": 90},
    "counts": {"times": {"at_least": 3}, "spend": {"at_least": 50}},
}  # fmt: skip


def read(rule: Any) -> Rule:
    return read_rule({"version": 1, "rule": rule}, CATALOGUE)


def test_a_rule_is_read_into_its_tree() -> None:
    found = read({"every": [WINE, {"some": [ORDERS, {"not": {"kind": "segment", "segment": 4}}]}]})

    wine = Events(
        "bought", (("category", ("Wine",)),), Span(days=(90, 0)),
        (("times", Comparison("at_least", (3,))), ("spend", Comparison("at_least", (50,)))),
    )  # fmt: skip
    orders = Value("feature", "orders_90", Comparison("at_least", (3,)))
    assert found == Every((wine, Some((orders, Not(Inside(4))))))


def test_one_condition_alone_is_a_group_of_one() -> None:
    assert read({"kind": "consent", "channel": "email"}) == Every((Allows("marketing", "email"),))


def test_one_of_a_list_of_features_is_known_by_its_like() -> None:
    found = read({"kind": "feature", "name": "category_share_365:Coffee", "test": {"more_than": 0.5}})
    assert found == Every((Value("feature", "category_share_365:Coffee", Comparison("more_than", (0.5,))),))


def test_counts_are_read_in_the_order_in_which_people_read_them() -> None:
    turned = {**WINE, "counts": dict(reversed(WINE["counts"].items()))}
    assert read(turned) == read(WINE)


def nested(depth: int) -> Any:
    return ORDERS if depth == 0 else {"every": [nested(depth - 1)]}


@pytest.mark.parametrize(
    ("rule", "place", "says"),
    [
        ({"every": []}, "", "empty"),
        ({"every": [ORDERS, {"kind": "teleported"}]}, "2", "no such kind"),
        ({"every": [ORDERS, {"some": [ORDERS, {**ORDERS, "name": "orders_91"}]}]}, "2.2", "orders_91"),
        ({"every": [{**ORDERS, "name": "nothing:"}]}, "1", "no feature"),
        ({"every": [{**ORDERS, "test": {"at_least": "3"}}]}, "1", "number"),
        ({"every": [{**ORDERS, "test": {"at_least": True}}]}, "1", "number"),
        ({"every": [{**ORDERS, "test": {"at_least": float("nan")}}]}, "1", "number"),
        ({"every": [{**ORDERS, "test": {"is": "3"}}]}, "1", "one way"),
        ({"every": [{**ORDERS, "test": {"at_least": 3, "at_most": 4}}]}, "1", "one way"),
        ({"every": [{**ORDERS, "test": {"between": [4, 3]}}]}, "1", "smaller number first"),
        ({"every": [{**ORDERS, "test": {"between": 4}}]}, "1", "two numbers"),
        ({"every": [{**ORDERS, "test": {"known": False}}]}, "1", "not"),
        ({"every": [{**ORDERS, "hint": "x"}]}, "1", "hint"),
        ({"every": [{**WINE, "about": {"colour": ["red"]}}]}, "1", "colour"),
        ({"every": [{**WINE, "about": {"category": "Wine"}}]}, "1", "list"),
        ({"every": [{**WINE, "about": {"category": [""]}}]}, "1", "Choose a value"),
        ({"every": [{**WINE, "about": {"category": ["a\0b"]}}]}, "1", "Choose a value"),
        ({"every": [{**WINE, "counts": {"weight": {"at_least": 1}}}]}, "1", "weight"),
        ({"every": [{**WINE, "counts": {"times": {"at_least": -1}}}]}, "1", "never below 0"),
        ({"every": [{**WINE, "counts": {"times": {"known": True}}}]}, "1", "one way"),
        ({"every": [{**WINE, "counts": {}}]}, "1", "how often"),
        ({"every": [{**WINE, "when": {"last_days": 0}}]}, "1", "whole number of days"),
        ({"every": [{**WINE, "when": {"last_days": 9, "since": "2024-01-01"}}]}, "1", "one way"),
        ({"every": [{**WINE, "when": {"days_ago": [30, 60]}}]}, "1", "larger number"),
        ({"every": [{**WINE, "when": {"since": "May"}}]}, "1", "year-month-day"),
        ({"every": [{**WINE, "when": {"since": "2024-02-01", "before": "2024-02-01"}}]}, "1", "first day"),
        ({"every": [{"kind": "consent", "channel": "email", "state": "maybe"}]}, "1", "granted"),
        ({"every": [{"kind": "segment", "segment": 5}]}, "1", "no such segment"),
        ({"every": [{"kind": "segment", "segment": True}]}, "1", "no such segment"),
        ({"every": ["all of them"]}, "1", "object"),
        ({"every": [ORDERS] * (MOST_CONDITIONS + 1)}, str(MOST_CONDITIONS + 1), "at most"),
        (nested(DEEPEST), ".".join(["1"] * DEEPEST), "deep"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(rule: Any, place: str, says: str) -> None:
    with pytest.raises(RuleRefused) as refused:
        read(rule)

    assert ".".join(map(str, refused.value.path)) == place
    assert says in refused.value.sentence
    assert str(refused.value).startswith(f"Condition {place}: " if place else refused.value.sentence)


@pytest.mark.parametrize("data", [None, [], {"rule": ORDERS}, {"version": 2, "rule": ORDERS}])
def test_a_rule_of_another_version_is_refused(data: Any) -> None:
    with pytest.raises(RuleRefused, match="version"):
        read_rule(data, CATALOGUE)


NUMBERS = st.one_of(st.integers(0, 1000), st.floats(0, 1000, allow_nan=False).map(lambda x: round(x, 3)))
TESTS = st.one_of(
    st.builds(
        lambda operator, number: Comparison(operator, (number,)),
        st.sampled_from(["at_least", "at_most", "more_than", "less_than", "exactly"]), NUMBERS,
    ),
    st.tuples(NUMBERS, NUMBERS).map(lambda ends: Comparison("between", tuple(sorted(ends)))),
)  # fmt: skip
DAYS = st.dates(date(2020, 1, 1), date(2026, 1, 1))
SPANS = st.one_of(
    st.just(Span()),
    st.integers(1, 900).map(lambda n: Span(days=(n, 0))),
    st.integers(1, 900).map(lambda n: Span(days=(n + 30, n))),
    DAYS.map(lambda day: Span(since=day)),
    DAYS.map(lambda day: Span(before=day)),
)
NAMED = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20).filter(str.strip)
LEAVES = st.one_of(
    st.builds(Value, st.just("feature"), st.sampled_from(["orders_90", "coupon_share_all"]), TESTS),
    st.builds(
        lambda span, test, named: Events("bought", (("category", tuple(named)),), span, (("times", test),)),
        SPANS, TESTS, st.lists(NAMED, min_size=1, max_size=3, unique=True),
    ),
    st.just(Inside(4)),
    st.builds(Allows, st.just("marketing"), st.just("email"), st.sampled_from(["granted", "refused", "unasked"])),
)  # fmt: skip


def groups(parts: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    listed = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(Every, listed), st.builds(Some, listed), st.builds(Not, parts))


@given(st.lists(st.recursive(LEAVES, groups, max_leaves=4), min_size=1, max_size=3).map(tuple).map(Every))
def test_what_is_written_is_read_back_the_same(rule: Rule) -> None:
    depth = str(written(rule)).count("{'every'") + str(written(rule)).count("{'some'")
    assume(depth + str(written(rule)).count("{'not'") < DEEPEST)
    assert read_rule(written(rule), CATALOGUE) == rule
