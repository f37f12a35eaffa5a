"""What was learnt about products: how learning went, whether it beats the baseline, which products are alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from loyalty.charts import ACTUAL, BASELINE, FORECAST, PALETTE, TEXT, Chart, Table, styled

ROW_HEIGHT = 34
TASKS = {
    "recall_at_10": "Any purchase",
    "first_recall_at_10": "First purchase of a product",
}


@dataclass(frozen=True)
class VersionScores:
    """One version with its metrics on the weeks it was tested on."""

    label: str
    is_baseline: bool
    is_champion: bool
    metrics: Mapping[str, Mapping[str, float]]

    @property
    def name(self) -> str:
        return f"{self.label} (in use)" if self.is_champion else self.label


@dataclass(frozen=True)
class Neighbour:
    """A product that is bought like another one."""

    name: str
    similarity: float
    orders: int
    orders_together: int


def learning_curve_chart(curve: Sequence[Mapping[str, float]], *, as_of: datetime | None) -> Chart:
    """How far the recommendations got better with every pass over the orders."""
    passes = [int(point["epoch"]) for point in curve]
    found = [point["validation_ndcg"] for point in curve]
    best = max(range(len(found)), key=found.__getitem__)
    figure = go.Figure(
        go.Scatter(
            x=passes,
            y=[round(value, 4) for value in found],
            mode="lines+markers",
            line={"color": FORECAST},
            hovertemplate="After %{x} passes: %{y:.3f}<extra></extra>",
        )
    )
    figure.add_vline(x=passes[best], line={"color": BASELINE, "width": 1, "dash": "dot"})
    figure.update_xaxes(title="Passes over the orders")
    figure.update_yaxes(title="Quality on later weeks", rangemode="tozero")
    return Chart(
        question="How did learning go?",
        answer=f"It was best after {passes[best]} of {passes[-1]} passes, so that is where it stopped.",
        figure=styled(figure, height=300),
        table=Table(
            ["Pass", "Quality on later weeks", "Error while learning"],
            [[int(point["epoch"]), round(point["validation_ndcg"], 4), round(point["loss"], 4)] for point in curve],
        ),
        unit="0 to 1: how high the products bought next are ranked, in weeks that learning had not seen",
        as_of=as_of,
        name="learning-curve",
    )


def comparison_chart(versions: Sequence[VersionScores], *, as_of: datetime | None) -> Chart:
    """Every version beside the baseline, with the interval of each figure."""
    figure = go.Figure()
    learnt = [version for version in versions if not version.is_baseline]
    for version in versions:
        colour = BASELINE if version.is_baseline else PALETTE[learnt.index(version) % len(PALETTE)]
        scores = [version.metrics[task] for task in TASKS if task in version.metrics]
        values = [score["value"] for score in scores]
        figure.add_bar(
            name=version.name,
            x=[title for task, title in TASKS.items() if task in version.metrics],
            y=[round(value, 4) for value in values],
            marker={"color": colour, "cornerradius": 3},
            error_y={
                "type": "data",
                "array": [score["high"] - score["value"] for score in scores],
                "arrayminus": [score["value"] - score["low"] for score in scores],
                "thickness": 1.5,
                "color": TEXT,
            },
            hovertemplate=f"{version.label}<br>%{{x}}: %{{y:.1%}}<extra></extra>",
        )
    figure.update_layout(barmode="group")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", title="Found among 10 recommended")
    rows = [row for version in versions for row in _rows(version)]
    return Chart(
        question="Is it better than recommending what most customers buy?",
        answer=_comparison(versions),
        figure=styled(figure, height=340),
        table=Table(["Version", "What is predicted", "Share found", "Low (95%)", "High (95%)"], rows),
        unit="Share of the next four weeks' purchases, at most 10 a customer, found among 10 recommended products",
        as_of=as_of,
        name="beside-the-baseline",
    )


def neighbours_chart(product: str, neighbours: Sequence[Neighbour], *, as_of: datetime | None) -> Chart:
    """The products bought most like one product, with the orders that hold both."""
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=[round(one.similarity, 3) for one in neighbours],
            y=[one.name for one in neighbours],
            marker={"color": ACTUAL, "cornerradius": 3},
            customdata=[[one.orders_together, one.orders] for one in neighbours],
            hovertemplate="%{y}<br>Alike: %{x:.2f}<br>In %{customdata[0]:,} orders together<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="How alike they are bought", range=[0, 1], showgrid=True)
    return Chart(
        question=f"What is bought like {product}?",
        answer=_nearest(neighbours),
        figure=styled(figure, height=110 + ROW_HEIGHT * max(len(neighbours), 2)),
        table=Table(
            ["Product", "Alike", "Orders", "Orders together"],
            [[one.name, round(one.similarity, 3), one.orders, one.orders_together] for one in neighbours],
        ),
        unit="1 is bought in exactly the same company, 0 has nothing to do with it",
        as_of=as_of,
        name="product-neighbours",
    )


def _rows(version: VersionScores) -> list[list[Any]]:
    scored = [(title, version.metrics[task]) for task, title in TASKS.items() if task in version.metrics]
    return [
        [version.name, title, *(round(score[part], 4) for part in ("value", "low", "high"))] for title, score in scored
    ]


def _comparison(versions: Sequence[VersionScores]) -> str:
    challengers = [version for version in versions if "advantage" in version.metrics]
    if not challengers:
        return "Only the baseline has been scored so far."
    told = max(challengers, key=lambda version: (version.is_champion, version.metrics["advantage"]["low"]))
    gained = told.metrics["advantage"]
    span = f"{100 * gained['low']:.1f} to {100 * gained['high']:.1f} percentage points"
    if gained["low"] > 0:
        return f"Yes: “{told.label}” finds {span} more of any purchase."
    return f"Not surely: the difference of “{told.label}” is {span}."


def _nearest(neighbours: Sequence[Neighbour]) -> str:
    if not neighbours:
        return "Too few orders hold this product to say."
    first = neighbours[0]
    return f"{first.name} is nearest; {first.orders_together:,} orders hold both."
