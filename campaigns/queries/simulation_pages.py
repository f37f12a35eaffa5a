"""One simulation as a person reads it: sentences, cards and charts made of what was stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from campaigns.charts.drivers import drivers_chart, segments_chart
from campaigns.charts.intervals import IntervalRow, Words, interval_chart
from campaigns.charts.profit import profit_chart
from campaigns.charts.reception import reception_chart
from campaigns.charts.scoreboard import scoreboard_chart
from campaigns.models import Forecast, Outcome, Redemption, Simulation
from campaigns.models.simulations import Metric
from campaigns.queries.simulations import forecasts_of, outcomes_beside, record_of
from loyalty.charts import Chart
from loyalty.templatetags.formats import SYMBOLS

LEVELS = (50, 80, 90, 95)
COUNTS = (Metric.REDEEMERS, Metric.REDEMPTIONS)
MONEY = (Metric.REVENUE, Metric.MARGIN, Metric.DISCOUNT_COST, Metric.CONTACT_COST, Metric.PROFIT)
CARDS = (Metric.REDEEMERS, Metric.REDEMPTIONS, Metric.REVENUE, Metric.DISCOUNT_COST, Metric.CONTACT_COST, Metric.PROFIT)
SOURCES = {
    "campaign": "entered in the campaign",
    "offer": "from its offers",
    "history": "from past campaigns",
    "assumed": "our starting point",
}
ASSUMPTIONS = {
    "cost_per_contact": "Cost of one contact",
    "cost_per_redemption": "Cost of one use",
    "revenue_per_redemption": "Sales with one use",
    "margin_share": "Margin before the discount",
}


@dataclass(frozen=True)
class Figure:
    """A forecast beside what happened, for one card."""

    forecast: Forecast
    outcome: Outcome | None


@dataclass(frozen=True)
class AssumptionLine:
    label: str
    value: float
    is_share: bool
    source: str
    note: str


@dataclass(frozen=True)
class CoinToss:
    """What a forecast would have claimed that takes customers for independent coins, and how often that held."""

    low: float
    high: float
    n_campaigns: int
    n_held: int
    n_ours_held: int


@dataclass(frozen=True)
class SimulationPage:
    """Everything the page of a simulation shows besides the audience itself."""

    reach: float
    redeemers: Figure
    figures: Sequence[Figure]
    assumptions: Sequence[AssumptionLine]
    coin_toss: CoinToss | None
    charts: Mapping[str, Chart]
    advice_title: str
    advice_reason: str
    evidence: Mapping[str, Any]

    @property
    def is_inside(self) -> bool | None:
        forecast, outcome = self.redeemers.forecast, self.redeemers.outcome
        return forecast.low_90 <= outcome.value <= forecast.high_90 if outcome else None


def simulation_page_parts(simulation: Simulation, *, n_members: int) -> SimulationPage:
    """Put the stored numbers of a simulation into words and charts."""
    forecasts, outcomes = forecasts_of(simulation), outcomes_beside(simulation)
    title, _, reason = simulation.evidence.get("advice", simulation.audience.advice).partition(": ")
    return SimulationPage(
        reach=forecasts[Metric.REACH].mid,
        redeemers=Figure(forecasts[Metric.REDEEMERS], outcomes.get(Metric.REDEEMERS)),
        figures=[Figure(forecasts[metric], outcomes.get(metric)) for metric in CARDS],
        assumptions=_assumptions(simulation),
        coin_toss=_coin_toss(simulation, forecasts[Metric.REDEEMERS]),
        charts=_charts(simulation, forecasts, outcomes, n_members),
        advice_title=title,
        advice_reason=reason[:1].upper() + reason[1:],
        evidence=simulation.evidence,
    )


def _assumptions(simulation: Simulation) -> list[AssumptionLine]:
    return [
        AssumptionLine(
            label, line["value"], name == "margin_share", SOURCES.get(line["source"], line["source"]), line["note"]
        )
        for name, label in ASSUMPTIONS.items()
        if (line := simulation.assumptions.get(name))
    ]


def _coin_toss(simulation: Simulation, redeemers: Forecast) -> CoinToss | None:
    if redeemers.naive_low_90 is None or redeemers.naive_high_90 is None:
        return None
    record = simulation.evidence.get("scoreboard", [])
    held = [line["naive_low_90"] <= line["actual"] <= line["naive_high_90"] for line in record]
    ours = [line["low_90"] <= line["actual"] <= line["high_90"] for line in record]
    return CoinToss(redeemers.naive_low_90, redeemers.naive_high_90, len(record), sum(held), sum(ours))


def _charts(
    simulation: Simulation, forecasts: Mapping[str, Forecast], outcomes: Mapping[str, Outcome], n_members: int
) -> dict[str, Chart]:
    curves, sign = simulation.curves, currency_sign(simulation.campaign.currency)
    charts = {
        "counts": _counts_chart(simulation, forecasts, outcomes),
        "money": _money_chart(simulation, forecasts, outcomes, sign),
        "profit": profit_chart(
            curves["profit"],
            n_audience=n_members,
            advice=simulation.evidence.get("advice", ""),
            sign=sign,
            as_of=simulation.as_of,
        ),
        "reception": reception_chart(
            curves["reception"], actual=_came_by(simulation, outcomes), as_of=simulation.as_of
        ),
        "drivers": drivers_chart(curves["reasons"], as_of=simulation.as_of),
    }
    if curves["segments"]:
        charts["segments"] = segments_chart(curves["segments"], as_of=simulation.as_of)
    if record := record_of(simulation):
        charts["record"] = scoreboard_chart(record, as_of=simulation.as_of)
    return charts


def currency_sign(currency: str) -> str:
    return SYMBOLS.get(currency, f"{currency} ")


def _intervals(forecast: Forecast) -> dict[int, tuple[float, float]]:
    return {level: (getattr(forecast, f"low_{level}"), getattr(forecast, f"high_{level}")) for level in LEVELS}


def _row(forecast: Forecast, outcomes: Mapping[str, Outcome]) -> IntervalRow:
    outcome = outcomes.get(forecast.metric)
    return IntervalRow(
        forecast.get_metric_display(), forecast.mid, _intervals(forecast), outcome.value if outcome else None
    )


def _counts_chart(simulation: Simulation, forecasts: Mapping[str, Forecast], outcomes: Mapping[str, Outcome]) -> Chart:
    taken = forecasts[Metric.REDEEMERS]
    rows = [_row(forecasts[metric], outcomes) for metric in COUNTS]
    answer = f"Most likely {taken.mid:,.0f} people, 9 times out of 10 {taken.low_90:,.0f} to {taken.high_90:,.0f}"
    if outcome := outcomes.get(Metric.REDEEMERS):
        answer += f"; {outcome.value:,.0f} came" + ("" if outcome.is_complete else " so far")
    question = "How many will take it?" if not outcomes else "How many were expected, and how many came?"
    unit = "Customers, and times taken; tested on past campaigns"
    return interval_chart(rows, Words(question, f"{answer}.", unit, "how-many", simulation.as_of))


def _money_chart(
    simulation: Simulation, forecasts: Mapping[str, Forecast], outcomes: Mapping[str, Outcome], sign: str
) -> Chart:
    profit = forecasts[Metric.PROFIT]
    rows = [_row(forecasts[metric], outcomes) for metric in MONEY]
    if profit.low_90 > 0:
        answer = "It should pay for itself: 19 times out of 20 the profit is above zero."
    elif profit.high_90 < 0:
        answer = "It should cost more than it brings: 19 times out of 20 the profit is below zero."
    else:
        answer = "It may pay for itself or not: a profit of zero lies inside the 90% interval."
    unit = f"{simulation.campaign.currency}; your assumptions times tested counts, before asking what was extra"
    return interval_chart(rows, Words("Does it pay?", answer, unit, "money", simulation.as_of), prefix=sign)


def _came_by(simulation: Simulation, outcomes: Mapping[str, Outcome]) -> list[float] | None:
    """Share of all uses that had come by the end of each day; only once the campaign has ended."""
    if not outcomes or not all(outcome.is_complete for outcome in outcomes.values()):
        return None
    start = simulation.campaign.starts_at
    moments = Redemption.objects.filter(
        campaign=simulation.campaign_id, redeemed_at__gte=start, redeemed_at__lt=simulation.campaign.ends_at
    ).values_list("redeemed_at", flat=True)
    days = np.array([(moment - start).total_seconds() / 86_400 for moment in moments])
    return [float((days < day).mean()) for day in simulation.curves["reception"]["days"]] if len(days) else None
