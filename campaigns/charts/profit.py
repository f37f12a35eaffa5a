"""Profit by how many people are written to, and where to stop."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from campaigns.charts.intervals import number_format
from loyalty.charts import FORECAST, FORECAST_SOFT, GOOD, TEXT, Chart, Table, styled


def profit_chart(curve: Mapping[str, Any], *, n_audience: int, advice: str, sign: str, as_of: datetime | None) -> Chart:
    """Expected profit of writing to the best 0, 1 %, … 100 % of everybody, with its 80 and 95 % bands."""
    return Chart(
        question="How many people should it go to?",
        answer=advice,
        figure=_figure(curve, n_audience, sign),
        table=Table(
            ["Customers", "Profit", "Low (80%)", "High (80%)", "Low (95%)", "High (95%)", "Share of takers reached"],
            list(
                zip(
                    curve["depths"],
                    curve["profit"],
                    curve["low_80"],
                    curve["high_80"],
                    curve["low_95"],
                    curve["high_95"],
                    curve["redeemer_share"],
                    strict=True,
                )
            ),
        ),
        unit="Profit of the campaign, best customers first: your assumptions times tested counts",
        as_of=as_of,
        name="profit-by-depth",
    )


def _figure(curve: Mapping[str, Any], n_audience: int, sign: str) -> go.Figure:
    figure = go.Figure()
    depths = curve["depths"]
    for level in ("95", "80"):
        figure.add_trace(band(depths, curve[f"low_{level}"], curve[f"high_{level}"], f"{level}% interval"))
    figure.add_scatter(
        x=depths,
        y=curve["profit"],
        mode="lines",
        name="Expected profit",
        line={"color": FORECAST, "width": 2.5},
        customdata=[[share * 100] for share in curve["redeemer_share"]],
        hovertemplate=(
            f"%{{x:,}} customers: {sign}%{{y:,.0f}}<br>reaches %{{customdata[0]:.0f}}% of those who would take it"
            "<extra></extra>"
        ),
    )
    _mark_audience(figure, curve, n_audience, sign)
    if curve["cut"]:
        figure.add_vline(x=curve["cut"], line={"color": GOOD, "width": 2, "dash": "dash"})
        figure.add_annotation(
            x=curve["cut"], y=1, yref="paper", yanchor="top", showarrow=False, font={"color": GOOD},
            text=f"stop at {curve['cut']:,}", **_beside(curve["cut"], depths[-1]),
        )  # fmt: skip
    figure.add_hline(y=0, line={"color": TEXT, "width": 1})
    figure.update_xaxes(title={"text": "Customers it goes to, the likeliest first"}, rangemode="tozero", tickformat=",")
    figure.update_yaxes(**number_format(sign))
    return styled(figure, height=380)


def _beside(x: float, widest: float) -> dict[str, Any]:
    """A label on the side of the line where there is room."""
    return {"xanchor": "right", "xshift": -6} if x > widest / 2 else {"xanchor": "left", "xshift": 6}


def _mark_audience(figure: go.Figure, curve: Mapping[str, Any], n_audience: int, sign: str) -> None:
    nearest = min(range(len(curve["depths"])), key=lambda row: abs(curve["depths"][row] - n_audience))
    figure.add_scatter(
        x=[curve["depths"][nearest]],
        y=[curve["profit"][nearest]],
        mode="markers",
        name=f"The best {curve['depths'][nearest]:,}: as many as here",
        marker={"size": 11, "color": FORECAST, "line": {"width": 2, "color": "var(--chart-hover)"}},
        hovertemplate=f"As many as this simulation, picked best first: {sign}%{{y:,.0f}}<extra></extra>",
    )


def band(xs: Sequence[float], low: Sequence[float], high: Sequence[float], name: str) -> go.Scatter:
    """A filled strip between two lines, as one trace."""
    return go.Scatter(
        x=[*xs, *reversed(xs)],
        y=[*high, *reversed(low)],
        fill="toself",
        fillcolor=FORECAST_SOFT,
        line={"width": 0, "color": FORECAST_SOFT},
        mode="lines",
        name=name,
        hoverinfo="skip",
    )
