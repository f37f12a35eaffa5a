"""A campaign is made, submitted, approved or sent back. Every step checks where the campaign stands."""

import uuid
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import Campaign, CampaignOffer
from campaigns.queries.pilots import n_also_in_pilot
from campaigns.services.plans import CampaignInvalid, CampaignPlan, check_plan

__all__ = [
    "CampaignInvalid",
    "CampaignPlan",
    "approve_campaign",
    "check_plan",
    "create_campaign",
    "held_in",
    "own_reference",
    "reject_campaign",
    "submit_campaign",
]

State = Campaign.State
LONGEST_COMMENT = 500


def own_reference() -> str:
    """A key for what is made here: by it whoever sends it can tell what became of it."""
    return f"{Campaign.OWN}{uuid.uuid4()}"


@transaction.atomic
def create_campaign(*, plan: CampaignPlan, by: User, at: datetime) -> Campaign:
    """Keep the plan as a draft. Raises CampaignInvalid."""
    check_plan(plan)
    campaign = Campaign.objects.create(
        external_id=own_reference(),
        name=plan.name.strip(),
        goal=plan.goal.strip(),
        type=plan.type.strip(),
        channel=plan.channel.strip(),
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        audience_rule=dict(plan.audience_rule),
        cost_per_contact=plan.cost_per_contact,
        margin_share=plan.margin_share,
        budget=plan.budget,
        currency=plan.currency,
        created_by=by,
        created_at=at,
    )
    offer_ids = dict.fromkeys(plan.offer_ids)
    CampaignOffer.objects.bulk_create(CampaignOffer(campaign=campaign, offer_id=offer_id) for offer_id in offer_ids)
    return campaign


@transaction.atomic
def submit_campaign(*, campaign: Campaign, by: User, at: datetime) -> Campaign:
    """Ask for approval. Raises CampaignInvalid."""
    campaign = held_in(campaign, State.DRAFT, "submitted for review")
    _check_pilot(campaign)
    campaign.state, campaign.review_comment = State.IN_REVIEW, ""
    campaign.save(update_fields=["state", "review_comment"])
    return campaign


@transaction.atomic
def approve_campaign(*, campaign: Campaign, by: User, at: datetime) -> Campaign:
    """Say yes to a campaign that somebody else made. Raises CampaignInvalid."""
    campaign = held_in(campaign, State.IN_REVIEW, "approved")
    if campaign.created_by_id == by.pk:
        raise CampaignInvalid("approved_by", "You made this campaign, so somebody else has to approve it.")
    _check_pilot(campaign)
    campaign.state, campaign.approved_by, campaign.approved_at = State.APPROVED, by, at
    campaign.save(update_fields=["state", "approved_by", "approved_at"])
    return campaign


@transaction.atomic
def reject_campaign(*, campaign: Campaign, comment: str, by: User, at: datetime) -> Campaign:
    """Send a campaign back to its author, saying what to change. Raises CampaignInvalid."""
    campaign = held_in(campaign, State.IN_REVIEW, "sent back")
    if not comment.strip():
        raise CampaignInvalid("comment", "Say what should be changed, so that the author knows what to do.")
    if len(comment.strip()) > LONGEST_COMMENT:
        raise CampaignInvalid("comment", f"Keep the comment within {LONGEST_COMMENT} characters.")
    campaign.state, campaign.review_comment = State.DRAFT, comment.strip()
    campaign.save(update_fields=["state", "review_comment"])
    return campaign


def _check_pilot(campaign: Campaign) -> None:
    n_both = n_also_in_pilot(campaign, campaign.audience_id)
    if n_both:
        sentence = f"{n_both:,} of these people get the pilot already. Rehearse the campaign again: it leaves them out."
        raise CampaignInvalid("audience", sentence)


def held_in(campaign: Campaign, state: str, done: str) -> Campaign:
    """The campaign, kept as it is until the transaction ends. Raises CampaignInvalid where it stands elsewhere."""
    held = Campaign.objects.select_for_update(no_key=True, of=("self",)).get(pk=campaign.pk)
    if held.state != state:
        now, needed = held.get_state_display(), State(state).label
        raise CampaignInvalid("state", f"This campaign is marked “{now}”; only one marked “{needed}” can be {done}.")
    return held
