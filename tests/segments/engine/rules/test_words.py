from typing import Any

import pytest

from segments.engine.rules.notation import read_rule
from segments.engine.rules.words import lines, sentence
from tests.segments.engine.rules.shelves import CATALOGUE

WINE = {"kind": "bought", "about": {"category": ["Wine"]}, "when": {"last_days": 90}}


def told(rule: Any) -> str:
    return sentence(read_rule({"version": 1, "rule": rule}, CATALOGUE), CATALOGUE)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            {**WINE, "counts": {"times": {"at_least": 3}, "spend": {"at_least": 50}}},
            "Bought in “Wine” at least 3 times for at least 50 in total in the last 90 days.",
        ),
        ({**WINE, "counts": {"times": {"exactly": 0}}}, "Did not buy in “Wine” in the last 90 days."),
        (WINE, "Bought in “Wine” in the last 90 days."),
        (
            {"kind": "bought", "when": {"since": "2024-01-01", "before": "2024-02-01"}},
            "Bought from 1 Jan 2024 and before 1 Feb 2024.",
        ),
        ({"kind": "bought", "when": {"days_ago": [60, 30]}}, "Bought 60 to 30 days ago."),
        (
            {"kind": "feature", "name": "orders_90", "test": {"between": [2, 1000]}},
            "Orders in the last 90 days: 2 to 1,000 orders.",
        ),
        (
            {"kind": "feature", "name": "coupon_share_all", "test": {"at_least": 0.5}},
            "Orders with a coupon: at least 50%.",
        ),
        ({"kind": "feature", "name": "preferred_channel", "test": {"is": "mail"}}, "Preferred channel is “mail”."),
        ({"kind": "consent", "channel": "email", "state": "refused"}, "Refused marketing by email."),
        (
            {"every": [WINE, {"some": [{"kind": "segment", "segment": 4}, {"kind": "consent", "channel": "email"}]}]},
            "Bought in “Wine” in the last 90 days and (is in the segment “Big spenders” or allows marketing by email).",
        ),
        ({"not": {"kind": "segment", "segment": 4}}, "Not: is in the segment “Big spenders”."),
    ],
)  # fmt: skip
def test_a_rule_reads_like_a_sentence(rule: Any, words: str) -> None:
    assert told(rule) == words


def test_a_rule_is_a_list_with_the_places_that_refusals_name() -> None:
    rule = read_rule({"version": 1, "rule": {"every": [WINE, {"not": {"some": [WINE, WINE]}}]}}, CATALOGUE)

    found = [(line.depth, line.place, line.is_group) for line in lines(rule, CATALOGUE)]

    assert found == [
        (0, "", True),
        (1, "1", False),
        (1, "2", True),
        (2, "2", True),
        (3, "2.1", False),
        (3, "2.2", False),
    ]
