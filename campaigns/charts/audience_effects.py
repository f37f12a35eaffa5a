"""What writing to the people a message changes most would bring, by how many of them are written to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from campaigns.charts.intervals import number_format
from campaigns.charts.profit import band
from loyalty.charts import FORECAST, GOOD, TEXT, Chart, Table, styled


def changed_chart(changed: Mapping[str, Any], *, n_members: int, sign: str, as_of: datetime | None) -> Chart:
    """Profit of what is changed alone, contacts paid, with the interval of what the trial is unsure of."""
    curve = changed["curve"]
    columns = [curve[name] for name in ("depths", "profit", "low", "high")]
    return Chart(
        question="How many people is it worth writing to?",
        answer=_answer(changed),
        figure=_figure(curve, n_members, sign),
        table=Table(["Customers", "Profit", "Low (95%)", "High (95%)"], list(zip(*columns, strict=True))),
        unit="What it changes, at the worth you gave an outcome, less the cost of contacts; most changed first",
        as_of=as_of,
        name="changed-by-depth",
    )


def _answer(changed: Mapping[str, Any]) -> str:
    n, n_all = changed["n_paying"], int(changed["curve"]["depths"][-1])
    if n == 0:
        return "To nobody: what it changes is not worth the contact, even in those it changes most."
    if n == n_all:
        return f"To all {n:,} whom it is expected to change for the better."
    return f"To {n:,}: beyond them a contact costs more than what it changes is worth."


def _figure(curve: Mapping[str, Any], n_members: int, sign: str) -> go.Figure:
    figure = go.Figure()
    depths = curve["depths"]
    figure.add_trace(band(depths, curve["low"], curve["high"], "95% interval"))
    figure.add_scatter(
        x=depths,
        y=curve["profit"],
        mode="lines",
        name="Expected profit of what it changes",
        line={"color": FORECAST, "width": 2.5},
        hovertemplate=f"%{{x:,}} customers: {sign}%{{y:,.0f}}<extra></extra>",
    )
    figure.add_vline(x=n_members, line={"color": GOOD, "width": 2, "dash": "dash"})
    is_right = n_members > depths[-1] / 2
    figure.add_annotation(
        x=n_members, y=1, yref="paper", yanchor="top", showarrow=False, font={"color": GOOD},
        text=f"this audience: {n_members:,}", xanchor="right" if is_right else "left", xshift=-6 if is_right else 6,
    )  # fmt: skip
    figure.add_hline(y=0, line={"color": TEXT, "width": 1})
    figure.update_xaxes(title={"text": "Customers, the most changed first"}, rangemode="tozero", tickformat=",")
    figure.update_yaxes(**number_format(sign))
    return styled(figure, height=380)
