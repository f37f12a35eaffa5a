"""Pilots: how many should get a campaign first, and which campaigns were such a first part."""

from django.db.models import Exists, OuterRef, QuerySet

from campaigns.charts.pilots import pilot_chart
from campaigns.engine.pilot import PilotPlan, plan_pilot
from campaigns.engine.simulation import stream
from campaigns.models import AudienceMember, Campaign, CampaignOffer, Scenario, Simulation
from campaigns.queries.counts import count_members, count_takers
from campaigns.queries.history import SENT_STATES
from loyalty.charts import Chart


def pilot_advice(base: Scenario) -> PilotPlan:
    """What pilots of growing size would tell of the whole campaign."""
    return plan_pilot(base.campaign_effect, base.bins, stream(base.simulation.seed, "pilot"))


def advice_chart(advice: PilotPlan, simulation: Simulation) -> Chart | None:
    return pilot_chart(advice, as_of=simulation.as_of) if advice.sizes else None


def sent_pilots(simulation: Simulation) -> QuerySet[Campaign]:
    """Other campaigns that were sent, make one of the same offers and have known recipients, each with its takers."""
    members = AudienceMember.objects.filter(audience=OuterRef("audience_id"))
    shared = CampaignOffer.objects.filter(
        campaign=OuterRef("pk"), offer__in=simulation.campaign.offers.order_by().values("pk")
    )
    sent = Campaign.objects.filter(Exists(members), Exists(shared), state__in=SENT_STATES)
    counted = sent.annotate(n_members=count_members(), n_took=count_takers())
    return counted.exclude(pk=simulation.campaign_id).order_by("-starts_at", "-id")
