"""What past campaigns gave, and the newest plan of benefits as a person reads it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Avg, QuerySet

from campaigns.charts.incentives import incentives_chart
from campaigns.models import Campaign, IncentiveChoice, IncentivePlan
from campaigns.queries.history import TIED, tied_money
from loyalty.charts import Chart
from loyalty.models import Job
from loyalty.queries.frames import copy_frame

TASK = "campaigns.plan_incentives"


def past_benefits(*, until: datetime) -> dict[int, float]:
    """Mean benefit of one use of each past campaign, where uses can be found in orders before `until`."""
    frame = copy_frame(TIED, {"until": until, "zone": settings.TIME_ZONE, "campaign_id": None})
    rows = zip(*(frame[name].to_pylist() for name in ("campaign_id", "discount", "redemptions")), strict=True)
    return {int(campaign_id): float(discount) / int(n) for campaign_id, discount, n in rows if n}


def usual_benefit(campaign: Campaign, *, until: datetime) -> float:
    """What customers get for one use of the campaign's offers: as entered, else as past uses of others gave; 0 where
    nobody knows. It may cost the shop less: a maker may pay it."""
    means = campaign.offers.aggregate(amount=Avg("benefit_amount"), cost=Avg("cost_per_redemption"))
    entered = means["amount"] or means["cost"]
    return float(entered) if entered else tied_money(until=until, zone=settings.TIME_ZONE).discount_per_redemption


@dataclass(frozen=True)
class IncentivesPage:
    """The newest plan of a campaign, and the job that makes the next."""

    plan: IncentivePlan | None
    job: Job | None
    chart: Chart | None
    lines: list[dict[str, Any]]
    best_uniform: dict[str, Any] | None


def incentives_page(campaign: Campaign, *, sign: str) -> IncentivesPage:
    plan = IncentivePlan.objects.filter(campaign=campaign).select_related("model_version").first()
    job = Job.objects.filter(task=TASK, params__campaign_id=campaign.pk).order_by("-id").first()
    if plan is None:
        return IncentivesPage(None, job, None, [], None)
    lines: list[dict[str, Any]] = plan.evidence["lines"]
    chart = incentives_chart(lines, value=plan.value, sign=sign, as_of=plan.as_of)
    return IncentivesPage(plan, job, chart, lines, max(lines, key=lambda line: line["uniform"]))


def people_of(plan: IncentivePlan) -> QuerySet[IncentiveChoice]:
    """Who gets what, worth most first."""
    return IncentiveChoice.objects.filter(plan=plan).select_related("customer")
