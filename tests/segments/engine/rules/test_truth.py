import pytest

from segments.engine.rules.tree import Comparison, Every, Inside, Not, Some
from segments.engine.rules.truth import deciding, holds, passes

A, B, C = Inside(1), Inside(2), Inside(3)


def test_groups_hold_as_their_words_say() -> None:
    rule = Every((A, Some((B, Not(C)))))
    assert holds(rule, [True, True, True])
    assert holds(rule, [True, False, False])
    assert not holds(rule, [True, False, True])
    assert not holds(rule, [False, True, False])


@pytest.mark.parametrize(
    ("rule", "before", "now", "place"),
    [
        (Every((A, B)), [True, False], [True, True], 1),
        (Every((A, B)), [False, False], [True, True], 0),
        (Some((A, B)), [False, True], [False, False], 1),
        (Every((A, Not(B))), [True, True], [True, False], 1),
        # A changed as well, but only C let anybody in.
        (Some((Every((A, B)), C)), [False, False, False], [True, False, True], 2),
        (Every((A, B)), [True, True], [True, True], None),
    ],
)
def test_the_condition_that_decided_is_found(rule, before, now, place) -> None:
    assert deciding(rule, before, now) == place


@pytest.mark.parametrize(
    ("test", "value", "does"),
    [
        (Comparison("at_least", (3,)), 3.0, True),
        (Comparison("more_than", (3,)), 3.0, False),
        (Comparison("between", (1, 3)), 3.0, True),
        (Comparison("exactly", (0,)), 0.0, True),
        (Comparison("at_most", (3,)), None, False),
        (Comparison("known"), None, False),
        (Comparison("known"), 0.0, True),
        (Comparison("is", ("mail",)), "mail", True),
        (Comparison("is_not", ("mail",)), "", True),
        (Comparison("one_of", ("a", "b")), "b", True),
    ],
)
def test_what_is_not_known_passes_nothing_but_is_not(test, value, does) -> None:
    assert passes(test, value) is does
