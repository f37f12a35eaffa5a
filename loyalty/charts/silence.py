"""Silences after a first purchase, observed against expected, one dot a product."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go

from loyalty.charts.style import BAD, BASELINE, TEXT, Chart, Table, styled

TABLE_ROWS = 200


@dataclass(frozen=True)
class Dot:
    """One product that was looked at."""

    name: str
    observed: int
    expected: float
    ratio: float
    is_flagged: bool


def silence_chart(dots: Sequence[Dot], *, as_of: datetime) -> Chart:
    flagged = [dot for dot in dots if dot.is_flagged]
    figure = go.Figure()
    _add_others(figure, [dot for dot in dots if not dot.is_flagged])
    most = max((dot.expected for dot in dots), default=1.0)
    figure.add_scatter(
        x=[0, most], y=[0, most], mode="lines", name="As many as expected",
        line={"color": TEXT, "width": 1, "dash": "dot"}, hoverinfo="skip",
    )  # fmt: skip
    if flagged:
        figure.add_scatter(
            x=[dot.expected for dot in flagged],
            y=[dot.observed for dot in flagged],
            mode="markers",
            name="Stands out",
            marker={"color": BAD, "size": 11},
            customdata=[[dot.name] for dot in flagged],
            hovertemplate="%{customdata[0]}<br>%{y} fell silent, %{x:.1f} expected<extra></extra>",
        )
    figure.update_xaxes(title="Expected to fall silent", rangemode="tozero", showgrid=True)
    figure.update_yaxes(title="Fell silent", rangemode="tozero")
    return Chart(
        question="After which products do regular customers stay away?",
        answer=_answer(flagged, len(dots)),
        figure=styled(figure, height=340),
        table=Table(
            ["Product", "Fell silent", "Expected", "Times as many", "Stands out"],
            [_row(dot) for dot in sorted(dots, key=_worst_first)[:TABLE_ROWS]],
        ),
        unit="One dot a product: customers who came back to the shop too late, or not at all, after buying it first",
        as_of=as_of,
        name="silence",
    )


def _add_others(figure: go.Figure, others: Sequence[Dot]) -> None:
    """Thousands of products lie on the same few places: one dot a place, with how many it stands for."""
    places = Counter((round(dot.expected, 1), dot.observed) for dot in others)
    figure.add_scatter(
        x=[expected for expected, _ in places],
        y=[observed for _, observed in places],
        mode="markers",
        name="As usual",
        marker={"color": BASELINE, "size": 6, "opacity": 0.6},
        customdata=[[n] for n in places.values()],
        hovertemplate="%{customdata[0]:,} products<br>%{y} fell silent, %{x:.1f} expected<extra></extra>",
    )


def _worst_first(dot: Dot) -> tuple[bool, float]:
    return not dot.is_flagged, -dot.ratio


def _row(dot: Dot) -> list[str | int | float]:
    return [dot.name, dot.observed, round(dot.expected, 2), round(dot.ratio, 2), "yes" if dot.is_flagged else "no"]


def _answer(flagged: Sequence[Dot], n_dots: int) -> str:
    if not n_dots:
        return "No product has enough regular first-time buyers to say."
    if not flagged:
        return f"After none of {n_dots:,} products more often than chance explains."
    worst = max(flagged, key=lambda dot: dot.observed - dot.expected)
    others = f", and {len(flagged) - 1} more" if len(flagged) > 1 else ""
    return f"After {worst.name}: {worst.observed:,} fell silent where {worst.expected:.1f} were to be expected{others}."
