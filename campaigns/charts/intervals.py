"""Forecasts as bars of growing certainty, with what happened beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from textwrap import wrap

import plotly.graph_objects as go

from loyalty.charts import ACTUAL, FORECAST, FORECAST_SOFT, Chart, Table, styled

ROW_HEIGHT = 54
FRAME_HEIGHT = 76
LABEL_WIDTH = 22
THICKNESS = {95: 14, 90: 18, 80: 22, 50: 30}


@dataclass(frozen=True)
class IntervalRow:
    """One line of the chart: the middle and what happened, if known, and the interval at each level in percent."""

    label: str
    mid: float | None
    intervals: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    actual: float | None = None


@dataclass(frozen=True)
class Words:
    """What a chart says around its figure."""

    question: str
    answer: str
    unit: str
    name: str
    as_of: datetime | None = None


def interval_chart(rows: Sequence[IntervalRow], words: Words, *, prefix: str = "") -> Chart:
    """One row a figure, its intervals thin and faint where it is less sure. `prefix` is the sign of a currency."""
    levels = sorted({level for row in rows for level in row.intervals}, reverse=True)
    return Chart(
        question=words.question,
        answer=words.answer,
        figure=_figure(rows, levels, prefix),
        table=_table(rows, levels),
        unit=words.unit,
        as_of=words.as_of,
        name=words.name,
    )


def _figure(rows: Sequence[IntervalRow], levels: Sequence[int], prefix: str) -> go.Figure:
    figure = go.Figure()
    for level in levels:
        figure.add_trace(_bars(rows, level))
    figure.add_trace(_middles(rows, prefix))
    if any(row.actual is not None for row in rows):
        figure.add_trace(_happened(rows, prefix))
    labels = [wrapped(row.label) for row in rows]
    figure.update_yaxes(
        categoryorder="array", categoryarray=labels[::-1], showgrid=False, range=[-0.6, len(rows) - 0.4]
    )
    figure.update_xaxes(
        showgrid=True, zeroline=True, rangemode="tozero", nticks=6, tickangle=0, **number_format(prefix)
    )
    figure.update_layout(hovermode="closest")
    return styled(figure, height=FRAME_HEIGHT + ROW_HEIGHT * len(rows))


def wrapped(label: str) -> str:
    """A name over several lines: beside a long one nothing of the chart would be left on a phone."""
    return "<br>".join(wrap(label, LABEL_WIDTH, break_long_words=False))


def number_format(prefix: str) -> dict[str, str]:
    """How an axis writes its numbers; dollars by their own format, which puts the minus sign in front."""
    return {"tickformat": "$,.0f"} if prefix == "$" else {"tickformat": ",", "tickprefix": prefix}


def _bars(rows: Sequence[IntervalRow], level: int) -> go.Scatter:
    """All intervals of one level as one broken line: as many traces as levels, however many rows."""
    xs: list[float | None] = []
    ys: list[str | None] = []
    for row in rows:
        if level in row.intervals:
            low, high = row.intervals[level]
            xs += [low, high, None]
            ys += [wrapped(row.label)] * 2 + [None]
    line = {"color": FORECAST_SOFT, "width": THICKNESS[level]}
    return go.Scatter(x=xs, y=ys, mode="lines", line=line, name=f"{level}%", hoverinfo="skip", showlegend=False)


def _middles(rows: Sequence[IntervalRow], prefix: str) -> go.Scatter:
    known = [row for row in rows if row.mid is not None]
    return go.Scatter(
        x=[row.mid for row in known],
        y=[wrapped(row.label) for row in known],
        mode="markers",
        name="Expected",
        marker={"symbol": "line-ns", "size": 26, "line": {"width": 3, "color": FORECAST}, "color": FORECAST},
        customdata=[["<br>".join(_spoken(row, prefix))] for row in known],
        hovertemplate="%{customdata[0]}<extra></extra>",
    )


def _spoken(row: IntervalRow, prefix: str) -> list[str]:
    said = [f"{row.label}: {_written(row.mid or 0.0, prefix)}"]
    for level, (low, high) in sorted(row.intervals.items()):
        said.append(f"{level}%: {_written(low, prefix)} to {_written(high, prefix)}")
    return said


def _written(value: float, prefix: str) -> str:
    return f"{'−' if value < 0 else ''}{prefix}{abs(value):,.0f}"


def _happened(rows: Sequence[IntervalRow], prefix: str) -> go.Scatter:
    known = [row for row in rows if row.actual is not None]
    return go.Scatter(
        x=[row.actual for row in known],
        y=[wrapped(row.label) for row in known],
        mode="markers",
        name="What happened",
        marker={"symbol": "diamond", "size": 13, "color": ACTUAL, "line": {"width": 2, "color": "var(--chart-hover)"}},
        customdata=[[_written(row.actual or 0.0, prefix)] for row in known],
        hovertemplate="What happened: %{customdata[0]}<extra></extra>",
    )


def _table(rows: Sequence[IntervalRow], levels: Sequence[int]) -> Table:
    bounds = [f"{side} ({level}%)" for level in sorted(levels) for side in ("Low", "High")]
    body = []
    for row in rows:
        pairs = [row.intervals.get(level, (None, None)) for level in sorted(levels)]
        body.append([row.label, row.mid, *[value for pair in pairs for value in pair], row.actual])
    return Table(["Figure", "Expected", *bounds, "What happened"], body)
