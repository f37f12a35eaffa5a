"""Two segments side by side: how far their habits differ, and what each buys more of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go

from loyalty.charts import ACTUAL, BASELINE, FORECAST, Cell, Chart, Table, styled

ROW_HEIGHT = 34
# Of a scale on which each place has room on a phone.
TICKS = [base * 10**power for power in range(-4, 5) for base in (1, 2, 5)]
LIFT_COLUMNS = ("Times as common", "Low", "High", "More than chance")


@dataclass(frozen=True)
class LiftBar:
    """A department: shares of the buyers of both, and how much more common it is in the first."""

    name: str
    one: float
    other: float
    lift: float
    low: float
    high: float
    is_told: bool


def lifts_chart(bars: Sequence[LiftBar], *, one: str, other: str, as_of: datetime) -> Chart:
    """A dot a department with its interval, on a scale on which twice and half are as far from one."""
    figure = go.Figure()
    for name, colour, shown in (
        (f"More common in “{one}”", FORECAST, [bar for bar in bars if bar.is_told and bar.lift > 1]),
        (f"More common in “{other}”", ACTUAL, [bar for bar in bars if bar.is_told and bar.lift < 1]),
        ("Perhaps chance", BASELINE, [bar for bar in bars if not bar.is_told]),
    ):
        figure.add_scatter(
            mode="markers",
            name=name,
            x=[bar.lift for bar in shown],
            y=[bar.name for bar in shown],
            marker={"color": colour, "size": 9},
            error_x={
                "array": [bar.high - bar.lift for bar in shown],
                "arrayminus": [bar.lift - bar.low for bar in shown],
                "color": colour,
                "thickness": 1.5,
            },
            customdata=[[bar.one, bar.other, bar.low, bar.high] for bar in shown],
            hovertemplate="%{y}: %{x:.2f} times as common (%{customdata[2]:.2f}–%{customdata[3]:.2f}); "
            "%{customdata[0]:.0%} against %{customdata[1]:.0%}<extra></extra>",
        )
    figure.add_vline(x=1, line={"color": BASELINE, "width": 1, "dash": "dot"})
    figure.update_xaxes(title="Times as common", type="log", showgrid=True, tickvals=TICKS, tickformat=".3~g")
    figure.update_yaxes(
        categoryorder="array", categoryarray=[bar.name for bar in reversed(bars)], showgrid=False, type="category"
    )
    return Chart(
        question="What does each of them buy more of?",
        answer=_answer(bars, one, other),
        figure=styled(figure, height=170 + ROW_HEIGHT * len(bars)),
        table=Table(
            ["Department", f"Buyers in {one}", f"Buyers in {other}", *LIFT_COLUMNS],
            [_row(bar) for bar in bars],
        ),
        unit="Share of the customers who bought in a department within a year, one over the other; the lines hold all "
        "together 19 times in 20",
        as_of=as_of,
        name="lifts",
    )


def _row(bar: LiftBar) -> list[Cell]:
    shares = [round(value, 4) for value in (bar.one, bar.other)]
    return [bar.name, *shares, *(round(v, 3) for v in (bar.lift, bar.low, bar.high)), "yes" if bar.is_told else "no"]


def _answer(bars: Sequence[LiftBar], one: str, other: str) -> str:
    told = [bar for bar in bars if bar.is_told]
    if not told:
        return "Neither buys more of anything than chance explains."
    # The farthest from as common, upwards or downwards.
    most = max(told, key=lambda bar: max(bar.lift, 1 / bar.lift))
    name, lift = (one, most.lift) if most.lift > 1 else (other, 1 / most.lift)
    return f"{most.name}: {lift:.1f} times as common in “{name}”."
