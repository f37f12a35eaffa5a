"""What was expected beside what came, and what one customer may still spend."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import plotly.graph_objects as go

from loyalty.charts import ACTUAL, FORECAST, FORECAST_SOFT, Cell, Chart, Table, styled


@dataclass(frozen=True)
class Expectation:
    """Of a group of customers, each on average: expected with its range, and what came with its own."""

    label: str
    n_customers: int
    expected: float
    low: float
    high: float
    actual: float
    actual_low: float
    actual_high: float

    @property
    def is_inside(self) -> bool:
        """Whether what came lay within the range that was expected, chance in few customers allowed for."""
        return self.actual_low <= self.high and self.actual_high >= self.low


@dataclass(frozen=True)
class CurvePoint:
    """Spend from today until a day: expected, and the range that holds nine times in ten."""

    on: date
    spend: float
    low: float
    high: float


def orders_chart(groups: Sequence[Expectation], *, days: int, as_of: datetime) -> Chart:
    """Orders a customer, by the days with an order before."""
    return Chart(
        question="Did customers order as often as expected?",
        answer=_inside(groups, "groups"),
        figure=styled(_beside(groups, "Days with an order before", "Orders within the time held out", ",.1f")),
        table=_table("Days with an order before", groups),
        unit=f"Orders each on average, on the last {days} days, which the expectation knew nothing of; "
        "lines hold 9 times in 10",
        as_of=as_of,
        name="lifetime-orders",
    )


def spend_chart(tenths: Sequence[Expectation], *, days: int, currency: str, as_of: datetime) -> Chart:
    """Spend a customer, by tenths from the lowest to the highest expectation."""
    return Chart(
        question="Did customers spend as much as expected?",
        answer=_inside(tenths, "tenths of the customers"),
        figure=styled(_beside(tenths, "Tenth of the customers, by expected spend", f"Spend, {currency}", ",.0f")),
        table=_table("Tenth of the customers", tenths),
        unit=f"{currency} each on average, on the last {days} days, which the expectation knew nothing of; "
        "lines hold 9 times in 10",
        as_of=as_of,
        name="lifetime-spend",
    )


def _beside(groups: Sequence[Expectation], across: str, up: str, form: str) -> go.Figure:
    figure = go.Figure()
    labels = [group.label for group in groups]
    sides = (
        ("Expected", FORECAST, [(group.expected, group.low, group.high) for group in groups]),
        ("What came", ACTUAL, [(group.actual, group.actual_low, group.actual_high) for group in groups]),
    )
    for name, colour, values in sides:
        figure.add_scatter(
            mode="markers",
            name=name,
            x=labels,
            y=[mid for mid, _, _ in values],
            marker={"color": colour, "size": 10, "symbol": "circle" if name == "Expected" else "diamond"},
            error_y={
                "array": [high - mid for mid, _, high in values],
                "arrayminus": [mid - low for mid, low, _ in values],
                "color": colour,
                "thickness": 1.5,
            },
            hovertemplate=f"%{{x}}: %{{y:{form}}}<extra>{name}</extra>",
        )
    figure.update_xaxes(title=across, type="category")
    figure.update_yaxes(title=up, rangemode="tozero")
    return figure


def _inside(groups: Sequence[Expectation], noun: str) -> str:
    n = sum(group.is_inside for group in groups)
    return f"In {n} of {len(groups)} {noun} what came lay within the range that was expected."


def _table(first: str, groups: Sequence[Expectation]) -> Table:
    columns = [first, "Customers", "Expected", "Low", "High", "What came", "What came, low", "What came, high"]
    return Table(columns, [_row(group) for group in groups])


def _row(group: Expectation) -> list[str | int | float]:
    values = (group.expected, group.low, group.high, group.actual, group.actual_low, group.actual_high)
    return [group.label, group.n_customers, *(round(value, 2) for value in values)]


def curve_chart(points: Sequence[CurvePoint], *, told: str, currency: str, as_of: datetime) -> Chart:
    """One customer's spend from today on."""
    days = [point.on for point in points]
    figure = go.Figure()
    for name, values, fill in (
        ("High", [point.high for point in points], None),
        ("Low", [point.low for point in points], "tonexty"),
    ):
        figure.add_scatter(
            x=days, y=values, mode="lines", line={"width": 0}, fill=fill, fillcolor=FORECAST_SOFT,
            name=name, showlegend=False, hoverinfo="skip",
        )  # fmt: skip
    figure.add_scatter(
        x=days,
        y=[point.spend for point in points],
        mode="lines",
        name="Expected",
        line={"color": FORECAST},
        customdata=[[point.low, point.high] for point in points],
        hovertemplate="By %{x|%-d %b %Y}: %{y:,.0f}, between %{customdata[0]:,.0f} and %{customdata[1]:,.0f}"
        "<extra></extra>",
        showlegend=False,
    )
    figure.update_yaxes(title=f"Spend, {currency}", rangemode="tozero")
    rows: list[list[Cell]] = [
        [point.on, *(round(value, 2) for value in (point.spend, point.low, point.high))] for point in points
    ]
    return Chart(
        question="What will this customer still spend?",
        answer=told,
        figure=styled(figure, height=300),
        table=Table(["Until", "Expected", "Low", "High"], rows),
        unit=f"{currency} from now on, returns taken off; the band holds 9 times in 10",
        as_of=as_of,
        name="lifetime",
    )
