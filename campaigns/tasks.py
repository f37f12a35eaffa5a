"""The campaign steps of a job: find the campaign, make one call, return a small summary."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from campaigns.models import Campaign, Simulation
from campaigns.services import learning_ahead, offer_rounds
from campaigns.services.demo import load_complete_journey
from campaigns.services.offer_decisions import expire_offers
from campaigns.services.outcomes import record_outcomes
from campaigns.services.simulations import rehearse_campaign, simulate_campaign
from loyalty.services.progress import Progress
from loyalty.tasks import Refused, job_task, wake


@job_task("campaigns.rehearse_campaign")
def rehearse(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """A past campaign, named by its external id, as of the day before it began."""
    rehearsal = rehearse_campaign(campaign=_past(params), at=timezone.now(), seed=params["seed"], report=report)
    return {
        "simulation_id": rehearsal.sent.pk,
        "picked_simulation_id": rehearsal.picked.pk,
        "sent": _redeemers(rehearsal.sent),
        "picked": _redeemers(rehearsal.picked),
    }


@job_task("campaigns.record_outcomes")
def outcomes(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """What really happened in a past campaign, named by its external id."""
    counted = record_outcomes(campaign=_past(params), until=timezone.now(), report=report)
    return {outcome.metric: outcome.value for outcome in counted}


@job_task("campaigns.simulate_campaign")
def simulate(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """A planned campaign, named by our own key."""
    campaign = Campaign.objects.filter(pk=params["campaign_id"]).first()
    if campaign is None:
        raise Refused("This campaign no longer exists.")
    simulation = simulate_campaign(campaign=campaign, at=timezone.now(), seed=params["seed"], report=report)
    return {"simulation_id": simulation.pk, "redeemers": _redeemers(simulation)}


@job_task(learning_ahead.TASK)
def learn_reception(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Learn from all campaigns that have ended."""
    return learning_ahead.learn_ahead(at=timezone.now(), report=report)


@shared_task(name="campaigns.learn_when_due")  # type: ignore[untyped-decorator]
def learn_when_due() -> None:
    job = learning_ahead.make_due(at=timezone.now())
    if job is not None:
        wake(job)


def _past(params: dict[str, Any]) -> Campaign:
    campaign = Campaign.objects.filter(external_id=params["campaign"]).first()
    if campaign is None:
        raise Refused(f"There is no campaign with the id “{params['campaign']}”. Import it first.")
    return campaign


def _redeemers(simulation: Simulation) -> dict[str, float]:
    forecast = simulation.forecasts.get(metric="redeemers")
    return {"low_90": forecast.low_90, "mid": forecast.mid, "high_90": forecast.high_90}


@job_task("campaigns.load_complete_journey")
def load_demo(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """The demo's data, by the import path; what is there already is left alone."""
    return load_complete_journey(at=timezone.now(), report=report)


@job_task(offer_rounds.TASK)
def assign_offers(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Give out the offers of a campaign, named by our own key."""
    campaign = Campaign.objects.filter(pk=params["campaign_id"]).first()
    if campaign is None:
        raise Refused("This campaign no longer exists.")
    made = offer_rounds.assign_offers(campaign=campaign, at=timezone.now(), seed=params["seed"], report=report)
    return {"campaign_id": campaign.pk, "n_customers": made.n_customers, "n_assigned": made.n_assigned}


@shared_task(name="campaigns.sweep_offers")  # type: ignore[untyped-decorator]
def sweep_offers() -> None:
    """Pages and the API ask at every reading; this only brings the tables after."""
    expire_offers(at=timezone.now())
