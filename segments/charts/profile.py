"""How one segment differs from all customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go

from loyalty.charts import Chart, Table, styled
from segments.charts.segmentations import ROW_HEIGHT, SegmentSummary


@dataclass(frozen=True)
class FeatureDifference:
    """One habit: what is usual in a segment, among all customers, and how far that is in standard deviations."""

    feature: str
    label: str
    usual: float
    usual_of_all: float
    z: float


@dataclass(frozen=True)
class SegmentDifferences:
    """Everything in which one segment differs from all customers."""

    summary: SegmentSummary
    features: Sequence[FeatureDifference]
    as_of: datetime


def profile_chart(profile: SegmentDifferences) -> Chart:
    """Bars to the left and right of the average customer."""
    features = sorted(profile.features, key=lambda one: -abs(one.z))
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=[round(one.z, 2) for one in features],
            y=[one.label for one in features],
            marker={"color": profile.summary.colour, "cornerradius": 3},
            hovertemplate="%{y}: %{x:+.2f}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=True, zeroline=True, zerolinewidth=2)
    first = features[0]
    side = "above" if first.z > 0 else "below"
    return Chart(
        question="How does this segment differ from the average customer?",
        answer=f"Most in this: {first.label.lower()} is {side} the average.",
        figure=styled(figure, height=100 + ROW_HEIGHT * max(len(features), 2)),
        table=Table(
            ["Habit", "Usual here", "Usual among all", "Distance from the average"],
            [[one.label, round(one.usual, 3), round(one.usual_of_all, 3), round(one.z, 2)] for one in features],
        ),
        unit="Distance from the average customer; +1 is higher than about five customers in six",
        as_of=profile.as_of,
        name="segment-profile",
    )
