"""The margin of giving each customer what is enough, beside giving everybody the same."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from campaigns.charts.intervals import number_format
from loyalty.charts import BASELINE, FORECAST, Chart, Table, styled

EACH = "To each what is enough"


def incentives_chart(lines: Sequence[Mapping[str, Any]], *, value: float, sign: str, as_of: datetime | None) -> Chart:
    """One bar for the plan and one for each benefit given to everybody who pays it back."""
    labels = [EACH, *(f"{sign}{line['benefit']:,.2f} for all" for line in lines)]
    values = [value, *(line["uniform"] for line in lines)]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=values,
            y=labels,
            text=[f"{sign}{one:,.0f}" for one in values],
            textposition="outside",
            cliponaxis=False,
            marker={"color": [FORECAST, *[BASELINE] * len(lines)], "cornerradius": 4},
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(rangemode="tozero", range=[0, max([*values, 1]) * 1.2], **number_format(sign))
    figure.update_yaxes(categoryorder="array", categoryarray=labels[::-1], showgrid=False)
    return Chart(
        question="Is it worth telling customers apart?",
        answer=_answer(lines, value, sign),
        figure=styled(figure, height=80 + 40 * len(labels)),
        table=Table(["Who gets what", "Expected margin"], [list(row) for row in zip(labels, values, strict=True)]),
        unit="Expected margin, benefits and contacts paid, within the same budget; who would not pay it back gets none",
        as_of=as_of,
        name="incentives",
    )


def _answer(lines: Sequence[Mapping[str, Any]], value: float, sign: str) -> str:
    best = max(lines, key=lambda line: line["uniform"])
    more = value - best["uniform"]
    if value <= 0:
        return "No: no benefit pays for anybody."
    if more < 0.005 * value:
        return f"Hardly: {sign}{best['benefit']:,.2f} for everybody who pays it back brings as much."
    return f"Yes: {sign}{more:,.0f} more than the best single benefit, {sign}{best['benefit']:,.2f} for all."
