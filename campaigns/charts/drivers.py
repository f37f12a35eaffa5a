"""Why this audience is more, or less, likely than usual to take an offer; and which segments take it."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import plotly.graph_objects as go

from campaigns.charts.intervals import IntervalRow, Words, interval_chart, wrapped
from loyalty.charts import BAD, GOOD, Chart, Table, styled

ROW_HEIGHT = 36
FRAME_HEIGHT = 80


def drivers_chart(reasons: Sequence[Mapping[str, Any]], *, as_of: datetime | None) -> Chart:
    """How each reason multiplies the odds of this audience, against the average customer of past campaigns."""
    rows = sorted(reasons, key=lambda row: -abs(row["log_odds"]))
    changes = [math.exp(row["log_odds"]) - 1 for row in rows]
    return Chart(
        question="What makes the difference?",
        answer=_answer(rows),
        figure=_figure([wrapped(row["reason"]) for row in rows], changes),
        table=Table(["Reason", "Change of the odds"], [[r["reason"], c] for r, c in zip(rows, changes, strict=True)]),
        unit="Change of the odds that these people take it, against the average recipient of past campaigns",
        as_of=as_of,
        name="drivers",
    )


def _figure(labels: Sequence[str], changes: Sequence[float]) -> go.Figure:
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=changes,
            y=labels,
            marker={"color": [GOOD if change >= 0 else BAD for change in changes], "cornerradius": 4},
            text=[signed(change) for change in changes],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: odds %{x:+.0%}<extra></extra>",
        )
    )
    widest = max((abs(change) for change in changes), default=0.1)
    lowest = min(0.0, *changes) if changes else 0.0
    figure.update_xaxes(tickformat="+.0%", range=[lowest - 0.8 * widest if lowest < 0 else 0, widest * 1.3])
    # Few marks, so that they stay level on a phone.
    figure.update_xaxes(nticks=4, tickangle=0)
    figure.update_yaxes(categoryorder="array", categoryarray=list(labels)[::-1], showgrid=False)
    return styled(figure, height=FRAME_HEIGHT + ROW_HEIGHT * max(len(labels), 2))


def _answer(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows or not rows[0]["log_odds"]:
        return "Nothing known sets these people apart from those of past campaigns."
    change = math.exp(rows[0]["log_odds"]) - 1
    way = "raises" if change > 0 else "lowers"
    return f"Most of all “{rows[0]['reason']}”, which {way} the odds by {abs(change):.0%}."


def signed(change: float) -> str:
    """+12%, −3%, and 0% without a sign."""
    rounded = round(abs(change) * 100)
    sign = "" if not rounded else "+" if change > 0 else "−"
    return f"{sign}{rounded}%"


def segments_chart(segments: Sequence[Mapping[str, Any]], *, as_of: datetime | None) -> Chart:
    """How many of each segment are expected to take it, best share first."""
    rows = sorted(segments, key=lambda row: -row["mid"] / max(row["n"], 1))
    best = rows[0]
    answer = (
        f"{best['segment']} is the keenest: {best['mid']:,.0f} of its {best['n']:,} are expected to take it "
        f"({best['mid'] / max(best['n'], 1):.0%})."
    )
    bars = [
        IntervalRow(
            f"{row['segment']} ({row['n']:,})", row["mid"], {80: (row["low_80"], row["high_80"])}, row.get("took")
        )
        for row in rows
    ]
    unit = f"Customers who take it; the size of the segment in brackets{_found_on(best)}"
    return interval_chart(bars, Words("Who takes it, by segment?", answer, unit, "by-segment", as_of))


def _found_on(row: Mapping[str, Any]) -> str:
    """Segments may know of later orders than the forecast: they only sort it, and it is said."""
    found_on = row.get("found_on")
    return f"; segments as of {date.fromisoformat(found_on):%-d %b %Y}" if found_on else ""
