"""What features tell, and how many different things they tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import wrap

import plotly.graph_objects as go

from loyalty.charts.style import ACTUAL, BASELINE, FORECAST, Chart, Table, styled

BAR_HEIGHT = 38
ENOUGH = 0.9
# Longer names would leave a phone no room for the bars.
LINE_LENGTH = 26


@dataclass(frozen=True)
class Telling:
    """A feature and what it tells of an outcome, in bits."""

    label: str
    bits: float
    low: float
    high: float
    null_high: float


def telling_chart(rows: Sequence[Telling], *, outcome: str, name: str, n_silent: int, as_of: datetime | None) -> Chart:
    """The features that tell most, with their intervals; a mark shows how far chance alone gets."""
    names = ["<br>".join(wrap(row.label, LINE_LENGTH)) for row in rows]
    figure = go.Figure(
        [
            go.Bar(
                x=[row.bits for row in rows],
                y=names,
                orientation="h",
                name="What it tells",
                marker={"color": FORECAST, "cornerradius": 4},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [row.high - row.bits for row in rows],
                    "arrayminus": [row.bits - row.low for row in rows],
                    "color": BASELINE,
                    "thickness": 1.5,
                },
                hovertemplate="%{y}<br>%{x:.4f} bits<extra></extra>",
            ),
            go.Scatter(
                x=[row.null_high for row in rows],
                y=names,
                mode="markers",
                name="As far as chance gets",
                marker={"color": ACTUAL, "symbol": "line-ns-open", "size": 14, "line": {"width": 2}},
                hovertemplate="Chance: %{x:.4f} bits<extra></extra>",
            ),
        ]
    )
    figure.update_xaxes(rangemode="tozero", showgrid=True, tickformat=".2f", nticks=4, tickangle=0)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticklabelstandoff=8)
    answer = f"Most of all “{rows[0].label}”. {n_silent:,} of the features say nothing about it."
    return Chart(
        question=f"What tells of {outcome}?",
        answer=answer if rows else "Nothing that is known tells more of it than chance would.",
        figure=styled(figure, height=96 + BAR_HEIGHT * max(len(rows), 2)),
        table=Table(
            ["Feature", "Bits", "Low (95%)", "High (95%)", "Chance stays below"],
            [[row.label, *(round(value, 5) for value in (row.bits, row.low, row.high, row.null_high))] for row in rows],
        ),
        unit="Information in bits (0 tells nothing), with its 95% interval",
        as_of=as_of,
        name=name,
    )


def components_chart(shares: Sequence[float], *, n_columns: int, as_of: datetime | None) -> Chart:
    """How much of all differences between customers the first few directions hold together."""
    together = [sum(shares[: n + 1]) for n in range(len(shares))]
    numbers = list(range(1, len(shares) + 1))
    figure = go.Figure(
        [
            go.Bar(x=numbers, y=list(shares), name="Each", marker={"color": FORECAST, "cornerradius": 3}),
            go.Scatter(x=numbers, y=together, name="Together", mode="lines", line={"color": ACTUAL}),
        ]
    )
    figure.update_traces(hovertemplate="%{x}: %{y:.1%}<extra></extra>")
    figure.update_yaxes(range=[0, 1], tickformat=".0%", ticklabelstandoff=6)
    figure.update_xaxes(ticklabelstandoff=6, dtick=5)
    return Chart(
        question="How many different things do the features tell?",
        answer=_how_many(together, n_columns),
        figure=styled(figure, height=300),
        table=Table(
            ["Component", "Share of the differences", "Together"],
            [[n, f"{share:.1%}", f"{all_:.1%}"] for n, share, all_ in zip(numbers, shares, together, strict=True)],
        ),
        unit="Share of the variance of all scaled features that a principal component explains",
        as_of=as_of,
        name="components",
    )


def _how_many(together: Sequence[float], n_columns: int) -> str:
    reached = [number for number, share in enumerate(together, start=1) if share >= ENOUGH]
    if reached:
        return f"About {reached[0]}: so many hold {ENOUGH:.0%} of the differences that {n_columns} columns show."
    last = together[-1] if together else 0.0
    return f"More than {len(together)}: these hold {last:.0%} of the differences that {n_columns} columns show."
