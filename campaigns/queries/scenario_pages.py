"""Scenarios as a person reads them: figures of each, what parts them from the plan as simulated, charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from campaigns.charts.intervals import IntervalRow
from campaigns.charts.scenarios import profit_of_plans_chart, takers_of_plans_chart
from campaigns.engine.frames import FloatArray, IntArray
from campaigns.engine.scenarios import Difference, best_of, difference
from campaigns.engine.simulation import MetricForecast
from campaigns.models import Scenario, Simulation
from campaigns.queries.planning import audience_rule
from campaigns.queries.scenarios import shown_scenarios
from campaigns.queries.simulation_pages import currency_sign
from loyalty.charts import Chart

SHOWN = ("redeemers", "redemptions", "revenue", "cost", "profit")
LEVELS = {50: 0.5, 80: 0.8, 90: 0.9, 95: 0.95}
Draws = Mapping[str, FloatArray | IntArray]


@dataclass(frozen=True)
class Figure:
    """One number of one plan with its 90 % interval."""

    mid: float
    low: float
    high: float

    @classmethod
    def of(cls, forecast: MetricForecast) -> "Figure":
        interval = forecast.interval(0.9)
        return cls(forecast.mid, interval.low, interval.high)


@dataclass(frozen=True)
class ScenarioLine:
    """A scenario with its figures, empty until it is simulated, and how it stands against the plan as simulated."""

    scenario: Scenario
    people: str
    last_day: Any
    figures: Mapping[str, Figure]
    against: Difference | None = None
    best_share: float | None = None
    extra: Figure | None = None

    @property
    def outside(self) -> list[dict[str, Any]]:
        return [line for line in self.scenario.support if line["extra_sd"]]

    @property
    def gain(self) -> Figure | None:
        return Figure.of(self.against.forecast) if self.against else None


@dataclass(frozen=True)
class Comparison:
    """Everything the page of scenarios shows."""

    lines: Sequence[ScenarioLine]
    charts: Mapping[str, Chart]
    best: ScenarioLine | None
    answer: str

    @property
    def is_waiting(self) -> bool:
        return any(line.scenario.is_waiting for line in self.lines)


def comparison(simulation: Simulation, *, extra_share: float | None = None) -> Comparison:
    """Hold the scenarios of a simulation side by side.

    `extra_share` is what somebody says of how much of the revenue would not have come anyway; without it nothing is
    said of extra profit.
    """
    scenarios = shown_scenarios(simulation)
    made = {scenario.pk: _draws(scenario) for scenario in scenarios if scenario.is_made}
    base = next(iter(made.values()), None)
    shares = _best_shares(made)
    lines = [_line(scenario, made.get(scenario.pk), base, shares, extra_share) for scenario in scenarios]
    best = max((line for line in lines if line.best_share is not None), key=_expected, default=None)
    answer = _answer(lines, best, made, simulation)
    return Comparison(lines, _charts(lines, answer, made, simulation), best, answer)


def _draws(scenario: Scenario) -> dict[str, FloatArray | IntArray]:
    drawn = scenario.draws.metrics(scenario.money)
    return {**drawn, "cost": drawn["discount_cost"] + drawn["contact_cost"]}


def _best_shares(made: Mapping[int, Draws]) -> dict[int, float]:
    if len(made) < 2:
        return {}
    return dict(zip(made, best_of(np.stack([draws["profit"] for draws in made.values()])).tolist(), strict=True))


def _line(
    scenario: Scenario, drawn: Draws | None, base: Draws | None, shares: Mapping[int, float], extra: float | None
) -> ScenarioLine:
    people = audience_rule(scenario.audience_rule)
    named = f"{people.sentence} {people.segment or people.campaign or ''}".strip()
    last_day = timezone.localdate(scenario.ends_at - timedelta(microseconds=1))
    if drawn is None or base is None:
        return ScenarioLine(scenario, named, last_day, {})
    figures = {metric: Figure.of(MetricForecast.from_draws(metric, drawn[metric])) for metric in SHOWN}
    is_base = drawn is base
    return ScenarioLine(
        scenario,
        named,
        last_day,
        figures,
        against=None if is_base else difference("profit", drawn["profit"], base["profit"]),
        best_share=shares.get(scenario.pk),
        extra=None if extra is None else _extra(scenario, drawn, extra),
    )


def _extra(scenario: Scenario, drawn: Draws, share: float) -> Figure:
    """What the campaign would add if only this share of its revenue would not have come anyway. Costs are whole."""
    margin = drawn["revenue"] * share * scenario.money.margin_share
    return Figure.of(MetricForecast.from_draws("profit", margin - drawn["cost"]))


def _expected(line: ScenarioLine) -> float:
    return line.figures["profit"].mid


def _answer(
    lines: Sequence[ScenarioLine], best: ScenarioLine | None, made: Mapping[int, Draws], simulation: Simulation
) -> str:
    if best is None:
        return "One plan so far. Add another one to compare it with."
    sign = currency_sign(simulation.campaign.currency)
    others = [line for line in lines if line.figures and line is not best]
    second = max(others, key=_expected)
    lead = difference("profit", made[best.scenario.pk]["profit"], made[second.scenario.pk]["profit"])
    gain = Figure.of(lead.forecast)
    if lead.is_told_apart:
        between = f"{_money(gain.low, sign)} and {_money(gain.high, sign)}"
        return (
            f"“{best.scenario}” leaves {_money(gain.mid, sign)} more than “{second.scenario}”, the next best; "
            f"9 times out of 10 between {between} more."
        )
    if gain.low == gain.high == 0:
        return f"“{best.scenario}” and “{second.scenario}” leave the same."
    return (
        f"“{best.scenario}” is expected to leave the most, but it cannot be told from “{second.scenario}” with "
        "certainty."
    )


def _money(value: float, sign: str) -> str:
    return f"{'−' if value < 0 else ''}{sign}{abs(value):,.0f}"


def _charts(
    lines: Sequence[ScenarioLine], answer: str, made: Mapping[int, Draws], simulation: Simulation
) -> dict[str, Chart]:
    shown = [line for line in lines if line.figures]
    if not shown:
        return {}
    currency = simulation.campaign.currency
    most = max(shown, key=lambda line: line.figures["redeemers"].mid)
    takers = f"Most people take “{most.scenario}”: {most.figures['redeemers'].mid:,.0f} expected."
    return {
        "profit": profit_of_plans_chart(
            _rows(shown, "profit", made), answer=answer, currency=currency, sign=currency_sign(currency),
            as_of=simulation.as_of,
        ),
        "takers": takers_of_plans_chart(_rows(shown, "redeemers", made), answer=takers, as_of=simulation.as_of),
    }  # fmt: skip


def _rows(lines: Sequence[ScenarioLine], metric: str, made: Mapping[int, Draws]) -> list[IntervalRow]:
    return [_row(line.scenario, MetricForecast.from_draws(metric, made[line.scenario.pk][metric])) for line in lines]


def _row(scenario: Scenario, forecast: MetricForecast) -> IntervalRow:
    bounds = {percent: forecast.interval(level) for percent, level in LEVELS.items()}
    return IntervalRow(scenario.name, forecast.mid, {percent: (one.low, one.high) for percent, one in bounds.items()})
