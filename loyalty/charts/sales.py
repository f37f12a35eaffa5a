"""Sales over time and by category: of the whole shop, of one product, of one customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import plotly.graph_objects as go

from loyalty.charts.style import ACTUAL, PALETTE, SOFT_PALETTE, Chart, Table, styled


@dataclass(frozen=True)
class Takings:
    """Money taken in one period, and in how many orders."""

    starts_on: date
    revenue: Decimal
    n_orders: int


@dataclass(frozen=True)
class Mark:
    """Something that began on a day and is worth seeing beside the sales."""

    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class Part:
    """A part of a sum."""

    name: str
    revenue: Decimal


def _no_answer(n: int) -> str:
    return "" if n else "There are no sales in this span of time."


def revenue_chart(weeks: Sequence[Takings], marks: Sequence[Mark], *, currency: str, as_of: datetime) -> Chart:
    """The shop's revenue a week, with the weeks in which campaigns began."""
    figure = go.Figure(
        go.Scatter(
            x=[week.starts_on for week in weeks],
            y=[float(week.revenue) for week in weeks],
            mode="lines",
            name="Revenue",
            fill="tozeroy",
            fillcolor=SOFT_PALETTE[0],
            line={"color": PALETTE[0]},
            hovertemplate="Week of %{x|%d %b %Y}<br>%{y:,.0f} " + currency + "<extra></extra>",
        )
    )
    if weeks and marks:
        figure.add_trace(_mark_trace(weeks, marks))
    figure.update_yaxes(rangemode="tozero", tickformat="~s")
    figure.update_layout(showlegend=bool(marks), hovermode="x")
    return Chart(
        question="How is revenue developing?",
        answer=_revenue_answer(weeks, currency),
        figure=styled(figure, height=340),
        table=Table(
            ["Week of", f"Revenue, {currency}", "Orders", "Campaigns that began"],
            [[week.starts_on, week.revenue, week.n_orders, _names_in(week, marks)] for week in weeks],
        ),
        unit=f"{currency} a week, whole weeks only",
        as_of=as_of,
        name="revenue",
    )


def _mark_trace(weeks: Sequence[Takings], marks: Sequence[Mark]) -> go.Scatter:
    first = weeks[0].starts_on
    seen = [mark for mark in marks if mark.starts_on >= first]
    top = max(float(week.revenue) for week in weeks) * 1.06
    return go.Scatter(
        x=[mark.starts_on for mark in seen],
        y=[top] * len(seen),
        mode="markers",
        name="A campaign begins",
        marker={"symbol": "triangle-down", "size": 10, "color": ACTUAL},
        text=[mark.name for mark in seen],
        customdata=[f"{mark.starts_on:%d %b} – {mark.ends_on:%d %b %Y}" for mark in seen],
        hovertemplate="%{text}<br>%{customdata}<extra></extra>",
    )


def _names_in(week: Takings, marks: Sequence[Mark]) -> str:
    return ", ".join(mark.name for mark in marks if 0 <= (mark.starts_on - week.starts_on).days < 7)


def _revenue_answer(weeks: Sequence[Takings], currency: str) -> str:
    if not weeks:
        return _no_answer(0)
    best, worst = (pick(weeks, key=lambda week: week.revenue) for pick in (max, min))
    return (
        f"Between {worst.revenue:,.0f} and {best.revenue:,.0f} {currency} a week; "
        f"most in the week of {best.starts_on.day} {best.starts_on:%b %Y}."
    )


def months_chart(months: Sequence[Takings], *, question: str, currency: str, as_of: datetime, name: str) -> Chart:
    """Bars of money taken a month; a month that had not ended is paler and says so."""
    labels = [_month(one, as_of) for one in months]
    figure = go.Figure(
        go.Bar(
            x=[one.starts_on for one in months],
            y=[float(one.revenue) for one in months],
            marker={"color": [SOFT_PALETTE[0] if "so far" in label else PALETTE[0] for label in labels]},
            customdata=[[label, one.n_orders] for label, one in zip(labels, months, strict=True)],
            hovertemplate="%{customdata[0]}<br>%{y:,.2f} " + currency + " in %{customdata[1]} orders<extra></extra>",
        )
    )
    figure.update_yaxes(rangemode="tozero", tickformat="~s")
    return Chart(
        question=question,
        answer=_best_month(months, labels, currency),
        figure=styled(figure, height=280),
        table=Table(
            ["Month", f"Revenue, {currency}", "Orders"],
            [[label, one.revenue, one.n_orders] for label, one in zip(labels, months, strict=True)],
        ),
        unit=f"{currency} a month",
        as_of=as_of,
        name=name,
    )


def _month(one: Takings, as_of: datetime) -> str:
    has_ended = (as_of.year, as_of.month) > (one.starts_on.year, one.starts_on.month)
    return f"{one.starts_on:%b %Y}" if has_ended else f"{one.starts_on:%b %Y} so far"


def _best_month(months: Sequence[Takings], labels: Sequence[str], currency: str) -> str:
    if not months:
        return _no_answer(0)
    best = max(range(len(months)), key=lambda number: months[number].revenue)
    return f"Most in {labels[best]}: {months[best].revenue:,.2f} {currency}."


def mix_chart(parts: Sequence[Part], *, question: str, currency: str, as_of: datetime, name: str) -> Chart:
    """Lying bars of a sum's parts, largest on top."""
    total = float(sum(part.revenue for part in parts))
    figure = go.Figure(
        go.Bar(
            x=[float(part.revenue) for part in reversed(parts)],
            y=[part.name for part in reversed(parts)],
            orientation="h",
            marker={"color": PALETTE[2]},
            hovertemplate="%{y}<br>%{x:,.2f} " + currency + "<extra></extra>",
        )
    )
    figure.update_xaxes(showgrid=True, tickformat="~s")
    figure.update_yaxes(showgrid=False)
    answer = _no_answer(len(parts))
    if parts and total > 0:
        answer = f"{float(parts[0].revenue) / total:.0%} went to {parts[0].name}."
    return Chart(
        question=question,
        answer=answer,
        figure=styled(figure, height=max(180, 60 + 26 * len(parts))),
        table=Table(
            ["Category", f"Revenue, {currency}", "Share"],
            [[part.name, part.revenue, f"{float(part.revenue) / total:.1%}" if total else None] for part in parts],
        ),
        unit=currency,
        as_of=as_of,
        name=name,
    )
