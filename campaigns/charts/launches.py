"""A new product: in which week its buyers come, and which products it would take from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from campaigns.charts.profit import band
from loyalty.charts import BAD, FORECAST, Chart, Table, styled

ROW_HEIGHT = 36
FRAME_HEIGHT = 80
LONGEST_LABEL = 44


def weeks_chart(curve: Mapping[str, Any], *, as_of: datetime | None) -> Chart:
    """Share of all buyers who have come by the end of each week, with its band."""
    weeks, parts = curve["weeks"], [curve["mid"], curve["low_90"], curve["high_90"]]
    figure = go.Figure(band(weeks, curve["low_90"], curve["high_90"], "90% interval"))
    figure.add_scatter(
        x=weeks, y=curve["mid"], mode="lines+markers", name="Expected", line={"color": FORECAST, "width": 2.5},
        hovertemplate="Week %{x}: %{y:.0%} expected by then<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title={"text": "Week after the first sale"}, dtick=1)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    half = next(week for week, share in zip(weeks, curve["mid"], strict=True) if share >= 0.5)
    return Chart(
        question="When will they buy it?",
        answer=f"Half of its first {weeks[-1]} weeks' buyers should have come by week {half}, as with {curve['like']}.",
        figure=styled(figure, height=340),
        table=Table(
            ["Week", "Expected share", "Low (90%)", "High (90%)"],
            [list(row) for row in zip(weeks, *parts, strict=True)],
        ),
        unit="Share of the buyers who have come by the end of each week",
        as_of=as_of,
        name="buyers-by-week",
    )


def taking_chart(told: Mapping[str, Any], *, as_of: datetime | None) -> Chart:
    """What the expected buyers buy of its kind today, or, where the past tells, what of that they would leave."""
    rows, is_told = told["products"], told["is_told"]
    labels = [_shortened(row["name"]) for row in rows]
    key = "taken" if is_told else "today"
    figure = go.Figure(
        go.Bar(
            orientation="h", x=[row[key] for row in rows], y=labels,
            marker={"color": BAD if is_told else FORECAST, "cornerradius": 4},
            hovertemplate="%{y}: %{x:,.1f} pieces<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(rangemode="tozero", tickformat=",")
    figure.update_yaxes(categoryorder="array", categoryarray=labels[::-1], showgrid=False)
    return Chart(
        question="Which products would it take from?",
        answer=told["sentence"],
        figure=styled(figure, height=FRAME_HEIGHT + ROW_HEIGHT * max(len(rows), 2)),
        table=_table(rows, is_told=is_told),
        unit=_unit(told, is_told=is_told),
        as_of=as_of,
        name="takes-from",
    )


def _table(rows: Sequence[Mapping[str, Any]], *, is_told: bool) -> Table:
    names = ["name", "today", *(("taken", "low_90", "high_90") if is_told else ())]
    heads = ["Product", "Its buyers' pieces today", *(("Taken", "Low (90%)", "High (90%)") if is_told else ())]
    return Table(heads, [[row[name] for name in names] for row in rows])


def _unit(told: Mapping[str, Any], *, is_told: bool) -> str:
    weeks = told["days"] // 7
    if is_told:
        return f"Pieces in {weeks} weeks; an estimate from earlier launches, not a measurement"
    return f"Pieces the expected buyers bought in the last {weeks} weeks: what is at stake"


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1]}…"
