"""Every wrong input gives a sentence at the field that has to be changed."""

from datetime import timedelta

import pytest

from campaigns.forms import NEW_TYPE, CampaignForm, OfferForm, RejectionForm
from campaigns.models import Offer
from campaigns.queries.planning import segments_to_reach
from tests.rows import fill, make_offer, make_product, make_segment

pytestmark = pytest.mark.django_db


@pytest.fixture
def offer():
    fill(1)
    return Offer.objects.get()


def typed(offer, **changes):
    values = {
        "name": "Coffee in May",
        "goal": "",
        "type": "Type A",
        "channel": "mail",
        "audience": "everybody",
        "offers": [str(offer.pk)],
        "starts_on": "2017-12-01",
        "ends_on": "2017-12-31",
        "cost_per_contact": "0.45",
        "margin_percent": "30",
    }
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


def form(offer, **changes):
    return CampaignForm(typed(offer, **changes), types=["Type A"])


def test_a_complete_form_becomes_a_plan(offer, settings):
    settings.TIME_ZONE = "America/New_York"
    filled = form(offer, audience="best", n_customers="300", budget="150")

    assert filled.is_valid(), filled.errors
    plan = filled.plan()
    assert plan.audience_rule == {"kind": "best", "n": 300}
    assert (plan.starts_at.isoformat(), plan.ends_at.isoformat()) == (
        "2017-12-01T00:00:00-05:00",
        "2018-01-01T00:00:00-05:00",
    )
    assert str(plan.margin_share) == "0.3"


def test_a_new_type_is_taken_by_its_name(offer):
    filled = form(offer, type=NEW_TYPE, new_type="Welcome")

    assert filled.is_valid(), filled.errors
    assert filled.plan().type == "Welcome"


WRONG = [
    ({"name": ""}, "name", "Give the campaign a name"),
    ({"name": "x" * 201}, "name", "Keep this within 200"),
    ({"name": "a\x00b"}, "name", "Remove the unreadable sign"),
    ({"name": "campaign 0"}, "name", "There is already a campaign called"),
    ({"type": "Type Z"}, "type", "Say what type"),
    ({"type": None}, "type", "Say what type"),
    ({"type": NEW_TYPE}, "new_type", "Give the new type a name"),
    ({"channel": "pigeon"}, "channel", "Say how the campaign reaches people"),
    ({"audience": None}, "audience", "Say who the campaign should reach"),
    ({"audience": "friends"}, "audience", "Say who the campaign should reach"),
    ({"audience": "segment"}, "segment", "Choose one of your segments"),
    ({"audience": "segment", "segment": "999999"}, "segment", "Choose one of your segments"),
    ({"audience": "segment", "segment": "x"}, "segment", "Choose one of your segments"),
    ({"audience": "best", "n_customers": "0"}, "n_customers", "1 or more"),
    ({"audience": "best", "n_customers": "many"}, "n_customers", "whole number"),
    ({"audience": "imported"}, "past_campaign", "Choose a past campaign"),
    ({"offers": []}, "offers", "Choose at least one offer"),
    ({"offers": ["999999"]}, "offers", "no longer exists"),
    ({"offers": ["x"]}, "offers", "no longer exists"),
    ({"starts_on": ""}, "starts_on", "Write the first day as a date"),
    ({"starts_on": "soon"}, "starts_on", "Write the first day as a date"),
    ({"ends_on": "2017-11-30"}, "ends_on", "must not be before the first day"),
    ({"ends_on": "2019-12-31"}, "ends_on", "at most 366 days"),
    ({"cost_per_contact": ""}, "cost_per_contact", "Say what it costs"),
    ({"cost_per_contact": "cheap"}, "cost_per_contact", "Say what it costs"),
    ({"cost_per_contact": "-1"}, "cost_per_contact", "cannot be below zero"),
    ({"cost_per_contact": "0.123456"}, "cost_per_contact", "fewer digits"),
    ({"cost_per_contact": "NaN"}, "cost_per_contact", "Say what it costs"),
    ({"margin_percent": "130"}, "margin_percent", "between 0 and 100"),
    ({"margin_percent": ""}, "margin_percent", "Say how many percent"),
    ({"budget": "much"}, "budget", "Write the budget as a number"),
    ({"budget": "-5"}, "budget", "cannot be below zero"),
    ({"budget": "0.10"}, "budget", "more than the budget"),
]


@pytest.mark.parametrize(("changes", "field", "sentence"), WRONG)
def test_wrong_input_is_named_at_its_field(offer, changes, field, sentence):
    filled = form(offer, **changes)

    assert not filled.is_valid()
    assert list(filled.errors) == [field]
    assert sentence in filled.errors[field][0]


def test_a_paused_offer_is_named(offer):
    paused = make_offer(7)
    Offer.objects.filter(pk=paused.pk).update(is_paused=True)

    filled = form(offer, offers=[offer.pk, paused.pk])

    assert filled.errors["offers"] == ["The offer “Offer 7” is paused. Take it out or start it again."]


def test_an_offer_that_ends_before_the_campaign_is_named(offer, at):
    Offer.objects.filter(pk=offer.pk).update(valid_until=at - timedelta(days=1))

    assert "ends before the campaign begins" in form(offer).errors["offers"][0]


def test_an_empty_segment_is_refused(offer):
    empty = make_segment(9)

    assert "Choose one of your segments" in form(offer, audience="segment", segment=str(empty.pk)).errors["segment"][0]


def typed_offer(**changes):
    values = {"name": "20% off coffee", "mechanic": "percent_off", "benefit_percent": "20", "skus": "p1"}
    return {**values, **changes}


def test_pasted_article_numbers_are_found_however_they_are_separated():
    for number in range(3):
        make_product(number)

    filled = OfferForm(typed_offer(skus="p0, p1;p2\n p1"))

    assert filled.is_valid(), filled.errors
    assert filled.plan().skus == ("p0", "p1", "p2")


WRONG_OFFERS = [
    ({"name": ""}, "name", "Give the offer a name"),
    ({"name": "x" * 201}, "name", "Keep this within 200"),
    ({"mechanic": "gift"}, "mechanic", "Choose what kind of offer"),
    ({"benefit_percent": ""}, "benefit_percent", "Say how many percent"),
    ({"benefit_percent": "101"}, "benefit_percent", "at most 100"),
    ({"benefit_percent": "lots"}, "benefit_percent", "Write the percentage"),
    ({"mechanic": "amount_off"}, "benefit_amount", "Say how much"),
    ({"benefit_amount": "-1"}, "benefit_amount", "cannot be below zero"),
    ({"cost_per_redemption": "-1"}, "cost_per_redemption", "cannot be below zero"),
    ({"skus": ""}, "categories", "Say which products"),
    ({"skus": "p1 wrong1 wrong2"}, "skus", "No product has the article number “wrong1”, “wrong2”"),
    ({"skus": "p1 \x00"}, "skus", "Remove the unreadable sign"),
    ({"categories": ["999999"]}, "categories", "no longer exists"),
]


@pytest.mark.parametrize(("changes", "field", "sentence"), WRONG_OFFERS)
def test_a_wrong_offer_is_named_at_its_field(changes, field, sentence):
    make_product(1)

    filled = OfferForm(typed_offer(**changes))

    assert not filled.is_valid()
    assert list(filled.errors) == [field]
    assert sentence in filled.errors[field][0]


def test_a_rejection_needs_a_comment():
    assert RejectionForm({"comment": " "}).errors["comment"] == [
        "Say what should be changed, so that the author knows what to do."
    ]


def test_everything_that_is_wrong_is_told_at_once(offer):
    wrong = form(offer, budget="abc", cost_per_contact="-1", offers=[])
    assert set(wrong.errors) == {"budget", "cost_per_contact", "offers"}


def test_whom_to_leave_out_and_how_equal_becomes_part_of_the_rule(offer):
    segment = segments_to_reach()[0]
    limits = {"leave_out_running": "on", "leave_out_segments": [str(segment.pk)], "contacts_at_most": "2"}
    filled = form(offer, audience="best", equal_by="gender", contact_days="14", **limits)

    assert filled.is_valid(), filled.errors
    assert filled.plan().audience_rule == {
        "kind": "best", "n": None, "leave_out_running": True, "leave_out_segments": [segment.pk],
        "contacts_at_most": 2, "contact_days": 14, "equal_by": "gender",
    }  # fmt: skip


def test_a_pasted_list_becomes_numbers_and_traits_need_a_reason(offer):
    filled = form(offer, audience="lookalike", seed_customers="c0, c1\nc2;c0", n_alike="50")
    hasty = form(offer, audience="lookalike", seed_customers="c0", traits_reason="because")

    assert filled.is_valid(), filled.errors
    assert filled.plan().audience_rule == {"kind": "lookalike", "n": 50, "seed_customers": ["c0", "c1", "c2"]}
    assert "Say in 10 to 300 characters why" in hasty.errors["traits_reason"][0]


def test_a_list_of_nobody_is_refused(offer):
    assert "Say whom they should be like" in form(offer, audience="lookalike").errors["seed_customers"][0]
