"""How a segment grew."""

from collections.abc import Sequence
from datetime import datetime

import plotly.graph_objects as go

from loyalty.charts.style import PALETTE, SOFT_PALETTE, Chart, Table, styled


def growth_chart(sizes: Sequence[tuple[datetime, int, int, int]], *, as_of: datetime | None) -> Chart:
    """Members at every look; rows of moment, members, who came, who left."""
    figure = go.Figure(
        go.Scatter(
            x=[at for at, *_ in sizes], y=[n for _, n, *_ in sizes], mode="lines+markers", line={"shape": "hv"},
            fill="tozeroy", fillcolor=SOFT_PALETTE[0], marker={"color": PALETTE[0]},
            hovertemplate="%{x|%d %b %Y %H:%M}<br>%{y:,} customers<extra></extra>",
        )
    )  # fmt: skip
    figure.update_yaxes(rangemode="tozero", tickformat=",")
    return Chart(
        question="Is this segment growing?",
        answer=_answer(sizes),
        figure=styled(figure, height=280),
        table=Table(["Looked at", "Customers", "Came", "Left"], [list(row) for row in sizes]),
        unit="customers in the segment",
        as_of=as_of,
        name="growth",
    )


def _answer(sizes: Sequence[tuple[datetime, int, int, int]]) -> str:
    if not sizes:
        return "Nobody has looked yet who is in it."
    first, last = sizes[0][1], sizes[-1][1]
    if len(sizes) == 1:
        return f"{last:,} customers when it was made; how it grows is seen from the next look on."
    came, left = sum(row[2] for row in sizes[1:]), sum(row[3] for row in sizes[1:])
    word = "It grew" if last > first else "It shrank" if last < first else "It stayed as it was"
    return f"{word}: from {first:,} to {last:,} customers; {came:,} came and {left:,} left."
