"""Plans held side by side under one simulation: what a person asks for, checked, and written down."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from campaigns.engine.frames import DECIDED_BEFORE
from campaigns.engine.simulation import Forecast, Plan
from campaigns.engine.support import Support
from campaigns.models import Scenario, Simulation
from campaigns.queries.scenarios import base_of, benefit_of, shown_scenarios
from campaigns.services.plans import LONGEST_WINDOW, audience_problems
from campaigns.services.scenario_draws import draw_like, drawn_base
from campaigns.services.support import support_lines
from loyalty.services.jobs import one_at_a_time

MOST = 4
LONGEST_NAME = 100
MOST_MORE = 4.0
FARTHEST = timedelta(days=3653)
BASE_NAME = "As planned"
YOURS = "scenario"
MONEY = ("cost_per_contact", "cost_per_redemption", "revenue_per_redemption")


class ScenarioInvalid(Exception):
    """One field of a scenario cannot be taken; `sentence` says what to do about it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True)
class ScenarioPlan:
    """Everything that a scenario does, and the money that goes with it where it is not what the simulation took."""

    name: str
    starts_at: datetime
    ends_at: datetime
    audience_rule: Mapping[str, Any]
    benefit_percent: Decimal | None = None
    benefit_amount: Decimal | None = None
    response_change: float | None = None
    money: Mapping[str, float] = field(default_factory=dict)


def keep_base(simulation: Simulation, plan: Plan, forecast: Forecast, support: Support) -> Scenario:
    """The simulated plan itself as the first scenario, in the caller's transaction: what others are compared with."""
    rule = {**simulation.audience.rule, "kind": simulation.audience.kind}
    if rule["kind"] == "best":
        rule["n"] = len(plan.logits)
    return Scenario.objects.create(
        simulation=simulation,
        name=BASE_NAME,
        starts_at=simulation.campaign.starts_at,
        ends_at=simulation.campaign.ends_at,
        audience_rule=rule,
        assumptions=simulation.assumptions,
        support=support_lines(support),
        created_at=simulation.created_at,
        **drawn_base(plan, forecast),
    )


@transaction.atomic
def add_scenario(*, simulation: Simulation, plan: ScenarioPlan, by: User, at: datetime) -> Scenario:
    """Write a scenario down; one that reaches the same people is simulated at once. Raises ScenarioInvalid."""
    one_at_a_time(f"scenarios of simulation {simulation.pk}")
    for problem in scenario_problems(simulation, plan):
        raise problem
    base = _made_base(simulation)
    scenario = Scenario(
        simulation=simulation,
        name=plan.name.strip(),
        benefit_percent=plan.benefit_percent,
        benefit_amount=plan.benefit_amount,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        audience_rule=dict(plan.audience_rule),
        response_change=plan.response_change,
        assumptions=_assumptions(base, plan),
        created_by=by,
        created_at=at,
    )
    if scenario.audience_rule == base.audience_rule:
        draw_like(scenario, base)
    scenario.save()
    return scenario


@transaction.atomic
def change_money(*, scenario: Scenario, name: str, money: Mapping[str, float], by: User, at: datetime) -> Scenario:
    """The same counts with other costs, margin or revenue: a new scenario, the old forecast stays. Raises
    ScenarioInvalid."""
    simulation = scenario.simulation
    one_at_a_time(f"scenarios of simulation {simulation.pk}")
    for problem in (*_name_problems(simulation, name), *_money_problems(money)):
        raise problem
    if not scenario.is_made:
        raise ScenarioInvalid("name", f"“{scenario.name}” is not simulated yet. Wait until it is.")
    return Scenario.objects.create(
        **scenario.values, name=name.strip(), assumptions=_edited(scenario.assumptions, money), created_by=by,
        created_at=at,
    )  # fmt: skip


@transaction.atomic
def remove_scenario(*, scenario: Scenario, at: datetime) -> None:
    """Take a scenario out of the comparison; what it forecast is kept. Raises ScenarioInvalid."""
    if scenario.pk == _made_base(scenario.simulation).pk:
        raise ScenarioInvalid("name", "The plan as it was simulated stays: the others are compared with it.")
    Scenario.objects.filter(pk=scenario.pk, removed_at=None).update(removed_at=at)


def scenario_problems(simulation: Simulation, plan: ScenarioPlan) -> list[ScenarioInvalid]:
    """Everything that is wrong with a plan, in the order in which a person filled it in."""
    return [
        *_name_problems(simulation, plan.name),
        *_benefit_problems(plan),
        *_audience_problems(simulation, plan.audience_rule),
        *_window_problems(simulation, plan),
        *_money_problems(plan.money),
    ]


def _name_problems(simulation: Simulation, name: str) -> Iterator[ScenarioInvalid]:
    shown = shown_scenarios(simulation)
    if len(shown) >= MOST:
        yield ScenarioInvalid("name", "Four plans are the most that can be compared. Take one out first.")
    if not name.strip():
        yield ScenarioInvalid("name", "Give this plan a name, so that you can tell it from the others.")
    elif len(name.strip()) > LONGEST_NAME:
        yield ScenarioInvalid("name", f"Keep the name within {LONGEST_NAME} characters.")
    elif name.strip().lower() in {scenario.name.lower() for scenario in shown}:
        yield ScenarioInvalid("name", f"There is a plan called “{name.strip()}” here already. Choose another name.")


def _benefit_problems(plan: ScenarioPlan) -> Iterator[ScenarioInvalid]:
    if plan.benefit_percent is not None and plan.benefit_amount is not None:
        yield ScenarioInvalid("benefit_amount", "Say the benefit in percent or as an amount, not as both.")
    if plan.benefit_percent is not None and not 0 < plan.benefit_percent <= 100:
        yield ScenarioInvalid("benefit_percent", "The percentage must be above 0 and at most 100.")
    if plan.benefit_amount is not None and plan.benefit_amount <= 0:
        yield ScenarioInvalid("benefit_amount", "The amount saved must be above zero.")
    if plan.response_change is not None and not -1 < plan.response_change <= MOST_MORE:
        yield ScenarioInvalid("response_change", "The change in takers must lie between −99 and 400 percent.")


def _audience_problems(simulation: Simulation, rule: Mapping[str, Any]) -> Iterator[ScenarioInvalid]:
    base = base_of(simulation)
    if base is not None and base.audience_rule == rule:
        return
    for problem in audience_problems(rule):
        yield ScenarioInvalid(problem.field, problem.sentence)


def _window_problems(simulation: Simulation, plan: ScenarioPlan) -> Iterator[ScenarioInvalid]:
    earliest = simulation.as_of + DECIDED_BEFORE
    if plan.ends_at <= plan.starts_at:
        yield ScenarioInvalid("ends_at", "The last day must not be before the first day.")
    elif plan.ends_at - plan.starts_at > LONGEST_WINDOW:
        yield ScenarioInvalid("ends_at", f"A campaign runs for at most {LONGEST_WINDOW.days} days. End it earlier.")
    elif plan.starts_at > simulation.as_of + FARTHEST:
        yield ScenarioInvalid("starts_at", "Begin within ten years of what this rehearsal knows.")
    if plan.starts_at < min(earliest, simulation.campaign.starts_at):
        day = timezone.localdate(earliest + timedelta(days=1) - timedelta(microseconds=1))
        sentence = f"This rehearsal knows what happened before it. Begin on {day:%Y-%m-%d} or later."
        yield ScenarioInvalid("starts_at", sentence)


def _money_problems(money: Mapping[str, float]) -> Iterator[ScenarioInvalid]:
    for name in MONEY:
        if money.get(name, 0.0) < 0:
            yield ScenarioInvalid(name, "A cost or a sale cannot be below zero.")
    if not 0 <= money.get("margin_share", 0.0) <= 1:
        yield ScenarioInvalid("margin_share", "The margin must lie between 0 and 100 percent.")


def _made_base(simulation: Simulation) -> Scenario:
    base = base_of(simulation)
    if base is None:
        raise ScenarioInvalid("name", "This rehearsal is of before plans could be compared. Rehearse it again first.")
    return base


def _assumptions(base: Scenario, plan: ScenarioPlan) -> dict[str, Any]:
    """Those of the plan as simulated; another benefit costs in proportion, unless somebody says what it costs."""
    lines = dict(base.assumptions)
    cost = _cost_of_benefit(base, plan)
    if cost is not None:
        note = "Your assumption: the cost of one use grows with the benefit."
        lines["cost_per_redemption"] = {"value": cost, "source": YOURS, "note": note}
    return _edited(lines, plan.money)


def _cost_of_benefit(base: Scenario, plan: ScenarioPlan) -> float | None:
    usual, cost = benefit_of(base.simulation), base.assumptions["cost_per_redemption"]["value"]
    if plan.benefit_percent is not None:
        if usual.percent:
            return float(cost * float(plan.benefit_percent) / usual.percent)
        return float(base.assumptions["revenue_per_redemption"]["value"] * float(plan.benefit_percent) / 100)
    if plan.benefit_amount is not None:
        return float(cost * float(plan.benefit_amount) / usual.amount) if usual.amount else float(plan.benefit_amount)
    return None


def _edited(lines: Mapping[str, Any], money: Mapping[str, float]) -> dict[str, Any]:
    changed = {
        name: {"value": float(value), "source": YOURS, "note": "Your assumption for this plan."}
        for name, value in money.items()
        if name in lines and float(value) != lines[name]["value"]
    }
    return {**lines, **changed}
