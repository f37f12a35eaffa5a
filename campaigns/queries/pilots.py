"""Pilots: how many should get a campaign first, who was drawn, and what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet

from campaigns.charts.pilots import pilot_chart
from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.pilot import PilotPlan, plan_pilot
from campaigns.engine.simulation import stream
from campaigns.models import AudienceMember, Campaign, CampaignOffer, Pilot, Scenario, Simulation
from campaigns.queries.counts import count_members, count_takers
from campaigns.queries.history import SENT_STATES
from campaigns.queries.reception import campaign_reception
from loyalty.charts import Chart
from loyalty.queries.frames import copy_frame
from loyalty.queries.orders import data_horizon

ONE_DAY = timedelta(days=1)
MEMBERS = """
SELECT customer_id, score FROM campaigns_audiencemember WHERE audience_id = %(audience_id)s ORDER BY position, id
"""


@dataclass(frozen=True)
class Members:
    """The people of an audience, best first, with their chances; NaN where nobody was scored."""

    customer_ids: IntArray
    scores: FloatArray

    @property
    def n(self) -> int:
        return len(self.customer_ids)

    @property
    def has_scores(self) -> bool:
        return not np.isnan(self.scores).any()


def members_of(audience_id: int) -> Members:
    frame = copy_frame(MEMBERS, {"audience_id": audience_id})
    scores = np.asarray(frame["score"].to_numpy(zero_copy_only=False), dtype=np.float64)
    return Members(frame["customer_id"].to_numpy().astype(np.int64), scores)


@dataclass(frozen=True)
class Reading:
    """What the data say of a drawn pilot by now; `why_not` where that is nothing yet.

    `days` is how long it could be taken where that is shorter than the campaign itself.
    """

    n_sent: int
    n_took: int
    days: int | None
    is_over: bool
    why_not: str = ""


def pilots_shown() -> QuerySet[Pilot]:
    """Pilots that were not called off, with everything that is named of them."""
    about = ("of__audience", "campaign__audience", "simulation__campaign", "simulation__audience", "rest")
    return Pilot.objects.filter(called_off_at=None).select_related(*about)


def open_pilot(campaign_id: int) -> Pilot | None:
    """The pilot that was drawn for this campaign, or None."""
    return pilots_shown().filter(of=campaign_id).first()


def pilot_made_by(campaign_id: int) -> Pilot | None:
    """The pilot that this campaign is, or None."""
    return pilots_shown().filter(campaign=campaign_id).first()


def n_also_in_pilot(campaign: Campaign, audience_id: int | None) -> int:
    """How many of an audience got the campaign's pilot already."""
    if audience_id is None:
        return 0
    pilots = Pilot.objects.filter(of=campaign, called_off_at=None).values("campaign__audience")
    drawn = AudienceMember.objects.filter(audience__in=pilots, customer=OuterRef("customer"))
    return AudienceMember.objects.filter(Exists(drawn), audience=audience_id).count()


def read_pilot(pilot: Pilot, *, at: datetime) -> Reading:
    """Count who took it in its window, as far as the data reach."""
    sent, horizon = pilot.campaign, data_horizon()
    until = min(moment for moment in (at, sent.ends_at, horizon) if moment is not None)
    taken = campaign_reception(campaign_id=sent.pk, until=until).redemptions
    days, is_over = (until - sent.starts_at) // ONE_DAY, until >= sent.ends_at
    is_shorter = not is_over or sent.ends_at - sent.starts_at < pilot.of.ends_at - pilot.of.starts_at
    return Reading(
        n_sent=len(taken),
        n_took=int((taken > 0).sum()),
        days=days if is_shorter else None,
        is_over=is_over,
        why_not=_why_not(sent, days, len(taken)),
    )


def _why_not(sent: Campaign, days: int, n_sent: int) -> str:
    if sent.state not in SENT_STATES:
        return f"“{sent}” was not sent yet. When it has been, what came of it is counted here."
    if not n_sent:
        return "Nobody is left of the people it was sent to. Rehearse the campaign again."
    return "" if days >= 1 else "Count after one day at the earliest: the data do not reach that far yet."


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
