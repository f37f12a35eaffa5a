"""The scenarios of a simulation, and what its own plan promises."""

from dataclasses import dataclass

from campaigns.engine.support import Shape
from campaigns.models import Campaign, Scenario, Simulation
from loyalty.models import Job


@dataclass(frozen=True)
class Benefit:
    """Mean benefit of a campaign's offers where every one says it; None where not."""

    percent: float | None
    amount: float | None


def base_of(simulation: Simulation) -> Scenario | None:
    """The plan as it was simulated: the first scenario there was."""
    return Scenario.objects.filter(simulation=simulation).order_by("id").first()


def shown_scenarios(simulation: Simulation) -> list[Scenario]:
    """Those that are compared, the plan as simulated first."""
    found = Scenario.objects.filter(simulation=simulation, removed_at=None)
    return list(found.select_related("simulation__campaign").order_by("id"))


def scenario_page(pk: int) -> Scenario | None:
    """One scenario that is still shown, with its simulation and campaign, or None."""
    found = Scenario.objects.select_related("simulation__campaign", "simulation__audience")
    return found.filter(pk=pk, removed_at=None).first()


def waiting_scenarios(simulation: Simulation) -> list[Scenario]:
    """Those that a job has yet to simulate."""
    found = Scenario.objects.filter(simulation=simulation, removed_at=None, redeemers=None, problem="")
    return list(found.select_related("simulation__campaign").order_by("id"))


def newest_comparison(simulation: Simulation) -> Job | None:
    """The job last started for plans that reach other people, with all its steps; None where nobody has."""
    jobs = Job.objects.filter(task="campaigns.simulate_scenarios", params__simulation_id=simulation.pk)
    job = jobs.select_related("parent").order_by("-id").first()
    return (job.parent or job) if job else None


def benefit_of(simulation: Simulation) -> Benefit:
    offers = list(simulation.campaign.offers.values_list("benefit_percent", "benefit_amount"))
    percents, amounts = [row[0] for row in offers], [row[1] for row in offers]
    return Benefit(_mean(percents), _mean(amounts))


def _mean(values: list[object]) -> float | None:
    known = [float(str(value)) for value in values if value]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def past_of(simulation: Simulation) -> dict[int, Shape]:
    """What had been sent when the simulation was made, by the campaigns' keys."""
    lines = simulation.evidence.get("past", [])
    return {line["campaign_id"]: Shape(**{k: v for k, v in line.items() if k != "campaign_id"}) for line in lines}


def is_draft(simulation: Simulation) -> bool:
    return simulation.campaign.state == Campaign.State.DRAFT
