"""What the segments look like: a map of customers, what sets segments apart, their sizes, and why there are so many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import wrap

import plotly.graph_objects as go

from loyalty.charts import BASELINE, DIVERGING, PALETTE, Cell, Chart, Table, styled

MAP_POINTS = 1500
# The number of those who belong to no segment.
UNASSIGNED = -1
ROW_HEIGHT = 46
# Beyond so many standard deviations a cell has its full colour.
FULL_COLOUR_Z = 1.5


@dataclass(frozen=True)
class SegmentSummary:
    """One segment of a segmentation, as the charts need it."""

    number: int
    name: str
    n_customers: int
    share: float
    means_z: Mapping[str, float]

    @property
    def colour(self) -> str:
        return BASELINE if self.number < 0 else PALETTE[self.number % len(PALETTE)]


@dataclass(frozen=True)
class MapPoint:
    """One customer's place on the map."""

    segment_number: int
    customer: str
    x: float
    y: float


@dataclass(frozen=True)
class Axis:
    """What one direction of the map shows."""

    features: Sequence[str]
    share: float

    @property
    def title(self) -> str:
        return f"{' and '.join(self.features)} ({self.share:.0%} of the differences)"


@dataclass(frozen=True)
class DivisionScore:
    """How well one number of segments fits."""

    k: int
    silhouette: float
    davies_bouldin: float
    stability: float
    smallest_share: float
    silhouette_error: float = 0.0
    calinski_harabasz: float | None = None
    stability_low: float | None = None
    stability_high: float | None = None
    unassigned_share: float = 0.0


@dataclass(frozen=True)
class Segments:
    """One segmentation, read from the tables."""

    as_of: datetime
    verdict: str
    summaries: Sequence[SegmentSummary]
    labels: Mapping[str, str]
    axes: Sequence[Axis]
    scores: Sequence[DivisionScore]
    k: int
    null_silhouette: float | None
    n_unassigned: int = 0

    @property
    def everybody(self) -> list[SegmentSummary]:
        """The segments, and after them those who belong to none, if there are any."""
        if not self.n_unassigned:
            return list(self.summaries)
        n = self.n_unassigned + sum(one.n_customers for one in self.summaries)
        rest = SegmentSummary(UNASSIGNED, "Unassigned", self.n_unassigned, self.n_unassigned / n, {})
        return [*self.summaries, rest]


def map_chart(segments: Segments, points: Sequence[MapPoint], *, n_customers: int) -> Chart:
    """Customers on a plane; near each other means alike."""
    figure = go.Figure()
    for summary in segments.everybody:
        own = [point for point in points if point.segment_number == summary.number]
        figure.add_scatter(
            mode="markers",
            name=summary.name,
            x=[round(point.x, 3) for point in own],
            y=[round(point.y, 3) for point in own],
            marker={"color": summary.colour, "size": 6, "opacity": 0.65},
            customdata=[point.customer for point in own],
            hovertemplate=f"Customer %{{customdata}}<br>{summary.name}<extra></extra>",
        )
    horizontal, vertical = segments.axes
    figure.update_xaxes(title=horizontal.title, showticklabels=False)
    figure.update_yaxes(title=vertical.title.replace(" (", "<br>("), showticklabels=False)
    names = {summary.number: summary.name for summary in segments.everybody}
    rows: list[list[Cell]] = [
        [point.customer, names[point.segment_number], round(point.x, 3), round(point.y, 3)] for point in points
    ]
    shown = "every customer" if len(points) == n_customers else f"{len(points):,} of {n_customers:,} customers"
    return Chart(
        question="Where do the segments lie?",
        answer=segments.verdict,
        figure=styled(figure, height=460),
        table=Table(["Customer", "Segment", horizontal.title, vertical.title], rows),
        unit=f"One dot is one customer, {shown}; dots close together are alike",
        as_of=segments.as_of,
        name="segment-map",
    )


def heat_map_chart(segments: Segments) -> Chart:
    """How far each segment's average lies from the average customer."""
    features = list(segments.labels)
    labels = [segments.labels[feature] for feature in features]
    names = [summary.name for summary in segments.summaries]
    z = [[round(summary.means_z[feature], 2) for feature in features] for summary in segments.summaries]
    figure = go.Figure(
        go.Heatmap(
            x=[_wrapped(label) for label in labels],
            y=[_wrapped(name, 28) for name in names],
            z=z,
            zmid=0,
            zmin=-FULL_COLOUR_Z,
            zmax=FULL_COLOUR_Z,
            colorscale=DIVERGING,
            texttemplate="%{z:+.1f}",
            xgap=2,
            ygap=2,
            hovertemplate="%{y}<br>%{x}: %{z:+.2f}<extra></extra>",
            showscale=False,
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(tickangle=0)
    return Chart(
        question="What sets the segments apart?",
        answer=_strongest(segments),
        figure=styled(figure, height=140 + ROW_HEIGHT * len(names)),
        table=Table(["Segment", *labels], [[name, *row] for name, row in zip(names, z, strict=True)]),
        unit="Distance from the average customer; +1 is higher than about five customers in six",
        as_of=segments.as_of,
        name="segment-differences",
    )


def sizes_chart(segments: Segments) -> Chart:
    """How many customers each segment holds."""
    summaries = segments.everybody
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=[summary.n_customers for summary in summaries],
            y=[_wrapped(summary.name, 22) for summary in summaries],
            marker={"color": [summary.colour for summary in summaries], "cornerradius": 3},
            text=[f"{summary.n_customers:,} ({summary.share:.0%})" for summary in summaries],
            textposition="auto",
            hovertemplate="%{y}: %{x:,} customers<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=True, rangemode="tozero")
    largest = max(segments.summaries, key=lambda summary: summary.n_customers)
    smallest = min(segments.summaries, key=lambda summary: summary.n_customers)
    return Chart(
        question="How large are the segments?",
        answer=f"“{largest.name}” holds {largest.share:.0%} of the customers, “{smallest.name}” {smallest.share:.0%}.",
        figure=styled(figure, height=110 + ROW_HEIGHT * len(summaries)),
        table=Table(
            ["Segment", "Customers", "Share"],
            [[summary.name, summary.n_customers, round(summary.share, 4)] for summary in summaries],
        ),
        unit="Customers",
        as_of=segments.as_of,
        name="segment-sizes",
    )


def number_of_segments_chart(segments: Segments) -> Chart:
    """Every number of segments that was tried, and what spoke for the one chosen."""
    scores = segments.scores
    figure = go.Figure()
    ks = [score.k for score in scores]
    lines = {
        "Clearness": [score.silhouette for score in scores],
        "Stability": [score.stability for score in scores],
        "Overlap": [score.davies_bouldin for score in scores],
    }
    for number, (name, values) in enumerate(lines.items()):
        figure.add_scatter(
            x=ks,
            y=[round(value, 3) for value in values],
            name=name,
            mode="lines+markers",
            yaxis="y2" if name == "Overlap" else "y",
            line={"color": PALETTE[number], "dash": "dot" if name == "Overlap" else "solid"},
            hovertemplate=f"%{{x}} segments<br>{name}: %{{y:.2f}}<extra></extra>",
        )
    figure.add_vline(x=segments.k, line={"color": BASELINE, "width": 1, "dash": "dot"})
    figure.update_xaxes(title="Number of segments", dtick=1)
    figure.update_yaxes(title="Clearness, stability: higher is better", rangemode="tozero")
    figure.update_layout(
        yaxis2={
            "title": "Overlap: lower is better",
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "tickformat": ".2f",
            "nticks": 5,
        }
    )
    rows: list[list[Cell]] = [
        [score.k, *(round(value, 3) for value in (score.silhouette, score.stability, score.davies_bouldin))]
        for score in scores
    ]
    return Chart(
        question="Why this many segments?",
        answer=_why(segments),
        figure=styled(figure, height=340),
        table=Table(["Segments", "Clearness (silhouette)", "Stability", "Overlap (Davies–Bouldin)"], rows),
        unit="Clearness and stability at most 1; the dotted line is the number chosen",
        as_of=segments.as_of,
        name="number-of-segments",
    )


def _wrapped(label: str, width: int = 14) -> str:
    return "<br>".join(wrap(label, width))


def _strongest(segments: Segments) -> str:
    cells = [
        (abs(z), z, summary.name, segments.labels[feature])
        for summary in segments.summaries
        for feature, z in summary.means_z.items()
    ]
    _, z, name, label = max(cells)
    return f"“{name}” stands out most: {label.lower()} is far {'above' if z > 0 else 'below'} the average."


def _why(segments: Segments) -> str:
    chosen = next(score for score in segments.scores if score.k == segments.k)
    sentence = f"{segments.k} segments have a clearness of {chosen.silhouette:.2f}"
    if segments.null_silhouette is None:
        return f"{sentence}."
    return f"{sentence}; customers mixed at random would reach {segments.null_silhouette:.2f}."
