import pytest
from django.contrib.auth.models import User

from campaigns.models import Campaign, Offer
from campaigns.services.campaigns import (
    CampaignInvalid,
    CampaignPlan,
    approve_campaign,
    create_campaign,
    reject_campaign,
    submit_campaign,
)
from tests.rows import AT, fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def author():
    return User.objects.create_user("author")


@pytest.fixture
def reviewer():
    return User.objects.create_user("reviewer")


@pytest.fixture
def draft(author):
    fill(1)
    plan = CampaignPlan(
        name=" Coffee ",
        type="Type A",
        starts_at=AT.replace(month=12),
        ends_at=AT.replace(month=12, day=20),
        currency="USD",
        offer_ids=(Offer.objects.get().pk,) * 2,
        audience_rule={"kind": "everybody"},
    )
    return create_campaign(plan=plan, by=author, at=AT)


def test_a_plan_is_kept_as_a_draft_with_each_offer_once(draft, author):
    assert (draft.state, draft.name, draft.created_by) == ("draft", "Coffee", author)
    assert draft.campaign_offers.count() == 1
    assert draft.external_id.startswith("own-")


def test_somebody_else_approves_what_was_submitted(draft, author, reviewer):
    submit_campaign(campaign=draft, by=author, at=AT)
    approved = approve_campaign(campaign=draft, by=reviewer, at=AT)

    assert (approved.state, approved.approved_by, approved.approved_at) == ("approved", reviewer, AT)


def test_the_author_never_approves(draft, author):
    submit_campaign(campaign=draft, by=author, at=AT)

    with pytest.raises(CampaignInvalid, match="somebody else"):
        approve_campaign(campaign=draft, by=author, at=AT)
    assert Campaign.objects.get(pk=draft.pk).state == "in_review"


def test_a_draft_cannot_be_approved(draft, reviewer):
    with pytest.raises(CampaignInvalid, match="is marked “Draft”; only one marked “In review” can be approved"):
        approve_campaign(campaign=draft, by=reviewer, at=AT)


def test_sent_back_with_a_comment_it_is_a_draft_again(draft, author, reviewer):
    submit_campaign(campaign=draft, by=author, at=AT)
    back = reject_campaign(campaign=draft, comment=" Fewer people ", by=reviewer, at=AT)

    assert (back.state, back.review_comment) == ("draft", "Fewer people")
    assert submit_campaign(campaign=draft, by=author, at=AT).review_comment == ""


def test_sending_back_needs_a_comment(draft, author, reviewer):
    submit_campaign(campaign=draft, by=author, at=AT)

    with pytest.raises(CampaignInvalid, match="Say what should be changed"):
        reject_campaign(campaign=draft, comment=" ", by=reviewer, at=AT)
