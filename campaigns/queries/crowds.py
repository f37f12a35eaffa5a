"""Running campaigns as groups of customers that segments can be laid over."""

from collections.abc import Iterator

from campaigns.models import Campaign
from segments.queries.crowds import Crowd

# An audience holds each customer once.
IN_AUDIENCE = "SELECT customer_id FROM campaigns_audiencemember WHERE audience_id = %s"
State = Campaign.State


def running_campaigns() -> Iterator[Crowd]:
    """Campaigns that run or are about to, each with whom it reaches."""
    found = Campaign.objects.filter(state__in=[State.SCHEDULED, State.RUNNING, State.PAUSED], audience__isnull=False)
    for campaign in found.order_by("starts_at", "pk"):
        yield Crowd(
            key=f"campaign-{campaign.pk}",
            name=campaign.name,
            kind="Campaign",
            url=campaign.get_absolute_url(),
            sql=IN_AUDIENCE,
            params=[campaign.audience_id],
        )
