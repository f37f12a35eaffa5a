"""An audience drawn: who fell out where, what sets its people apart, and how large a part of each kind is in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from campaigns.charts.intervals import wrapped
from loyalty.charts import BAD, BASELINE, FORECAST, GOOD, PALETTE, TEXT, Chart, Table, styled

ROW_HEIGHT = 38
FRAME_HEIGHT = 70
FOUR_FIFTHS = 0.8
FALLEN = {
    "CONSENT": "Refused this channel",
    "HELD_OUT": "Held out on purpose",
    "PILOT": "Got the pilot already",
    "OTHER_CAMPAIGN": "Get another campaign on these days",
    "EXCLUDED": "In a segment left out",
    "CONTACTS": "Get as many campaigns as allowed",
    "NOT_ASKED_FOR": "Not asked for",
    "NOT_WORTH_IT": "Others are likelier, or they do not pay back",
    "BUDGET": "The budget ends",
}
UNKNOWN = "Not known"


def waterfall_chart(steps: Sequence[tuple[str, int, int]], *, n_everybody: int, as_of: datetime | None) -> Chart:
    """From everybody down to those who are written to. A step is its words, how many fell out, how many were left."""
    labels = ["All customers", *(label for label, _, _ in steps), "Written to"]
    names = [wrapped(label) for label in labels]
    n_chosen = steps[-1][2] if steps else n_everybody
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            measure=["absolute", *["relative"] * len(steps), "total"],
            y=names,
            x=[n_everybody, *(-out for _, out, _ in steps), n_chosen],
            text=[f"{n_everybody:,}", *(f"−{out:,}" for _, out, _ in steps), f"{n_chosen:,}"],
            textposition="outside",
            cliponaxis=False,
            connector={"line": {"color": BASELINE, "width": 1}},
            decreasing={"marker": {"color": BASELINE}},
            totals={"marker": {"color": FORECAST}},
            increasing={"marker": {"color": PALETTE[1]}},
            hovertemplate="%{y}: %{text} customers<extra></extra>",
        )
    )
    figure.update_xaxes(rangemode="tozero", range=[0, n_everybody * 1.5], tickformat=",", nticks=4, tickangle=0)
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], showgrid=False)
    rows: list[list[Any]] = [["All customers", None, n_everybody], *([*step] for step in steps)]
    return Chart(
        question="Who is left of all customers?",
        answer=_left(steps, n_everybody, n_chosen),
        figure=styled(figure, height=FRAME_HEIGHT + ROW_HEIGHT * len(labels)),
        table=Table(["Step", "Fall out", "Left"], rows),
        unit="Customers; each is counted at the first step that stops them",
        as_of=as_of,
        name="reach-waterfall",
    )


def _left(steps: Sequence[tuple[str, int, int]], n_everybody: int, n_chosen: int) -> str:
    if not steps:
        return f"All {n_everybody:,}: nobody falls out."
    label, out, _ = max(steps, key=lambda step: step[1])
    return f"{n_chosen:,} of {n_everybody:,}. Most fall out here: {label[:1].lower()}{label[1:]} ({out:,})."


def apart_chart(facts: Sequence[Mapping[str, Any]], *, as_of: datetime | None) -> Chart:
    """A dot a fact with its interval, in steps of the usual difference between two customers."""
    figure = go.Figure()
    for name, colour, shown in (
        ("More than others", GOOD, [fact for fact in facts if fact["low"] > 0]),
        ("Less than others", BAD, [fact for fact in facts if fact["high"] < 0]),
        ("Perhaps chance", BASELINE, [fact for fact in facts if fact["low"] <= 0 <= fact["high"]]),
    ):
        figure.add_scatter(
            mode="markers",
            name=name,
            x=[fact["effect"] for fact in shown],
            y=[fact["label"] for fact in shown],
            marker={"color": colour, "size": 10},
            error_x={
                "array": [fact["high"] - fact["effect"] for fact in shown],
                "arrayminus": [fact["effect"] - fact["low"] for fact in shown],
                "color": colour,
                "thickness": 1.5,
            },
            customdata=[
                [_written(fact["inside"], fact["unit"]), _written(fact["outside"], fact["unit"])] for fact in shown
            ],
            hovertemplate="%{y}: %{customdata[0]} against %{customdata[1]} of the others<extra></extra>",
        )
    figure.add_vline(x=0, line={"color": TEXT, "width": 1})
    figure.update_xaxes(showgrid=True, zeroline=False, nticks=6, tickangle=0)
    figure.update_yaxes(
        categoryorder="array", categoryarray=[fact["label"] for fact in reversed(facts)], showgrid=False
    )
    return Chart(
        question="What sets these people apart?",
        answer=_most_apart(facts),
        figure=styled(figure, height=FRAME_HEIGHT + 40 + 32 * len(facts)),
        table=Table(
            ["Fact", "These people", "The others", "Difference", "Low (95%)", "High (95%)"],
            [[f["label"], f["inside"], f["outside"], f["effect"], f["low"], f["high"]] for f in facts],
        ),
        unit="Difference from everybody else who might be written to, 1 being as far apart as two of them usually are; "
        "95% intervals, wide enough for all facts together",
        as_of=as_of,
        name="set-apart",
    )


def _most_apart(facts: Sequence[Mapping[str, Any]]) -> str:
    sure = [fact for fact in facts if fact["low"] > 0 or fact["high"] < 0]
    if not sure:
        return "Nothing known sets them apart for sure."
    most = sure[0]
    inside, outside = _written(most["inside"], most["unit"]), _written(most["outside"], most["unit"])
    return f"Most of all “{most['label']}”: {inside} on average, against {outside} of the others."


def _written(value: float, unit: str) -> str:
    if unit == "share":
        return f"{value:.0%}"
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def shares_chart(trait: str, groups: Sequence[Mapping[str, Any]], *, fewest: int, as_of: datetime | None) -> Chart:
    """How large a part of each kind of customer is written to, beside four fifths of the best served kind."""
    labels = [f"{group['value'] or UNKNOWN} ({group['n']:,})" for group in groups]
    judged = [group["share"] for group in groups if group["n"] >= fewest]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=[group["share"] for group in groups],
            y=labels,
            marker={"color": [BAD if group["is_flagged"] else FORECAST for group in groups], "cornerradius": 4},
            error_x={
                "array": [group["high"] - group["share"] for group in groups],
                "arrayminus": [group["share"] - group["low"] for group in groups],
                "color": TEXT,
                "thickness": 1,
            },
            customdata=[[group["n_chosen"], group["n"], group["mean_score"]] for group in groups],
            hovertemplate="%{y}: %{x:.1%} (%{customdata[0]:,} of %{customdata[1]:,}); "
            "mean chance %{customdata[2]:.1%}<extra></extra>",
        )
    )
    if judged and max(judged) > 0:
        figure.add_vline(x=FOUR_FIFTHS * max(judged), line={"color": TEXT, "width": 1, "dash": "dash"})
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(categoryorder="array", categoryarray=labels[::-1], showgrid=False)
    return Chart(
        question=f"{trait}: is anybody left behind?",
        answer=_left_behind(groups),
        figure=styled(figure, height=FRAME_HEIGHT + 30 * max(len(groups), 3)),
        table=Table(
            [
                "Kind",
                "Customers",
                "Written to",
                "Share",
                "Low (95%)",
                "High (95%)",
                "Mean chance",
                "Of the best served",
            ],
            [
                [
                    group["value"] or UNKNOWN,
                    group["n"],
                    group["n_chosen"],
                    group["share"],
                    group["low"],
                    group["high"],
                    group["mean_score"],
                    group["ratio"],
                ]
                for group in groups
            ],
        ),
        unit=f"Share written to, 95% intervals; dashed: four fifths of the best kind of {fewest} customers or more",
        as_of=as_of,
        name=f"shares-{trait.lower().replace(' ', '-')}",
    )


def _left_behind(groups: Sequence[Mapping[str, Any]]) -> str:
    flagged = sorted((group for group in groups if group["is_flagged"]), key=lambda group: group["ratio"])
    if not flagged:
        return "No: every kind of customer gets at least four fifths of the share of the best served one."
    worst = flagged[0]
    name = f"“{worst['value']}”" if worst["value"] else "those of whom it is not known"
    more = f", and {len(flagged) - 1} more" if len(flagged) > 1 else ""
    return f"Yes: {name} get {worst['ratio']:.0%} of the share of the best served kind{more}."
