"""The work of comparing: scenarios that reach other people are scored and simulated, one after the other."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.engine.simulation import LogitBins
from campaigns.models import Scenario, Simulation
from campaigns.queries.scenarios import base_of, waiting_scenarios
from campaigns.services.audiences import AudienceEmpty, choose
from campaigns.services.learning import LEARNING_SEED, learn_reception
from campaigns.services.scenario_draws import draw
from campaigns.services.scoring import Scored, score_customers
from campaigns.services.support import inexperienced_share
from loyalty.models import Job
from loyalty.services.jobs import create_job, one_at_a_time
from loyalty.services.progress import Progress

TASK = "campaigns.simulate_scenarios"


@transaction.atomic
def start_scenarios(*, simulation: Simulation, by: User, at: datetime) -> Job | None:
    """Queue the simulation of what waits for it; None where nothing does, or a job that has not begun will do it."""
    one_at_a_time(f"scenarios of simulation {simulation.pk}")
    queued = Job.objects.filter(task=TASK, params__simulation_id=simulation.pk, state=Job.State.QUEUED)
    if queued.exists() or not waiting_scenarios(simulation):
        return None
    label = f"Compare plans of “{simulation.campaign.name}”"[:200]
    return create_job(task=TASK, label=label, params={"simulation_id": simulation.pk}, by=by, at=at)


def simulate_scenarios(*, simulation: Simulation, at: datetime, report: Progress) -> int:
    """Simulate every scenario that waits, each written as soon as it is there. Raises HistoryTooSmall."""
    waiting, base = waiting_scenarios(simulation), base_of(simulation)
    if not waiting or base is None:
        return 0
    learnt = learn_reception(as_of=simulation.as_of, at=at, seed=LEARNING_SEED, report=report)
    report(80, 100, "Scoring every customer")
    scored = score_customers(campaign=simulation.campaign, as_of=simulation.as_of, learnt=learnt)
    for number, scenario in enumerate(waiting):
        report(85 + 15 * number // len(waiting), 100, f"Simulating “{scenario.name}”")
        _simulate(scenario, base, scored)
        with report.writing():
            scenario.job_id = report.job_id
            # One that was taken out, or made by a job that ran twice, is left as it is.
            if Scenario.objects.filter(pk=scenario.pk, redeemers=None, removed_at=None).exists():
                scenario.save()
    return len(waiting)


def _simulate(scenario: Scenario, base: Scenario, scored: Scored) -> None:
    try:
        rows = choose(scored, scenario.audience_rule).rows
    except AudienceEmpty as empty:
        scenario.problem = str(empty)[:300]
        return
    share = inexperienced_share(scored, rows, scenario.simulation.seed)
    draw(scenario, base, LogitBins.from_logits(scored.logits[rows]), inexperienced_share=share)
