"""How complete the data are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import plotly.graph_objects as go

from loyalty.charts.style import PALETTE, Chart, Table, styled

BAR_HEIGHT = 26


@dataclass(frozen=True)
class Gap:
    """A column of a table that is empty in some of its rows."""

    table: str
    column: str
    n_empty: int
    n_rows: int

    @property
    def share(self) -> float:
        return self.n_empty / self.n_rows if self.n_rows else 0.0

    @property
    def name(self) -> str:
        return f"{self.table}: {self.column}"


@dataclass(frozen=True)
class Week:
    """Orders of one week, by its Monday."""

    starts_on: date
    n_orders: int


@dataclass(frozen=True)
class TypeCount:
    """How often customers did one thing, and when last."""

    type: str
    n_rows: int
    newest_at: datetime


def orders_chart(weeks: Sequence[Week], *, as_of: datetime | None) -> Chart:
    """Orders a week over the whole span, so that a hole in the data is seen."""
    figure = go.Figure(
        go.Bar(
            x=[week.starts_on for week in weeks],
            y=[week.n_orders for week in weeks],
            marker={"color": PALETTE[0]},
            hovertemplate="Week of %{x|%d %b %Y}<br>%{y:,} orders<extra></extra>",
        )
    )
    figure.update_xaxes(ticklabelstandoff=6)
    figure.update_yaxes(rangemode="tozero", tickformat="~s", ticklabelstandoff=6)
    return Chart(
        question="Are there holes in the orders?",
        answer=_holes(weeks),
        figure=styled(figure, height=360),
        table=Table(["Week of", "Orders"], [[week.starts_on, week.n_orders] for week in weeks]),
        unit="Orders a week; the first and the last week may be cut",
        as_of=as_of,
        name="orders-a-week",
    )


def _holes(weeks: Sequence[Week]) -> str:
    empty = [week for week in weeks if not week.n_orders]
    if not empty:
        return f"No: every one of the {len(weeks):,} weeks has orders."
    first = f"the first of them the week of {empty[0].starts_on:%-d %b %Y}"
    return f"{len(empty):,} of {len(weeks):,} weeks have none, {first}. Was something not imported?"


def gaps_chart(gaps: Sequence[Gap], *, as_of: datetime | None) -> Chart:
    """Lying bars of the share that is empty: table by table, and in each the emptiest column first."""
    tables = list(dict.fromkeys(gap.table for gap in gaps))
    shown = sorted(gaps, key=lambda gap: (tables.index(gap.table), -gap.share))
    figure = go.Figure([_gap_bars([gap for gap in shown if gap.table == table], table) for table in tables])
    for bars, colour in zip(figure.data, PALETTE, strict=False):
        bars.marker.color = colour
    figure.update_layout(showlegend=len(tables) > 1, barmode="overlay")
    figure.update_xaxes(range=[0, 1], tickformat=".0%", showgrid=True)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticklabelstandoff=8)
    return Chart(
        question="What is missing?",
        answer=_missing(sorted(gaps, key=lambda gap: -gap.share)),
        figure=styled(figure, height=90 + BAR_HEIGHT * max(len(shown), 2)),
        table=Table(
            ["Table", "Column", "Empty", "Rows", "Share empty"],
            [[gap.table, gap.column, gap.n_empty, gap.n_rows, f"{gap.share:.1%}"] for gap in shown],
        ),
        unit="Share of rows in which the column is empty",
        as_of=as_of,
        name="what-is-missing",
    )


def _gap_bars(gaps: Sequence[Gap], table: str) -> go.Bar:
    return go.Bar(
        x=[gap.share for gap in gaps],
        y=[gap.name for gap in gaps],
        name=table,
        orientation="h",
        hovertemplate="%{y}<br>%{x:.1%} empty<extra></extra>",
    )


def _missing(gaps: Sequence[Gap]) -> str:
    worst = gaps[0]
    if not worst.share:
        return "Nothing: these columns are filled in every row."
    n_full = sum(not gap.share for gap in gaps)
    most = f"Most of all {worst.table.lower()}’ {worst.column}: {worst.share:.0%} empty."
    return f"{most} {n_full} of {len(gaps)} columns are full."


def types_chart(types: Sequence[TypeCount], *, as_of: datetime | None) -> Chart:
    """Lying bars of what customers do, the most frequent first."""
    total = sum(one.n_rows for one in types)
    figure = go.Figure(
        go.Bar(
            x=[one.n_rows for one in types],
            y=[one.type for one in types],
            orientation="h",
            marker={"color": PALETTE[0]},
            hovertemplate="%{y}<br>%{x:,} times<extra></extra>",
        )
    )
    figure.update_xaxes(rangemode="tozero", tickformat="~s", showgrid=True)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticklabelstandoff=8)
    return Chart(
        question="What do customers do, besides buying?",
        answer=_done_most(types, total),
        figure=styled(figure, height=60 + BAR_HEIGHT * max(len(types), 2)),
        table=Table(
            ["What", "Times", "Share", "Newest"],
            [[one.type, one.n_rows, f"{one.n_rows / total:.1%}", one.newest_at] for one in types],
        ),
        unit="Times it was told",
        as_of=as_of,
        name="interactions-per-type",
    )


def _done_most(types: Sequence[TypeCount], total: int) -> str:
    most = types[0]
    kinds = "one kind" if len(types) == 1 else f"{len(types)} kinds"
    return f"Most of all “{most.type}”: {most.n_rows / total:.0%} of {total:,} interactions of {kinds}."
