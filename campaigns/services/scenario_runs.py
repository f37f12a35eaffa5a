"""The work of comparing: scenarios that reach other people are scored and simulated, one after the other."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.engine.frames import BoolArray
from campaigns.engine.simulation import LogitBins
from campaigns.models import Scenario, Simulation
from campaigns.queries.scenarios import base_of, waiting_scenarios
from campaigns.services.audiences import AudienceEmpty, chosen_rows
from campaigns.services.learning import LEARNING_SEED, learn_reception
from campaigns.services.scenario_draws import draw
from campaigns.services.scored_parts import forget_parts, joined, parts_of, scoring_steps
from campaigns.services.scoring import Scored, score_customers
from campaigns.services.support import without_experience
from loyalty.models import Job
from loyalty.services.jobs import Step, create_job, create_steps, one_at_a_time
from loyalty.services.progress import Progress

TASK = "campaigns.simulate_scenarios"
NOT_BEGUN = (Job.State.WAITING, Job.State.QUEUED)


@transaction.atomic
def start_scenarios(*, simulation: Simulation, by: User, at: datetime) -> Job | None:
    """Queue the simulation of what waits for it; None where nothing does, or a job that has not begun will do it."""
    one_at_a_time(f"scenarios of simulation {simulation.pk}")
    to_come = Job.objects.filter(task=TASK, params__simulation_id=simulation.pk, state__in=NOT_BEGUN)
    if to_come.exists() or not waiting_scenarios(simulation):
        return None
    label = f"Compare plans of “{simulation.campaign.name}”"[:200]
    before = scoring_steps(campaign=simulation.campaign, as_of=simulation.as_of)
    params = {"simulation_id": simulation.pk, **(parts_of(before[-1].params) if before else {})}
    if not before:
        return create_job(task=TASK, label=label, params=params, by=by, at=at)
    return create_steps(label=label, steps=[*before, Step(TASK, label, params)], by=by, at=at)


def simulate_scenarios(
    *, simulation: Simulation, at: datetime, report: Progress, parts: Mapping[str, Any] | None = None
) -> int:
    """Simulate every scenario that waits, each written as soon as it is there; `parts` are as for a simulation.

    Raises HistoryTooSmall, ScoringGone.
    """
    waiting, base = waiting_scenarios(simulation), base_of(simulation)
    if waiting and base is not None:
        _simulate_all(waiting, base, _scored(simulation, at=at, report=report, parts=parts), report)
    if parts:
        with report.writing():
            forget_parts(parts)
    return len(waiting) if base is not None else 0


def _scored(simulation: Simulation, *, at: datetime, report: Progress, parts: Mapping[str, Any] | None) -> Scored:
    if parts:
        report(80, 100, "Putting together what was found of every customer")
        return joined(about=parts)
    learnt = learn_reception(as_of=simulation.as_of, at=at, seed=LEARNING_SEED, report=report)
    report(80, 100, "Scoring every customer")
    return score_customers(campaign=simulation.campaign, as_of=simulation.as_of, learnt=learnt)


def _simulate_all(waiting: list[Scenario], base: Scenario, scored: Scored, report: Progress) -> None:
    unlike_any = without_experience(scored, base.simulation.seed)
    for number, scenario in enumerate(waiting):
        report(85 + 15 * number // len(waiting), 100, f"Simulating “{scenario.name}”")
        _simulate(scenario, base, scored, unlike_any)
        with report.writing():
            scenario.job_id = report.job_id
            # One that was taken out, or made by a job that ran twice, is left as it is.
            if Scenario.objects.filter(pk=scenario.pk, redeemers=None, removed_at=None).exists():
                scenario.save()


def _simulate(scenario: Scenario, base: Scenario, scored: Scored, unlike_any: BoolArray) -> None:
    try:
        rows = chosen_rows(scored, scenario.audience_rule)
    except AudienceEmpty as empty:
        scenario.problem = str(empty)[:300]
        return
    bins = LogitBins.from_logits(scored.for_rule(scenario.audience_rule).logits[rows])
    draw(scenario, base, bins, inexperienced_share=float(unlike_any[rows].mean()))
