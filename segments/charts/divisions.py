"""How a division was judged: three indices over the number of segments, stability, components, the tree of merges."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go

from loyalty.charts import BAD, BASELINE, PALETTE, Cell, Chart, Table, styled
from segments.charts.segmentations import ROW_HEIGHT, DivisionScore

STABLE = 0.75


@dataclass(frozen=True)
class Branches:
    """The top of a tree of merges: for every merge the four corners of its bracket, and the customers at each end."""

    brackets: Sequence[tuple[Sequence[float], Sequence[float]]]
    leaves: Sequence[int]
    cut: float


@dataclass(frozen=True)
class Difference:
    """How far a segment lies from all other customers in one feature, in standard deviations, with its interval."""

    segment: str
    number: int
    label: str
    effect: float
    low: float
    high: float


def indices_chart(scores: Sequence[DivisionScore], *, disagreement: str, as_of: datetime) -> Chart:
    """Three indices, each as a share of its best value, since they are measured in different things."""
    best = {
        "Clearness": [_share(score.silhouette, max(one.silhouette for one in scores)) for score in scores],
        "Davies–Bouldin": [_share(min(one.davies_bouldin for one in scores), score.davies_bouldin) for score in scores],
        "Calinski–Harabasz": [
            _share(score.calinski_harabasz or 0, max(one.calinski_harabasz or 0 for one in scores)) for score in scores
        ],
    }
    figure = go.Figure()
    for number, (name, shares) in enumerate(best.items()):
        figure.add_scatter(
            x=[score.k for score in scores],
            y=[round(share, 3) for share in shares],
            name=name,
            mode="lines+markers",
            line={"color": PALETTE[number]},
            hovertemplate=f"%{{x}} segments<br>{name}: %{{y:.0%}} of its best<extra></extra>",
        )
    figure.update_xaxes(title="Number of segments", dtick=1)
    figure.update_yaxes(title="Share of its best value", tickformat=".0%")
    rows: list[list[Cell]] = [
        [
            score.k,
            round(score.silhouette, 3),
            round(score.silhouette_error, 4),
            round(score.davies_bouldin, 3),
            round(score.calinski_harabasz or 0, 1),
        ]
        for score in scores
    ]
    columns = ["Segments", "Clearness (silhouette)", "Its standard error", "Davies–Bouldin", "Calinski–Harabasz"]
    return Chart(
        question="Which number of segments do the indices speak for?",
        answer=disagreement,
        figure=styled(figure, height=340),
        table=Table(columns, rows),
        unit="Each index beside its best value; the highest point is the number it speaks for",
        as_of=as_of,
        name="indices",
    )


def stability_chart(scores: Sequence[DivisionScore], *, k: int, as_of: datetime) -> Chart:
    """Whether other samples of customers give the same segments."""
    chosen = next(score for score in scores if score.k == k)
    figure = go.Figure(
        go.Scatter(
            x=[score.k for score in scores],
            y=[round(score.stability, 3) for score in scores],
            mode="markers",
            marker={"color": PALETTE[0], "size": 9},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [round(_high(score) - score.stability, 3) for score in scores],
                "arrayminus": [round(score.stability - _low(score), 3) for score in scores],
                "color": PALETTE[0],
            },
            hovertemplate="%{x} segments: %{y:.2f}<extra></extra>",
        )
    )
    figure.add_hline(y=STABLE, line={"color": BASELINE, "width": 1, "dash": "dot"})
    figure.update_xaxes(title="Number of segments", dtick=1)
    figure.update_yaxes(title="Same segments again", range=[0, 1.05])
    rows: list[list[Cell]] = [
        [
            score.k,
            *(round(value, 3) for value in (score.stability, _low(score), _high(score))),
            round(score.smallest_share, 4),
            "yes" if score.stability >= STABLE else "no",
        ]
        for score in scores
    ]
    columns = ["Segments", "Same again", "Low (95%)", "High (95%)", "Smallest segment", "Stable"]
    return Chart(
        question="Would other customers give the same segments?",
        answer=_stability_answer(chosen),
        figure=styled(figure, height=340),
        table=Table(columns, rows),
        unit="Adjusted Rand index with other samples: 1 is identical, 0 is chance; above the dotted line is stable",
        as_of=as_of,
        name="stability",
    )


def differences_chart(differences: Sequence[Difference], *, as_of: datetime) -> Chart:
    """What sets each segment apart: its largest differences with their intervals."""
    figure = go.Figure()
    for number, name in dict.fromkeys((one.number, one.segment) for one in differences):
        own = [one for one in differences if one.number == number]
        figure.add_scatter(
            x=[round(one.effect, 3) for one in own],
            y=[f"{one.label}<br>{_shortened(name)}" for one in own],
            name=name,
            mode="markers",
            marker={"color": PALETTE[number % len(PALETTE)], "size": 9},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [round(one.high - one.effect, 3) for one in own],
                "arrayminus": [round(one.effect - one.low, 3) for one in own],
                "color": PALETTE[number % len(PALETTE)],
            },
            hovertemplate="%{y}: %{x:+.2f}<extra></extra>",
        )
    figure.update_layout(showlegend=False)
    figure.update_yaxes(autorange="reversed", showgrid=True)
    figure.update_xaxes(zeroline=True, zerolinewidth=2, showgrid=True, title="Standard deviations from other customers")
    most = max(differences, key=lambda one: abs(one.effect))
    rows: list[list[Cell]] = [
        [one.segment, one.label, *(round(value, 3) for value in (one.effect, one.low, one.high))] for one in differences
    ]
    side = "above" if most.effect > 0 else "below"
    return Chart(
        question="How sure are the differences?",
        answer=f"“{most.segment}” differs most: {most.label[0].lower()}{most.label[1:]} is {abs(most.effect):.1f} "
        f"standard deviations {side} that of others ({min(abs(most.low), abs(most.high)):.1f}–"
        f"{max(abs(most.low), abs(most.high)):.1f}).",
        figure=styled(figure, height=110 + ROW_HEIGHT * len(differences)),
        table=Table(["Segment", "Feature", "Difference", "Low (95%)", "High (95%)"], rows),
        unit="Cohen's d with intervals that hold for all differences together",
        as_of=as_of,
        name="differences",
    )


def components_chart(shares: Sequence[float], *, n_features: int, as_of: datetime) -> Chart:
    """How much of the differences each component explains."""
    together = sum(shares)
    names = [f"Direction {number}" for number in range(1, len(shares) + 1)]
    figure = go.Figure(
        go.Bar(
            x=names,
            y=[round(share, 4) for share in shares],
            marker={"color": PALETTE[0], "cornerradius": 3},
            hovertemplate="%{x}: %{y:.0%}<extra></extra>",
        )
    )
    figure.update_yaxes(title="Share of all differences", tickformat=".0%")
    rows: list[list[Cell]] = [
        [name, round(share, 4), round(sum(shares[: number + 1]), 4)]
        for number, (name, share) in enumerate(zip(names, shares, strict=True))
    ]
    return Chart(
        question="How much of the differences was kept?",
        answer=f"{len(shares)} directions keep {together:.0%} of all differences in {n_features} features.",
        figure=styled(figure, height=300),
        table=Table(["Direction", "Share of the differences", "Together with those before"], rows),
        unit="Share of the variance of the scaled features",
        as_of=as_of,
        name="explained",
    )


def tree_chart(tree: Branches, *, k: int, as_of: datetime) -> Chart:
    """Which customers were merged when: brackets, and the height at which the tree is cut."""
    figure = go.Figure()
    for x, y in tree.brackets:
        figure.add_scatter(
            x=[round(one, 2) for one in x],
            y=[round(one, 3) for one in y],
            mode="lines",
            line={"color": PALETTE[0] if max(y) <= tree.cut else BASELINE, "width": 1.75},
            hoverinfo="skip",
        )
    figure.add_hline(y=tree.cut, line={"color": BAD, "width": 1.5, "dash": "dot"})
    # scipy puts the lowest branches at 5, 15, 25 …
    figure.update_xaxes(
        tickvals=[10 * number + 5 for number in range(len(tree.leaves))],
        ticktext=[f"{n:,}" for n in tree.leaves],
        title="Customers in each lowest branch",
        tickangle=-90,
    )
    figure.update_yaxes(title="Difference between what is merged", rangemode="tozero")
    figure.update_layout(showlegend=False)
    heights = sorted((max(y) for _, y in tree.brackets), reverse=True)
    rows: list[list[Cell]] = [
        [number, round(height, 3), "merged" if height <= tree.cut else "kept apart"]
        for number, height in enumerate(heights, start=2)
    ]
    return Chart(
        question="Which customers belong together, and where is the tree cut?",
        answer=f"Cut at the dotted line, {k} branches remain: these are the segments.",
        figure=styled(figure, height=380),
        table=Table(["Segments if cut below", "Difference between what is merged", "Here"], rows),
        unit="Ward's criterion: the lower two branches meet, the more alike they are",
        as_of=as_of,
        name="tree",
    )


def _share(value: float, best: float) -> float:
    return max(value / best, 0.0) if best > 0 else 0.0


def _low(score: DivisionScore) -> float:
    return score.stability if score.stability_low is None else score.stability_low


def _high(score: DivisionScore) -> float:
    return score.stability if score.stability_high is None else score.stability_high


def _stability_answer(chosen: DivisionScore) -> str:
    span = f"{chosen.stability:.2f} ({_low(chosen):.2f}–{_high(chosen):.2f})"
    if chosen.stability >= STABLE:
        return f"Yes: the {chosen.k} segments come out nearly the same again, {span}."
    return f"No: with other customers some borders of the {chosen.k} segments move, {span}."


def _shortened(name: str, at_most: int = 34) -> str:
    return name if len(name) <= at_most else f"{name[: at_most - 1]}…"
