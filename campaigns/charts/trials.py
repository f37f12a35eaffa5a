"""A finished trial: what each group changed, and how far an order of people beats chance."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from loyalty.charts import ACTUAL, BASELINE, FORECAST, PALETTE, Chart, Table, styled

KIND_NAMES = {
    "persuadable": "Persuadable",
    "sure_thing": "Sure thing",
    "lost_cause": "Lost cause",
    "do_not_disturb": "Do not disturb",
}


def effects_chart(arms: Sequence[Mapping[str, Any]], *, is_binary: bool, outcome: str, as_of: datetime | None) -> Chart:
    """The difference of every group to the control with its 95 % interval; zero is "changed nothing"."""
    scale = 100 if is_binary else 1
    unit = "percentage points" if is_binary else "per person"
    names = [one["arm"] for one in arms]
    figure = go.Figure()
    for key, label, colour, shift in (
        ("difference", "Plain difference", FORECAST, 0.14),
        ("adjusted", "Taking into account what was known before", ACTUAL, -0.14),
    ):
        told = [one[key] for one in arms]
        figure.add_scatter(
            x=[one["value"] * scale for one in told],
            y=[place + shift for place in range(len(arms))],
            mode="markers",
            name=label,
            marker={"size": 10, "color": colour},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [(one["high"] - one["value"]) * scale for one in told],
                "arrayminus": [(one["value"] - one["low"]) * scale for one in told],
                "color": colour,
                "thickness": 2.5,
                "width": 0,
            },
            customdata=[[f"{one['low'] * scale:,.2f} to {one['high'] * scale:,.2f}"] for one in told],
            hovertemplate="%{x:,.2f}, 95%: %{customdata[0]}<extra></extra>",
        )
    figure.add_vline(x=0, line={"color": BASELINE, "width": 1.5})
    ticks = {"tickvals": list(range(len(arms))), "ticktext": names}
    figure.update_yaxes(**ticks, range=[len(arms) - 0.5, -0.5], showgrid=False, zeroline=False)
    figure.update_xaxes(showgrid=True, title={"text": f"More than the control, {unit}"})
    return Chart(
        question="What did each message change?",
        answer=_effects_answer(arms, is_binary=is_binary),
        figure=styled(figure, height=120 + 70 * len(arms)),
        table=Table(
            ["Group", "People", "Mean", "Difference", "Low (95%)", "High (95%)", "Adjusted", "Low", "High"],
            [
                [
                    one["arm"],
                    one["n_people"],
                    one["mean"]["value"],
                    *_cells(one["difference"]),
                    *_cells(one["adjusted"]),
                ]
                for one in arms
            ],
        ),
        unit=f"{outcome}: difference to the control with its 95% interval, {unit}",
        as_of=as_of,
        name="effects",
    )


def _cells(estimate: Mapping[str, float]) -> list[float]:
    return [estimate["value"], estimate["low"], estimate["high"]]


def _effects_answer(arms: Sequence[Mapping[str, Any]], *, is_binary: bool) -> str:
    seen = [one for one in arms if one["difference"]["low"] > 0 or one["difference"]["high"] < 0]
    if not seen:
        return "Nobody can tell whether anything was changed: zero lies inside every interval."
    best = max(seen, key=lambda one: abs(one["difference"]["value"]))
    told = best["difference"]
    scale, unit = (100, " points") if is_binary else (1, "")
    low, high = told["low"] * scale, told["high"] * scale
    return (
        f"“{best['arm']}” changed most: {told['value'] * scale:+,.2f}{unit}, "
        f"19 times out of 20 between {low:+,.2f} and {high:+,.2f}."
    )


def qini_chart(readout: Mapping[str, Any], *, number: int, is_binary: bool, as_of: datetime | None) -> Chart:
    """What is gained by taking people in the order of who is expected to change most, against taking them by chance."""
    shares, gain = readout["curve"]["shares"], readout["curve"]["gain"]
    by_chance = [share * gain[-1] for share in shares]
    figure = go.Figure()
    figure.add_scatter(x=shares, y=by_chance, mode="lines", name="By chance", line={"color": BASELINE, "dash": "dash"})
    figure.add_scatter(
        x=shares, y=gain, mode="lines", name="Those first who are changed most", line={"color": FORECAST, "width": 2.5},
        hovertemplate="best %{x:.0%}: %{y:,.1f} more<extra></extra>",
    )  # fmt: skip
    what = "more outcomes" if is_binary else "more"
    figure.update_xaxes(tickformat=".0%", range=[0, 1], title={"text": "Share of people it goes to"})
    figure.update_yaxes(title={"text": f"{what.capitalize()} per 1,000 people"})
    return Chart(
        question=f"Does it matter whom “{readout['arm']}” goes to?",
        answer=_qini_answer(readout),
        figure=styled(figure, height=320),
        table=Table(
            ["Share of people", "In this order", "By chance"],
            [list(row) for row in zip(shares, gain, by_chance, strict=True)],
        ),
        unit=f"{what.capitalize()} among the treated, less those of as many controls, per 1,000 people of the trial",
        as_of=as_of,
        name=f"who-first-{number}",
    )


def _qini_answer(readout: Mapping[str, Any]) -> str:
    if readout["is_open"]:
        return "Yes: the order beats chance, on people that it was not learnt from."
    p_value = readout["test"]["p_value"]
    if p_value < 0.01:
        return "Hardly: people may differ, but choosing among them brings nothing that could be measured."
    return f"Not that anybody could tell: chance alone does as well in {p_value:.0%} of shuffled trials."


def kinds_chart(readouts: Sequence[Mapping[str, Any]], *, as_of: datetime | None) -> Chart | None:
    """Shares of the four kinds of responder, a bar a group; None where the outcome is no yes or no."""
    told = [one for one in readouts if one["kinds"]]
    if not told:
        return None
    names = [one["arm"] for one in told]
    figure = go.Figure()
    for colour, (kind, label) in zip(PALETTE, KIND_NAMES.items(), strict=False):
        figure.add_bar(
            y=names, x=[one["kinds"].get(kind, 0.0) for one in told], name=label, orientation="h",
            marker={"color": colour}, hovertemplate=f"{label}: %{{x:.0%}}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="stack")
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], showgrid=False)
    first = told[0]
    share = first["kinds"].get("persuadable", 0.0)
    return Chart(
        question="What kinds of people are there?",
        answer=f"{share:.0%} would be persuaded by “{first['arm']}”, as far as can be learnt.",
        figure=styled(figure, height=150 + 50 * len(told)),
        table=Table(
            ["Group", *KIND_NAMES.values()],
            [[one["arm"], *(one["kinds"].get(kind, 0.0) for kind in KIND_NAMES)] for one in told],
        ),
        unit=(
            "Persuadable: at least 1 point likelier with the message. Do not disturb: at least 1 point less likely. "
            "The rest are sure things where they are likelier than the average without it, else lost causes"
        ),
        as_of=as_of,
        name="kinds-of-people",
    )
