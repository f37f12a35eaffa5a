"""The campaign steps of a job: find the campaign, make one call, return a small summary."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from campaigns.models import Audience, Campaign, NewProduct, Simulation, Trial
from campaigns.services import (
    incentives,
    launches_ahead,
    learning_ahead,
    new_products,
    offer_rounds,
    rebuilding,
    scenario_runs,
)
from campaigns.services.demo import load_complete_journey
from campaigns.services.entrants import REFINEMENTS
from campaigns.services.launches import simulate_new_product
from campaigns.services.learning import register_refinements
from campaigns.services.offer_decisions import expire_offers
from campaigns.services.outcomes import record_outcomes
from campaigns.services.scored_parts import BEGIN_TASK, PART_TASK, begin_scoring, parts_of, score_part
from campaigns.services.simulations import rehearse_campaign, simulate_campaign
from campaigns.services.trials.importing import IMPORT_TASK, READ_TASK, import_trial, kept_file
from campaigns.services.trials.readouts import read_trial
from loyalty.services.progress import Progress
from loyalty.tasks import Refused, job_task, wake

# Only a worker loads this module: it alone learns.
register_refinements(REFINEMENTS)


@job_task("campaigns.rehearse_campaign")
def rehearse(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """A past campaign, named by its external id, as of the day before it began."""
    rehearsal = rehearse_campaign(
        campaign=_past(params), at=timezone.now(), seed=params["seed"], report=report, parts=parts_of(params)
    )
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
    simulation = simulate_campaign(
        campaign=campaign, at=timezone.now(), seed=params["seed"], report=report, parts=parts_of(params)
    )
    return {"simulation_id": simulation.pk, "redeemers": _redeemers(simulation)}


@job_task(BEGIN_TASK)
def begin_scoring_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    return begin_scoring(about=params, at=timezone.now(), report=report)


@job_task(PART_TASK)
def score_part_task(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    return score_part(about=params, report=report)


@job_task(learning_ahead.TASK)
def learn_reception(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Learn from all campaigns that have ended."""
    return learning_ahead.learn_ahead(at=timezone.now(), report=report)


@shared_task(name="campaigns.learn_when_due")  # type: ignore[untyped-decorator]
def learn_when_due() -> None:
    job = learning_ahead.make_due(at=timezone.now())
    if job is not None:
        wake(job)


@job_task(launches_ahead.TASK)
def learn_launches(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Learn from all launches whose weeks are over."""
    return launches_ahead.learn_ahead(at=timezone.now(), report=report)


@shared_task(name="campaigns.learn_launches_when_due")  # type: ignore[untyped-decorator]
def learn_launches_when_due() -> None:
    job = launches_ahead.make_due(at=timezone.now())
    if job is not None:
        wake(job)


@job_task(scenario_runs.TASK)
def scenarios(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """The plans of a simulation that wait for a forecast."""
    simulation = Simulation.objects.select_related("campaign", "audience").filter(pk=params["simulation_id"]).first()
    if simulation is None:
        raise Refused("This simulation no longer exists.")
    n = scenario_runs.simulate_scenarios(
        simulation=simulation, at=timezone.now(), report=report, parts=parts_of(params)
    )
    return {"simulation_id": simulation.pk, "n_scenarios": n}


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


@job_task(incentives.TASK)
def plan_incentives(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """The benefit that is enough for each customer of a campaign, named by our own key."""
    campaign = Campaign.objects.filter(pk=params["campaign_id"]).first()
    if campaign is None:
        raise Refused("This campaign no longer exists.")
    asked = incentives.IncentivesAsked(tuple(params["benefits"]), params["budget"], params["odds"])
    plan = incentives.plan_incentives(
        campaign=campaign, asked=asked, at=timezone.now(), seed=params["seed"], report=report
    )
    return {"campaign_id": campaign.pk, "plan_id": plan.pk, "n_given": plan.n_given, "value": plan.value}


@job_task(rebuilding.TASK)
def rebuild(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """A frozen audience once more, named by our own key; nothing of it is changed."""
    audience = Audience.objects.select_related("made_for", "model_version").filter(pk=params["audience_id"]).first()
    if audience is None:
        raise Refused("This audience no longer exists.")
    return rebuilding.rebuild_audience(audience=audience, report=report).as_json()


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


@job_task(IMPORT_TASK)
def take_in_trial(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """The people of a finished randomised campaign, out of the file that was kept."""
    trial = _trial(params)
    told = import_trial(trial=trial, path=kept_file(trial), report=report)
    kept_file(trial).unlink(missing_ok=True)
    return told


@job_task(READ_TASK)
def read_out_trial(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """What a finished randomised campaign changed, and whether choosing people would have paid."""
    return read_trial(trial=_trial(params), at=timezone.now(), seed=params["seed"], report=report)


def _trial(params: dict[str, Any]) -> Trial:
    trial = Trial.objects.filter(pk=params["trial_id"]).first()
    if trial is None:
        raise Refused("This trial no longer exists.")
    return trial


@job_task(new_products.TASK)
def try_new_product(params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """A product nobody has bought yet, named by our own key."""
    product = NewProduct.objects.select_related("category").filter(pk=params["new_product_id"]).first()
    if product is None:
        raise Refused("This new product no longer exists.")
    simulation = simulate_new_product(product=product, at=timezone.now(), seed=params["seed"], report=report)
    buyers = simulation.forecasts.get(metric="buyers")
    told = {"low_90": buyers.low_90, "mid": buyers.mid, "high_90": buyers.high_90}
    return {"new_product_simulation_id": simulation.pk, "buyers": told}
