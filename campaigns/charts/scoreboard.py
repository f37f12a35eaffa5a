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
        unit="Customers who took it, the forecast being 100%; each knew only what was known before its campaign",
        as_of=as_of,
        name="scoreboard",
    )


def _figure(rows: Sequence[Scored]) -> go.Figure:
    """Everything as a share of its forecast, so that a small campaign can be seen beside a large one."""
    names = [row.campaign for row in rows]
    scale = [max(row.mid, 1.0) for row in rows]
    said = [[f"{r.mid:,.0f}", f"{r.low_90:,.0f} to {r.high_90:,.0f}", f"{r.actual:,.0f}"] for r in rows]
    hover = (
        "%{x}<br>Forecast: %{customdata[0]}<br>90% interval: %{customdata[1]}"
        "<br>What happened: %{customdata[2]}<extra></extra>"
    )
    figure = go.Figure()
    figure.add_bar(
        x=names, y=[(r.high_90 - r.low_90) / s for r, s in zip(rows, scale, strict=True)],
        base=[r.low_90 / s for r, s in zip(rows, scale, strict=True)], name="90% interval", width=0.45,
        marker={"color": FORECAST_SOFT, "cornerradius": 6}, customdata=said, hovertemplate=hover,
    )  # fmt: skip
    figure.add_scatter(
        x=names, y=[r.actual / s for r, s in zip(rows, scale, strict=True)], mode="markers", name="What happened",
        marker={
            "symbol": "diamond", "size": 12, "color": [ACTUAL if row.is_inside else BAD for row in rows],
            "line": {"width": 2, "color": "var(--chart-hover)"},
        },
        customdata=said, hovertemplate=hover,
    )  # fmt: skip
    figure.add_hline(y=1, line={"color": FORECAST, "width": 2})
    figure.update_yaxes(rangemode="tozero", tickformat=".0%", title={"text": "Share of the forecast"})
    figure.update_xaxes(type="category")
    return styled(figure, height=340)
