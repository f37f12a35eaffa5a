"""How much surer a forecast is after a pilot, by how many it goes to."""

from datetime import datetime

import plotly.graph_objects as go

from campaigns.engine.pilot import HALVED, PilotPlan
from loyalty.charts import FORECAST, GOOD, TEXT, Chart, Table, styled


def pilot_chart(plan: PilotPlan, *, as_of: datetime | None) -> Chart:
    """Width of the interval after a pilot as a share of its width now."""
    return Chart(
        question="How many should get it first?",
        answer=_answer(plan),
        figure=_figure(plan),
        table=Table(
            ["Customers first", "Width of the interval left"], [[size.n, size.width_share] for size in plan.sizes]
        ),
        unit="Width of the 90% interval after the pilot, as a share of its width now: a mean over simulated pilots",
        as_of=as_of,
        name="pilot-sizes",
    )


def _answer(plan: PilotPlan) -> str:
    halving = plan.halving
    if halving:
        return f"Send it to {halving.n:,} customers picked at random first: the interval is then about half as wide."
    last = plan.sizes[-1]
    return (
        f"No pilot of at most half of these people halves the interval; {last.n:,} customers leave "
        f"{last.width_share:.0%} of it."
    )


def _figure(plan: PilotPlan) -> go.Figure:
    figure = go.Figure(
        go.Scatter(
            x=[size.n for size in plan.sizes],
            y=[size.width_share for size in plan.sizes],
            mode="lines+markers",
            name="Width left",
            line={"color": FORECAST, "width": 2.5},
            hovertemplate="%{x:,} customers first: %{y:.0%} of the width is left<extra></extra>",
        )
    )
    figure.add_hline(y=HALVED, line={"color": TEXT, "width": 1, "dash": "dot"})
    if plan.halving:
        figure.add_vline(x=plan.halving.n, line={"color": GOOD, "width": 2, "dash": "dash"})
    figure.update_xaxes(title={"text": "Customers who get it first"}, rangemode="tozero", tickformat=",")
    figure.update_yaxes(tickformat=".0%", range=[0, 1.05])
    return styled(figure, height=320)
