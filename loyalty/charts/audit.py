"""How complete the data are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import plotly.graph_objects as go

from loyalty.charts.style import ACTUAL, PALETTE, Chart, Table, styled

BAR_HEIGHT = 26


@dataclass(frozen=True)
class Gap:
    """A column that is empty in a share (0-1) of the rows of a table."""

    table: str
    column: str
    share: float

    @property
    def name(self) -> str:
        return f"{self.table}: {self.column}"


@dataclass(frozen=True)
class Week:
    """Orders of one week, by its Monday."""

    starts_on: date
    n_orders: int


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
        figure=styled(figure, height=240),
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
    """Lying bars of the share that is empty, fullest column last."""
    shown = sorted(gaps, key=lambda gap: gap.share, reverse=True)
    figure = go.Figure(
        go.Bar(
            x=[gap.share for gap in shown],
            y=[gap.name for gap in shown],
            orientation="h",
            marker={"color": ACTUAL},
            hovertemplate="%{y}<br>%{x:.1%} empty<extra></extra>",
        )
    )
    figure.update_xaxes(range=[0, 1], tickformat=".0%", showgrid=True)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticklabelstandoff=8)
    return Chart(
        question="What is missing?",
        answer=_missing(shown),
        figure=styled(figure, height=60 + BAR_HEIGHT * max(len(shown), 2)),
        table=Table(["Table", "Column", "Share empty"], [[gap.table, gap.column, f"{gap.share:.1%}"] for gap in shown]),
        unit="Share of rows in which the column is empty",
        as_of=as_of,
        name="what-is-missing",
    )


def _missing(gaps: Sequence[Gap]) -> str:
    worst = gaps[0]
    if not worst.share:
        return "Nothing: these columns are filled in every row."
    n_full = sum(not gap.share for gap in gaps)
    most = f"Most of all {worst.table.lower()}’ {worst.column}: {worst.share:.0%} empty."
    return f"{most} {n_full} of {len(gaps)} columns are full."
