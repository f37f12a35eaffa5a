import pytest

from campaigns.queries.planning import audience_rule, audience_size
from campaigns.services.audience_rules import limit_problems, seed_problems
from tests.rows import fill, make_segment

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"kind": "best", "contacts_at_most": 0}, "contacts_at_most"),
        ({"kind": "best", "contact_days": 999}, "contact_days"),
        ({"kind": "best", "equal_by": "name"}, "equal_by"),
        ({"kind": "everybody", "equal_by": "gender"}, "equal_by"),
        ({"kind": "best", "leave_out_segments": [999_999]}, "leave_out_segments"),
    ],
    ids=["contacts", "days", "trait", "not the best", "segment"],
)
def test_a_limit_that_makes_no_sense_names_its_field(rule, field):
    assert [found[0] for found in limit_problems(rule)] == [field]


def test_limits_that_make_sense_are_taken():
    rule = {"kind": "best", "contacts_at_most": 3, "contact_days": 30, "equal_by": "gender", "leave_out_running": True}

    assert not list(limit_problems(rule))


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({}, "seed_customers"),
        ({"seed_customers": ["1"], "seed_segment_id": 1}, "seed_customers"),
        ({"seed_segment_id": 999_999}, "seed_segment"),
        ({"seed_campaign_id": 999_999}, "seed_campaign"),
        ({"seed_audience_id": 999_999}, "seed_audience"),
        ({"seed_customers": ["1"], "traits_reason": "because"}, "traits_reason"),
    ],
    ids=["none", "two", "segment", "campaign", "audience", "short reason"],
)
def test_a_list_that_makes_no_sense_names_its_field(rule, field):
    assert [found[0] for found in seed_problems({"kind": "lookalike", **rule})] == [field]


def test_a_rule_says_its_limits_in_words_and_no_size_it_cannot_know():
    fill(1)
    segment = make_segment(7)
    rule = {
        "kind": "everybody", "leave_out_running": True, "leave_out_segments": [segment.pk], "contacts_at_most": 2
    }  # fmt: skip

    limits = audience_rule(rule).limits

    assert limits[0] == "without people who get another campaign on these days"
    assert segment.name in limits[1]
    assert limits[2] == "at most 2 other campaigns within 30 days"
    assert audience_size(rule) is None
    assert audience_size({"kind": "everybody"}) is not None
