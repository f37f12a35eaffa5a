"""How every chart looks, and the card it stands in.

Colours are names (`var(--chart-1)`), resolved in the browser, so that one figure suits the light and the dark theme.
Texts inside a figure carry no HTML but `<br>`: the page's content policy refuses inline styles.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio
from django.utils.html import json_script
from django.utils.safestring import SafeString
from plotly.utils import PlotlyJSONEncoder

from loyalty.exports import csv_text

Cell = str | int | float | Decimal | date | datetime | None

# Ten colours that people who confuse red and green still tell apart, in this order.
PALETTE = [f"var(--chart-{number})" for number in range(1, 11)]
# The same colours, faint: for bands behind a line.
SOFT_PALETTE = [f"var(--chart-{number}-soft)" for number in range(1, 11)]
FORECAST = "var(--chart-1)"
FORECAST_SOFT = "var(--chart-1-soft)"
ACTUAL = "var(--chart-2)"
BASELINE = "var(--chart-muted)"
GOOD = "var(--chart-good)"
BAD = "var(--chart-bad)"
TEXT = "var(--chart-text)"
GRID = "var(--chart-grid)"
SEQUENTIAL = [[step / 4, f"var(--chart-sequential-{step})"] for step in range(5)]
DIVERGING = [[step / 4, f"var(--chart-diverging-{step})"] for step in range(5)]

FONT = "Inter Variable, Inter, system-ui, sans-serif"
TABLE_ROWS_SHOWN = 200

_AXIS = {
    "gridcolor": GRID,
    "linecolor": GRID,
    "zerolinecolor": GRID,
    "zerolinewidth": 1,
    "ticks": "",
    "automargin": True,
    "ticklabelstandoff": 5,
    "title": {"standoff": 12, "font": {"size": 12}},
    "tickfont": {"size": 12},
}
TEMPLATE = go.layout.Template(
    layout={
        "colorway": PALETTE,
        "colorscale": {"sequential": SEQUENTIAL, "diverging": DIVERGING},
        "font": {"family": FONT, "size": 13, "color": TEXT},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8, "autoexpand": True},
        "xaxis": {**_AXIS, "showgrid": False},
        "yaxis": {**_AXIS, "separatethousands": True},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "hoverlabel": {
            "bgcolor": "var(--chart-hover)",
            "bordercolor": GRID,
            "font": {"family": FONT, "size": 13, "color": TEXT},
        },
        "hovermode": "closest",
        "bargap": 0.25,
        "separators": ".,",
    },
    data={
        "scatter": [{"line": {"width": 2.25}}],
        "bar": [{"marker": {"line": {"width": 0}}}],
        "heatmap": [{"colorbar": {"outlinewidth": 0, "thickness": 12, "tickfont": {"size": 11}}}],
    },
)
TEMPLATE_DATA = TEMPLATE.to_plotly_json()
# Plotly's own template would be copied into every figure, only to be replaced.
pio.templates.default = "none"


def styled(figure: go.Figure, *, height: int = 320) -> go.Figure:
    """Give a figure the common look. `height` is in pixels; the width follows the page."""
    figure.update_layout(height=height, autosize=True)
    return figure


def _as_data(figure: go.Figure) -> dict[str, Any]:
    """The figure with the common template: added here, because Plotly copies a template for every figure it enters."""
    told: dict[str, Any] = figure.to_dict()
    return {**told, "layout": {**told["layout"], "template": TEMPLATE_DATA}}


@dataclass(frozen=True)
class Table:
    """The numbers of a chart, as people read them and as they download them."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    @property
    def shown_rows(self) -> Sequence[Sequence[Cell]]:
        return self.rows[:TABLE_ROWS_SHOWN]

    @property
    def n_hidden(self) -> int:
        return max(len(self.rows) - TABLE_ROWS_SHOWN, 0)

    @property
    def csv(self) -> str:
        return csv_text(self.columns, self.rows)


@dataclass(frozen=True)
class Chart:
    """A figure with the question it answers, the answer in one sentence, and the same numbers as a table.

    `name` is unique on its page and becomes the name of the downloaded files.
    """

    question: str
    answer: str
    figure: go.Figure
    table: Table
    unit: str
    as_of: datetime | None
    name: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", self.name):
            raise ValueError(f"A chart's name is made of small letters, digits and hyphens, not {self.name!r}.")

    @cached_property
    def height(self) -> int:
        return int(self.figure.layout.height or 320)

    @property
    def figure_json(self) -> SafeString:
        """The figure as a block of data in the page; nothing in it can be run."""
        return json_script(_as_data(self.figure), f"{self.name}-figure", encoder=PlotlyJSONEncoder)

    @property
    def csv_json(self) -> SafeString:
        return json_script(self.table.csv, f"{self.name}-csv")
