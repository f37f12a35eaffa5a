"""RFM groups and lifecycle states: how large, how much they bring, who came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import plotly.graph_objects as go

from loyalty.charts import PALETTE, SEQUENTIAL, SOFT_PALETTE, Cell, Chart, Table, styled
from segments.engine.migration import Migration

ROW_HEIGHT = 46


@dataclass(frozen=True)
class Group:
    """One group as people see it; money in the shop's currency, the middle customer's where it says so."""

    number: int
    name: str
    meaning: str
    url: str
    n_customers: int
    share: float
    spend: float
    spend_share: float
    spend_each: float
    spend_low: float | None
    spend_high: float | None
    recency_days: float | None
    orders: float | None
    spend_middle: float | None

    @property
    def colour(self) -> str:
        return PALETTE[self.number % len(PALETTE)]


@dataclass(frozen=True)
class Groups:
    """All groups of one reading."""

    kind: str
    as_of: datetime
    currency: str
    groups: Sequence[Group]
    months: Sequence[date]
    moves: Migration

    @property
    def n_customers(self) -> int:
        return sum(group.n_customers for group in self.groups)

    @property
    def names(self) -> list[str]:
        return [group.name for group in self.groups]


@dataclass(frozen=True)
class ScoreCell:
    """Customers with one pair of scores, and the group most of them are in."""

    recency: int
    frequency: int
    n_customers: int
    spend: float
    group: str


@dataclass(frozen=True)
class CameBackBar:
    """Of those who were in a state at several moments: the share that ordered soon after."""

    name: str
    number: int
    n_customers: int
    n_looks: int
    share: float
    low: float
    high: float


def sizes_chart(groups: Groups) -> Chart:
    """Share of the customers beside share of the spend."""
    shown = groups.groups
    figure = go.Figure()
    for name, shares, colours in (
        ("Of the customers", [group.share for group in shown], [SOFT_PALETTE[g.number % 10] for g in shown]),
        ("Of the spend", [group.spend_share for group in shown], [group.colour for group in shown]),
    ):
        figure.add_bar(
            orientation="h",
            name=name,
            x=shares,
            y=[group.name for group in shown],
            marker={"color": colours, "cornerradius": 3},
            text=[f"{share:.0%}" for share in shares],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"%{{y}}: %{{x:.1%}} {name.lower()}<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    # Room for the figure at the end of the longest bar.
    most = max(max(group.share, group.spend_share) for group in shown)
    figure.update_xaxes(tickformat=".0%", showgrid=True, range=[0, max(most, 0.01) * 1.18])
    figure.update_layout(showlegend=False, bargap=0.3)
    columns = ["Group", "Customers", "Of the customers", f"Spend, {groups.currency}", "Of the spend", "Spend each"]
    return Chart(
        question="How large is each group, and how much does it spend?",
        answer=_largest(groups),
        figure=styled(figure, height=90 + (ROW_HEIGHT + 10) * len(shown)),
        table=Table([*columns, "Spend each, low", "Spend each, high"], [_size_row(group) for group in shown]),
        unit="Pale: share of the customers; full: share of all spend so far, returns taken off",
        as_of=groups.as_of,
        name=f"{groups.kind}-sizes",
    )


def _size_row(group: Group) -> list[Cell]:
    each = [
        None if value is None else round(value, 2) for value in (group.spend_each, group.spend_low, group.spend_high)
    ]
    return [
        group.name, group.n_customers, round(group.share, 4), round(group.spend, 2), round(group.spend_share, 4), *each,
    ]  # fmt: skip


def _largest(groups: Groups) -> str:
    most = max(groups.groups, key=lambda group: group.spend)
    shares = f"{most.share:.0%} of the customers and {most.spend_share:.0%} of all spend"
    return f"“{most.name}” brings the most: {shares} so far."


def scores_chart(groups: Groups, cells: Sequence[ScoreCell], *, n_recency: int, n_frequency: int) -> Chart:
    """Customers by the scores of their last order and their number of orders."""
    known = {(cell.recency, cell.frequency): cell for cell in cells}
    rows = range(n_recency, 0, -1)
    columns = range(1, n_frequency + 1)
    total = max(sum(cell.n_customers for cell in cells), 1)
    grid = [[known.get((row, column)) for column in columns] for row in rows]
    figure = go.Figure(
        go.Heatmap(
            x=[str(column) for column in columns],
            y=[str(row) for row in rows],
            z=[[cell.n_customers if cell else None for cell in line] for line in grid],
            colorscale=SEQUENTIAL,
            zmin=0,
            text=[[f"{cell.n_customers / total:.0%}" if cell else "" for cell in line] for line in grid],
            texttemplate="%{text}",
            customdata=[[cell.group if cell else "" for cell in line] for line in grid],
            hovertemplate="Last order %{y}, orders %{x}<br>%{z:,} customers, most: %{customdata}<extra></extra>",
            xgap=2,
            ygap=2,
            showscale=False,
        )
    )
    figure.update_xaxes(title="Score for the number of orders", type="category")
    figure.update_yaxes(title="Score for the last order", type="category", autorange="reversed", showgrid=False)
    fullest = max(cells, key=lambda cell: cell.n_customers)
    return Chart(
        question="Where do customers stand by last order and number of orders?",
        answer=f"Most often at {fullest.recency} for the last order and {fullest.frequency} for orders: "
        f"{fullest.n_customers / total:.0%} of the customers, most of them “{fullest.group}”.",
        figure=styled(figure, height=130 + 40 * n_recency),
        table=Table(
            ["Last order", "Orders", "Customers", "Share", f"Spend, {groups.currency}", "Most of them are"],
            [_score_row(cell, total) for cell in cells],
        ),
        unit="Share of the customers; a high score is recent, often",
        as_of=groups.as_of,
        name="rfm-scores",
    )


def _score_row(cell: ScoreCell, total: int) -> list[Cell]:
    share = round(cell.n_customers / total, 4)
    return [cell.recency, cell.frequency, cell.n_customers, share, round(cell.spend, 2), cell.group]


def told_day(on: date) -> str:
    return f"{on.day} {on:%b %Y}"


def came_back_chart(bars: Sequence[CameBackBar], *, horizon_days: int, chosen_on: date, as_of: datetime) -> Chart:
    """On a time after the limits were chosen: who in each state ordered within the horizon."""
    seen = [bar for bar in bars if bar.n_looks]
    figure = go.Figure(
        go.Bar(
            x=[bar.name for bar in seen],
            y=[bar.share for bar in seen],
            marker={"color": [PALETTE[bar.number % len(PALETTE)] for bar in seen], "cornerradius": 3},
            error_y={
                "array": [bar.high - bar.share for bar in seen],
                "arrayminus": [bar.share - bar.low for bar in seen],
                "color": "var(--chart-text)",
                "thickness": 1.5,
            },
            customdata=[[bar.n_customers, bar.low, bar.high] for bar in seen],
            hovertemplate="%{x}: %{y:.0%} ordered, between %{customdata[1]:.0%} and %{customdata[2]:.0%}<br>"
            "%{customdata[0]:,} customers<extra></extra>",
        )
    )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return Chart(
        question=f"Who came back within {horizon_days} days?",
        answer=_came_back_answer(seen),
        figure=styled(figure, height=320),
        table=Table(
            ["State", "Customers", "Looked at", "Ordered again", "Low", "High"],
            [
                [bar.name, bar.n_customers, bar.n_looks, round(bar.share, 4), round(bar.low, 4), round(bar.high, 4)]
                for bar in seen
            ],
        ),
        unit="Share of the customers in a state, seen every week after the limits were fixed on "
        f"{told_day(chosen_on)}; lines hold 19 times in 20",
        as_of=as_of,
        name="came-back",
    )


def _came_back_answer(bars: Sequence[CameBackBar]) -> str:
    by_name = {bar.name: bar for bar in bars}
    active, risk = by_name.get("Active"), by_name.get("At risk")
    if active is None or risk is None:
        return "Too few customers were at risk to say."
    return (
        f"Of those at risk {risk.share:.0%} (between {risk.low:.0%} and {risk.high:.0%}), "
        f"of the active {active.share:.0%}."
    )
