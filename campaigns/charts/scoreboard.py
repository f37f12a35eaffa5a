"""Past forecasts against what happened: the record that we are held to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go

from loyalty.charts import ACTUAL, BAD, FORECAST, FORECAST_SOFT, Chart, Table, styled


@dataclass(frozen=True)
class Scored:
    """One forecast of how many would take a campaign, and how many did."""

    campaign: str
    mid: float
    low_90: float
    high_90: float
    actual: float

    @property
    def is_inside(self) -> bool:
        return self.low_90 <= self.actual <= self.high_90


def scoreboard_chart(rows: Sequence[Scored], *, as_of: datetime | None) -> Chart:
    """One campaign a column, in the order given: the 90 % interval as a bar, what happened as a diamond."""
    n_inside = sum(row.is_inside for row in rows)
    return Chart(
        question="Did past forecasts hold?",
        answer=f"What happened lay inside the 90% interval in {n_inside} of {len(rows)} campaigns.",
        figure=_figure(rows),
        table=Table(
            ["Campaign", "Forecast", "Low (90%)", "High (90%)", "What happened", "Inside"],
            [[r.campaign, r.mid, r.low_90, r.high_90, r.actual, "yes" if r.is_inside else "no"] for r in rows],
        ),
        unit="Customers who took it; each forecast knew only what was known before its campaign began",
        as_of=as_of,
        name="scoreboard",
    )


def _figure(rows: Sequence[Scored]) -> go.Figure:
    names = [row.campaign for row in rows]
    figure = go.Figure()
    figure.add_bar(
        x=names,
        y=[row.high_90 - row.low_90 for row in rows],
        base=[row.low_90 for row in rows],
        name="90% interval",
        marker={"color": FORECAST_SOFT, "cornerradius": 6},
        width=0.5,
        customdata=[[row.low_90, row.high_90] for row in rows],
        hovertemplate="%{x}<br>90%% interval: %{customdata[0]:,.0f} to %{customdata[1]:,.0f}<extra></extra>".replace(
            "%%", "%"
        ),
    )
    figure.add_scatter(
        x=names, y=[row.mid for row in rows], mode="markers", name="Forecast",
        marker={"symbol": "line-ew", "size": 20, "color": FORECAST, "line": {"width": 3, "color": FORECAST}},
        hovertemplate="%{x}<br>Forecast: %{y:,.0f}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=names, y=[row.actual for row in rows], mode="markers", name="What happened",
        marker={
            "symbol": "diamond", "size": 11, "color": [ACTUAL if row.is_inside else BAD for row in rows],
            "line": {"width": 2, "color": "var(--chart-hover)"},
        },
        hovertemplate="%{x}<br>What happened: %{y:,.0f}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(type="category")
    return styled(figure, height=360)
