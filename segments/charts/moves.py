"""How customers moved between groups from month to month."""

from collections.abc import Sequence
from datetime import date

import plotly.graph_objects as go

from loyalty.charts import BASELINE, PALETTE, SOFT_PALETTE, Cell, Chart, Table, styled
from segments.charts.groups import Groups, told_day
from segments.engine.migration import Migration

# So many steps stand beside each other in the picture of moves; the table has all of them.
STEPS_SHOWN = 2


def moves_chart(groups: Groups) -> Chart:
    """Flows from month to month; the table has every month with its shares."""
    moved = groups.moves.moved[-STEPS_SHOWN:]
    months = groups.months[-len(moved) - 1 :]
    figure = go.Figure(_sankey(groups, groups.moves, months))
    return Chart(
        question="Who moves where from month to month?",
        answer=_moves_answer(groups),
        figure=styled(figure, height=420),
        table=Table(
            ["From", "To", "Was", "Is", "Customers", "Share of those who were there", "Low", "High"],
            list(_move_rows(groups)),
        ),
        unit="Customers; the width of a band is how many. From left to right: " + ", ".join(map(told_day, months)),
        as_of=groups.as_of,
        name=f"{groups.kind}-moves",
    )


def _sankey(groups: Groups, moves: Migration, months: Sequence[date]) -> go.Sankey:
    # Who is new comes out of a group of their own: without it, theirs would be drawn a month too early.
    n = len(groups.groups) + 1
    names, colours = [*groups.names, "New"], [*(group.number for group in groups.groups), None]
    steps = zip(moves.moved[-STEPS_SHOWN:], moves.arrived[-STEPS_SHOWN:], strict=True)
    flows = [
        (step * n + one, (step + 1) * n + other, int(count), one)
        for step, (matrix, arrived) in enumerate(steps)
        for one, row in enumerate([*matrix, arrived])
        for other, count in enumerate(row)
        if count
    ]
    ends = {place for source, target, _, _ in flows for place in (source, target)}
    # A node without a flow would still be drawn, at the edge.
    place_of = {place: position for position, place in enumerate(sorted(ends))}
    nodes = sorted(ends)
    # Labels of the last column stand to its left: on a phone they would lie over those of a column between.
    edges = (0, max(nodes, default=0) // n)
    return go.Sankey(
        arrangement="snap",
        node={
            "label": [names[place % n] if place // n in edges else "" for place in nodes],
            "color": [_colour(PALETTE, colours[place % n]) for place in nodes],
            "customdata": [f"{names[place % n]}, {told_day(months[place // n])}" for place in nodes],
            "hovertemplate": "%{customdata}: %{value:,} customers<extra></extra>",
            "pad": 14,
            "thickness": 16,
            "line": {"width": 0},
        },
        link={
            "source": [place_of[source] for source, _, _, _ in flows],
            "target": [place_of[target] for _, target, _, _ in flows],
            "value": [count for _, _, count, _ in flows],
            "color": [_colour(SOFT_PALETTE, colours[one]) for *_, one in flows],
            "hovertemplate": "%{source.customdata} → %{target.customdata}: %{value:,} customers<extra></extra>",
        },
    )


def _colour(palette: Sequence[str], number: int | None) -> str:
    return BASELINE if number is None else palette[number % len(palette)]


def _moves_answer(groups: Groups) -> str:
    if not len(groups.moves.moved):
        return "There is no earlier month to compare with yet."
    last = groups.moves.moved[-1]
    stayed, total = int(last.trace()), int(last.sum())
    again = int(groups.moves.came_again.sum())
    sentence = f"Within the last month {stayed / max(total, 1):.0%} of the customers stayed in their group"
    return f"{sentence}; over all months, groups were left and entered again {again:,} times."


def _move_rows(groups: Groups) -> list[list[Cell]]:
    shares = groups.moves.shares
    low, high = groups.moves.share_intervals()
    rows: list[list[Cell]] = []
    for step in range(len(groups.moves.moved) - 1, -1, -1):
        for one, was in enumerate(groups.names):
            for other, now in enumerate(groups.names):
                count = int(groups.moves.moved[step, one, other])
                if count:
                    place = (step, one, other)
                    told = [round(float(values[place]), 4) for values in (shares, low, high)]
                    rows.append([groups.months[step], groups.months[step + 1], was, now, count, *told])
    return rows
