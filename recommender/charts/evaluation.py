"""How good a version is month by month, group by group, how true its promises are, and whether history is enough."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from loyalty.charts import ACTUAL, BASELINE, FORECAST, FORECAST_SOFT, TEXT, Chart, Table, styled
from loyalty.templatetags.formats import count, day

Row = Mapping[str, Any]
ROW_HEIGHT = 34
FOUND = "Share of the next four weeks' purchases, at most 10 a customer, found among 10 recommended products"


def months_chart(months: Sequence[Row], *, as_of: datetime | None) -> Chart:
    """`months` as a version keeps them: since, until, is_test, value and gain; the last is the test."""
    names = [_weeks(one) for one in months]
    figure = go.Figure()
    for name, colour, values in (
        ("This version", FORECAST, [one["value"] for one in months]),
        ("More than the baseline", ACTUAL, [one["gain"] for one in months]),
    ):
        figure.add_scatter(
            name=name,
            x=names,
            y=[round(value["value"], 4) for value in values],
            mode="lines+markers",
            line={"color": colour},
            error_y=_error(values, 1),
            hovertemplate="%{x}: %{y:.1%}<extra></extra>",
        )
    figure.update_xaxes(type="category")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return Chart(
        question="Is it as good every month?",
        answer=_steadiness(months),
        figure=styled(figure, height=300),
        table=Table(
            ["Four weeks", "Customers", "Found", "From", "To", "More than the baseline", "From", "To"],
            [[_weeks(one), one["n_customers"], *_told(one["value"]), *_told(one["gain"])] for one in months],
        ),
        unit=FOUND,
        as_of=as_of,
        name="by-month",
    )


def groups_chart(group: Row, *, number: int, as_of: datetime | None) -> Chart:
    """One grouping of the customers: name, and rows with name, n_customers, value and gain."""
    rows = list(group["rows"])
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=[round(row["value"]["value"], 4) for row in rows],
            y=[row["name"] for row in rows],
            marker={"color": FORECAST, "cornerradius": 3},
            error_x=_error([row["value"] for row in rows], 1),
            customdata=[[row["n_customers"], 100 * row["gain"]["value"]] for row in rows],
            hovertemplate="%{y}: %{x:.1%}<br>%{customdata[0]:,} customers<br>"
            "%{customdata[1]:+.1f} points beside the baseline<extra></extra>",
        )
    )
    names = [row["name"] for row in rows]
    figure.update_yaxes(autorange="reversed", showgrid=False, tickvals=names, ticktext=[_folded(one) for one in names])
    figure.update_xaxes(tickformat=".0%", showgrid=True, rangemode="tozero", tickangle=0, nticks=5)
    return Chart(
        question=f"For whom is it good? {group['name']}",
        answer=_fairness(rows),
        figure=styled(figure, height=110 + ROW_HEIGHT * max(len(rows), 2)),
        table=Table(
            [group["name"], "Customers", "Found", "From", "To", "More than the baseline", "From", "To"],
            [[row["name"], row["n_customers"], *_told(row["value"]), *_told(row["gain"])] for row in rows],
        ),
        unit=FOUND,
        as_of=as_of,
        name=f"by-group-{number}",
    )


def calibration_chart(calibration: Row, *, as_of: datetime | None) -> Chart:
    """`calibration` as a version keeps it: error, and bins with said, came, low, high, n."""
    bins = calibration["bins"]
    most = max(max(one["said"], one["high"]) for one in bins)
    figure = go.Figure()
    figure.add_scatter(
        x=[0, most], y=[0, most], mode="lines", name="Exactly as said",
        line={"color": BASELINE, "dash": "dot", "width": 1}, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=[round(one["said"], 4) for one in bins],
        y=[round(one["came"], 4) for one in bins],
        mode="markers",
        name="Bought",
        marker={"color": FORECAST, "size": 9},
        error_y={
            "type": "data",
            "array": [one["high"] - one["came"] for one in bins],
            "arrayminus": [one["came"] - one["low"] for one in bins],
            "thickness": 1.5,
            "color": TEXT,
        },
        customdata=[[one["n"]] for one in bins],
        hovertemplate="Said %{x:.1%}, came %{y:.1%}<br>%{customdata[0]:,} products shown<extra></extra>",
    )
    figure.update_xaxes(title="Said to be bought", tickformat=".0%", showgrid=True)
    figure.update_yaxes(title="Really bought", tickformat=".0%")
    inside = sum(one["low"] <= one["said"] <= one["high"] for one in bins)
    return Chart(
        question="Is a product bought as often as its place promises?",
        answer=f"It is off by {100 * calibration['error']:.1f} percentage points on average; {inside} of "
        f"{len(bins)} promises lie within what came.",
        figure=styled(figure, height=340),
        table=Table(
            ["Said", "Came", "From", "To", "Products shown"],
            [[*(round(one[part], 4) for part in ("said", "came", "low", "high")), one["n"]] for one in bins],
        ),
        unit="Share of the products shown that were bought in the next four weeks; promised from the weeks before",
        as_of=as_of,
        name="calibration",
    )


def readiness_chart(readiness: Row, *, as_of: datetime | None) -> Chart:
    """`readiness` as a version keeps it: points with n_customers, value, baseline and gain; is_ready."""
    points = readiness["points"]
    x = [point["n_customers"] for point in points]
    figure = go.Figure()
    for end, fill in (("high", None), ("low", "tonexty")):
        figure.add_scatter(
            x=x, y=[round(point["gain"][end], 4) for point in points], mode="lines", line={"width": 0}, fill=fill,
            fillcolor=FORECAST_SOFT, hoverinfo="skip", name="95% sure", showlegend=fill is not None,
        )  # fmt: skip
    figure.add_scatter(
        x=x,
        y=[round(point["gain"]["value"], 4) for point in points],
        mode="lines+markers",
        line={"color": FORECAST},
        name="More than the baseline",
        hovertemplate="%{x:,} customers: %{y:+.1%}<extra></extra>",
    )
    figure.add_hline(y=0, line={"color": BASELINE, "width": 1, "dash": "dot"})
    figure.update_xaxes(title="Customers learnt from", type="log", tickvals=x, ticktext=[count(n) for n in x])
    figure.update_yaxes(title="More found than by the baseline", tickformat="+.0%")
    return Chart(
        question="Is there enough history to learn from?",
        answer=_enough(readiness),
        figure=styled(figure, height=320),
        table=Table(
            ["Customers", "Found", "From", "To", "Baseline", "From", "To", "Difference", "From", "To"],
            [
                [point["n_customers"], *(cell for part in ("value", "baseline", "gain") for cell in _told(point[part]))]
                for point in points
            ],
        ),
        unit="Difference in percentage points of what was found, were there only so many customers",
        as_of=as_of,
        name="readiness",
    )


def _folded(name: str) -> str:
    """A long name on two lines, so that the bars keep their room."""
    return "<br>".join(wrap(name, 24, max_lines=2, placeholder=" …"))


def _weeks(month: Row) -> str:
    since = day(datetime.fromisoformat(month["since"]))
    return f"{since} (test)" if month["is_test"] else since


def _error(values: Sequence[Row], scale: float) -> dict[str, Any]:
    return {
        "type": "data",
        "array": [scale * (value["high"] - value["value"]) for value in values],
        "arrayminus": [scale * (value["value"] - value["low"]) for value in values],
        "thickness": 1.5,
        "color": TEXT,
    }


def _told(row: Row) -> list[float]:
    return [round(row[part], 4) for part in ("value", "low", "high")]


def _steadiness(months: Sequence[Row]) -> str:
    sure = sum(one["gain"]["low"] > 0 for one in months)
    if len(months) == 1:
        return "Only the weeks of the test could be looked at; with more history there will be more."
    low, high = (pick(one["value"]["value"] for one in months) for pick in (min, max))
    return f"Between {low:.1%} and {high:.1%}; surely above the baseline in {sure} of {len(months)} months."


def _fairness(rows: Sequence[Row]) -> str:
    best = max(rows, key=lambda row: row["value"]["value"])
    worst = min(rows, key=lambda row: row["value"]["value"])
    if worst["value"]["high"] >= best["value"]["low"]:
        return "No group is surely served better than another."
    told = [f"“{row['name']}” ({row['value']['value']:.1%})" for row in (best, worst)]
    return f"Best for {told[0]}, worst for {told[1]}."


def _enough(readiness: Row) -> str:
    if readiness["is_ready"]:
        return "Yes: with the customers there are it surely finds more than the baseline."
    more = readiness["n_customers_more"]
    if more is None:
        return "Not yet, and the curve cannot tell how much more it would take. Until then the baseline serves."
    return f"Not yet: about {count(more)} more customers are needed. Until then the baseline serves."
