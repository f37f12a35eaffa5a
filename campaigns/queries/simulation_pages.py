"""One simulation as a person reads it: sentences, cards and charts made of what was stored."""

from collections.abc import Callable, Mapping, Sequence
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
from campaigns.queries.segment_takers import with_takers
from campaigns.queries.simulations import forecasts_of, outcomes_beside, record_of
from loyalty.charts import Chart
from loyalty.templatetags.formats import SYMBOLS

COUNTS = (Metric.REDEEMERS, Metric.REDEMPTIONS)
MONEY = (Metric.REVENUE, Metric.MARGIN, Metric.DISCOUNT_COST, Metric.CONTACT_COST, Metric.PROFIT)
CARDS = (
    Metric.REDEEMERS, Metric.REDEMPTIONS, Metric.UNITS, Metric.REVENUE, Metric.DISCOUNT_COST, Metric.POINTS_LIABILITY,
    Metric.CONTACT_COST, Metric.PROFIT,
)  # fmt: skip
# Told only where there is something to tell: most benefits are not given as points.
NOT_WHEN_ZERO = (Metric.POINTS_LIABILITY,)
BARS = "The darker a bar, the likelier: 95, 90, 80 and 50% intervals"
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
    "units_per_redemption": "Pieces bought with one use",
    "points_share": "Part of the benefit given as points",
}
SHARES, PIECES = {"margin_share", "points_share"}, {"units_per_redemption"}


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
    is_money: bool
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
    redeemers: Figure | None
    figures: Sequence[Figure]
    assumptions: Sequence[AssumptionLine]
    coin_toss: CoinToss | None
    charts: Mapping[str, Chart]
    advice_title: str
    advice_reason: str
    evidence: Mapping[str, Any]

    @property
    def support(self) -> Sequence[Mapping[str, Any]]:
        """What the plan was held against, where nothing like it has been seen first."""
        return sorted(self.evidence.get("support", []), key=lambda line: -line["extra_sd"])

    @property
    def outside(self) -> list[Mapping[str, Any]]:
        return [line for line in self.support if line["extra_sd"]]

    @property
    def is_inside(self) -> bool | None:
        if self.redeemers is None or self.redeemers.outcome is None:
            return None
        forecast = self.redeemers.forecast
        return forecast.low_90 <= self.redeemers.outcome.value <= forecast.high_90


def simulation_page_parts(simulation: Simulation, *, n_members: int) -> SimulationPage:
    """Put the stored numbers of a simulation into words and charts."""
    forecasts, outcomes = forecasts_of(simulation), outcomes_beside(simulation)
    title, _, reason = simulation.evidence.get("advice", simulation.audience.advice).partition(": ")
    figures = {metric: Figure(forecast, outcomes.get(metric)) for metric, forecast in forecasts.items()}
    redeemers = figures.get(Metric.REDEEMERS)
    return SimulationPage(
        reach=forecasts[Metric.REACH].mid if Metric.REACH in forecasts else n_members,
        redeemers=redeemers,
        figures=[figures[metric] for metric in CARDS if metric in figures and _is_told(figures[metric])],
        assumptions=_assumptions(simulation),
        coin_toss=_coin_toss(simulation, redeemers.forecast) if redeemers else None,
        charts=_charts(simulation, figures, n_members),
        advice_title=title,
        advice_reason=reason[:1].upper() + reason[1:],
        evidence=simulation.evidence,
    )


def _is_told(figure: Figure) -> bool:
    return figure.forecast.metric not in NOT_WHEN_ZERO or figure.forecast.high_95 > 0


def _assumptions(simulation: Simulation) -> list[AssumptionLine]:
    return [
        AssumptionLine(
            label,
            line["value"],
            name in SHARES,
            name not in PIECES,
            SOURCES.get(line["source"], line["source"]),
            line["note"],
        )
        for name, label in ASSUMPTIONS.items()
        if (line := simulation.assumptions.get(name)) and (name != "points_share" or line["value"])
    ]


def _coin_toss(simulation: Simulation, redeemers: Forecast) -> CoinToss | None:
    if redeemers.naive_low_90 is None or redeemers.naive_high_90 is None:
        return None
    record = simulation.evidence.get("scoreboard", [])
    held = [line["naive_low_90"] <= line["actual"] <= line["naive_high_90"] for line in record]
    ours = [line["low_90"] <= line["actual"] <= line["high_90"] for line in record]
    return CoinToss(redeemers.naive_low_90, redeemers.naive_high_90, len(record), sum(held), sum(ours))


def _charts(simulation: Simulation, figures: Mapping[str, Figure], n_members: int) -> dict[str, Chart]:
    """The charts for which there are numbers."""
    return {
        name: chart
        for name, chart in (
            ("counts", _counts_chart(simulation, figures)),
            ("money", _money_chart(simulation, figures)),
            ("profit", _profit_chart(simulation, n_members)),
            ("reception", _reception_chart(simulation, figures)),
            ("drivers", _of_curve(simulation, "reasons", drivers_chart)),
            ("segments", _segments_chart(simulation, figures)),
            ("record", _record_chart(simulation)),
        )
        if chart is not None
    }


def _of_curve(simulation: Simulation, name: str, chart: Callable[..., Chart]) -> Chart | None:
    curve = simulation.curves.get(name)
    return chart(curve, as_of=simulation.as_of) if curve else None


def _segments_chart(simulation: Simulation, figures: Mapping[str, Figure]) -> Chart | None:
    lines = simulation.curves.get("segments")
    if not lines:
        return None
    taken = figures.get(Metric.REDEEMERS)
    is_over = taken is not None and taken.outcome is not None and taken.outcome.is_complete
    return segments_chart(with_takers(simulation, lines) if is_over else lines, as_of=simulation.as_of)


def _profit_chart(simulation: Simulation, n_members: int) -> Chart | None:
    curve = simulation.curves.get("profit")
    if not curve:
        return None
    return profit_chart(
        curve,
        n_audience=n_members,
        advice=simulation.evidence.get("advice", ""),
        sign=currency_sign(simulation.campaign.currency),
        as_of=simulation.as_of,
    )


def _reception_chart(simulation: Simulation, figures: Mapping[str, Figure]) -> Chart | None:
    curve = simulation.curves.get("reception")
    return reception_chart(curve, actual=_came_by(simulation, figures), as_of=simulation.as_of) if curve else None


def _record_chart(simulation: Simulation) -> Chart | None:
    record = record_of(simulation)
    return scoreboard_chart(record, as_of=simulation.as_of) if record else None


def currency_sign(currency: str) -> str:
    return SYMBOLS.get(currency, f"{currency} ")


def _rows(figures: Mapping[str, Figure], metrics: Sequence[str]) -> list[IntervalRow]:
    return [
        IntervalRow(
            figure.forecast.get_metric_display(),
            figure.forecast.mid,
            figure.forecast.intervals,
            figure.outcome.value if figure.outcome else None,
        )
        for metric in metrics
        if (figure := figures.get(metric))
    ]


def _counts_chart(simulation: Simulation, figures: Mapping[str, Figure]) -> Chart | None:
    if Metric.REDEEMERS not in figures:
        return None
    taken, outcome = figures[Metric.REDEEMERS].forecast, figures[Metric.REDEEMERS].outcome
    answer = (
        f"Most likely {taken.mid:,.0f} people, 9 times out of 10 between {taken.low_90:,.0f} and {taken.high_90:,.0f}"
    )
    if outcome:
        answer += f"; {outcome.value:,.0f} came" + ("" if outcome.is_complete else " so far")
    question = "How many were expected, and how many came?" if outcome else "How many will take it?"
    unit = f"Customers, and times taken; tested on past campaigns. {BARS}"
    words = Words(question, f"{answer}.", unit, "how-many", simulation.as_of)
    rows = _rows(figures, COUNTS)
    return interval_chart([*rows[:1], *_coin_toss_row(figures[Metric.REDEEMERS]), *rows[1:]], words)


def _coin_toss_row(taken: Figure) -> list[IntervalRow]:
    """The same count if every customer decided alone, for comparison."""
    low, high = taken.forecast.naive_low_90, taken.forecast.naive_high_90
    if low is None or high is None:
        return []
    return [
        IntervalRow("… if each decided alone", None, {90: (low, high)}, taken.outcome.value if taken.outcome else None)
    ]


def _money_chart(simulation: Simulation, figures: Mapping[str, Figure]) -> Chart | None:
    if Metric.PROFIT not in figures:
        return None
    unit = f"{simulation.campaign.currency}; your assumptions times tested counts. {BARS}"
    words = Words("Does it pay?", _pays(figures[Metric.PROFIT].forecast), unit, "money", simulation.as_of)
    return interval_chart(_rows(figures, MONEY), words, prefix=currency_sign(simulation.campaign.currency))


def _pays(profit: Forecast) -> str:
    if profit.low_90 > 0:
        return "It should pay for itself: 19 times out of 20 the profit is above zero."
    if profit.high_90 < 0:
        return "It should cost more than it brings: 19 times out of 20 the profit is below zero."
    return "It may pay for itself or not: a profit of zero lies inside the 90% interval."


def _came_by(simulation: Simulation, figures: Mapping[str, Figure]) -> list[float] | None:
    """Share of all uses that had come by the end of each day; only once the campaign has ended."""
    counted = figures.get(Metric.REDEMPTIONS)
    if counted is None or counted.outcome is None or not counted.outcome.is_complete:
        return None
    start = simulation.campaign.starts_at
    moments = Redemption.objects.filter(
        campaign=simulation.campaign_id, redeemed_at__gte=start, redeemed_at__lt=simulation.campaign.ends_at
    ).values_list("redeemed_at", flat=True)
    days = np.array([(moment - start).total_seconds() / 86_400 for moment in moments])
    return [float((days < day).mean()) for day in simulation.curves["reception"]["days"]] if len(days) else None
