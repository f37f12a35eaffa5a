"""When an offer is taken: the share of all uses by each day of the window."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from campaigns.charts.profit import band
from loyalty.charts import ACTUAL, FORECAST, Chart, Table, styled

HALF = 0.5


def reception_chart(curve: Mapping[str, Any], *, actual: Sequence[float] | None, as_of: datetime | None) -> Chart:
    """Expected cumulative share by day with its band; `actual` is the same for what happened, one value a day."""
    columns = ["Day", "Expected share", "Low (90%)", "High (90%)"]
    parts = [curve["days"], curve["mid"], curve["low_90"], curve["high_90"]]
    if "by_day" in curve:
        columns += ["Uses by then", "At least (90%)", "At most (90%)"]
        parts += [[0.0, *curve["by_day"][name]] for name in ("mid", "low", "high")]
    if actual is not None:
        columns, parts = [*columns, "What happened"], [*parts, actual]
    return Chart(
        question="When will people take it?",
        answer=_answer(curve),
        figure=_figure(curve, actual),
        table=Table(columns, list(zip(*parts, strict=True))),
        unit="Share of all uses by the end of each day of the campaign",
        as_of=as_of,
        name="reception-by-day",
    )


def _figure(curve: Mapping[str, Any], actual: Sequence[float] | None) -> go.Figure:
    days = curve["days"]
    figure = go.Figure(band(days, curve["low_90"], curve["high_90"], "90% interval"))
    figure.add_scatter(
        x=days, y=curve["mid"], mode="lines", name="Expected", line={"color": FORECAST, "width": 2.5},
        hovertemplate="Day %{x}: %{y:.0%} expected by then<extra></extra>",
    )  # fmt: skip
    if actual is not None:
        figure.add_scatter(
            x=days, y=actual, mode="lines", name="What happened", line={"color": ACTUAL, "width": 2.5, "dash": "dot"},
            hovertemplate="Day %{x}: %{y:.0%} came by then<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title={"text": "Day of the campaign"}, rangemode="tozero")
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return styled(figure, height=340)


def _answer(curve: Mapping[str, Any]) -> str:
    half = next((day for day, share in zip(curve["days"], curve["mid"], strict=True) if share >= HALF), None)
    learnt = f"learnt from {curve['n_campaigns']} past campaigns"
    if not curve["n_campaigns"]:
        return "No past campaign tells when people take an offer, so any day is as likely as another."
    hedge = " Few campaigns stand behind this: take it as a hint." if curve["is_indicative"] else ""
    half_way = f"Half of all uses should have come by day {half} of {curve['days'][-1]}, {learnt}."
    return f"{half_way}{_busiest(curve)}{hedge}"


def _busiest(curve: Mapping[str, Any]) -> str:
    """How many on the day that most are expected on; simulations of earlier versions did not keep it."""
    if "on_day" not in curve:
        return ""
    mid, low, high = (curve["on_day"][name] for name in ("mid", "low", "high"))
    most = max(range(len(mid)), key=mid.__getitem__)
    return (
        f" Day {most + 1} should be the busiest: {mid[most]:,.0f} uses, 9 times out of 10 between {low[most]:,.0f} "
        f"and {high[most]:,.0f}."
    )
