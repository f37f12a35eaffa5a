"""How often intervals held, and whether chances mean what they say."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import plotly.graph_objects as go

from campaigns.charts.intervals import Words
from campaigns.engine.track_record import Estimate, Expected, Group
from loyalty.charts import ACTUAL, BASELINE, FORECAST, Chart, Table, styled

HALF = 0.5
HELD = "Do intervals hold as often as they promise?"
# A scale of tens has no nought.
LEAST = 0.05
# On axes that grow by factors; between powers of ten alone hardly any would be told.
READABLE = [digit * 10**power for power in range(-2, 6) for digit in (1, 2, 5)]


def coverage_chart(
    shares: Mapping[int, Estimate], *, n_campaigns: int, as_of: datetime | None, coin_toss: float | None
) -> Chart:
    """How often each interval held, beside how often it promised to."""
    answer = f"The 90% interval held in {shares[90].mid:.0%} of {n_campaigns} campaigns"
    answer += f"; had customers been taken for coins, it would have in {coin_toss:.0%}." if coin_toss else "."
    unit = "Share of past campaigns; the bars say how far chance could move it"
    return _coverage(shares, Words(HELD, answer, unit, "coverage", as_of))


def calibration_chart(groups: Sequence[Group], *, as_of: datetime | None) -> Chart:
    """Customers of similar chance: what was expected of them, and what share really took it."""
    n_held = sum(group.happened.low <= group.expected <= group.happened.high for group in groups)
    return Chart(
        question="Do as many take it as their chances say?",
        answer=f"In {n_held} of {len(groups)} groups what was expected lies within chance of what happened.",
        figure=_against_promise(
            [group.expected for group in groups], [group.happened for group in groups], "Expected share", "Took it"
        ),
        table=Table(
            ["Customers", "Expected", "Took it", "At least (90%)", "At most (90%)"],
            [[group.n_customers, f"{group.expected:.1%}", *_told(group.happened)] for group in groups],
        ),
        unit="Share of customers who take it, groups of similar chance over all past campaigns",
        as_of=as_of,
        name="calibration",
    )


def _told(share: Estimate) -> list[str]:
    return [f"{share.mid:.1%}", f"{share.low:.1%}", f"{share.high:.1%}"]


def _against_promise(promised: Sequence[float], found: Sequence[Estimate], promise: str, happened: str) -> go.Figure:
    """Points with their intervals on a square; on the diagonal promise and outcome are one."""
    top = max([*promised, *(share.high for share in found)]) * 1.05
    top = 1.0 if top > HALF else top
    figure = go.Figure()
    figure.add_scatter(
        x=[0, top], y=[0, top], mode="lines", name="As promised", line={"color": BASELINE, "width": 2, "dash": "dot"},
        hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=list(promised), y=[share.mid for share in found], mode="markers+lines", name=happened,
        marker={"size": 9, "color": ACTUAL}, line={"width": 1, "color": FORECAST},
        error_y={
            "type": "data", "symmetric": False, "thickness": 2, "width": 4, "color": ACTUAL,
            "array": [share.high - share.mid for share in found],
            "arrayminus": [share.mid - share.low for share in found],
        },
        hovertemplate=f"{promise}: %{{x:.1%}}<br>{happened}: %{{y:.1%}}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(range=[0, top], tickformat=".0%", title={"text": promise})
    figure.update_yaxes(range=[0, top], tickformat=".0%", title={"text": happened})
    return styled(figure, height=340)


def launch_coverage_chart(shares: Mapping[int, Estimate], *, n: int, as_of: datetime | None, coin_toss: float) -> Chart:
    """How often each interval of a new product held, beside how often it promised to."""
    answer = (
        f"The 90% interval held in {shares[90].mid:.0%} of {n:,} new products; had customers been taken for coins, it "
        f"would have in {coin_toss:.0%}."
    )
    unit = "Share of new products whose first weeks are over; the bars say how far chance could move it"
    return _coverage(shares, Words(HELD, answer, unit, "launch-coverage", as_of))


def _coverage(shares: Mapping[int, Estimate], words: Words) -> Chart:
    promised = [level / 100 for level in shares]
    return Chart(
        question=words.question,
        answer=words.answer,
        figure=_against_promise(promised, list(shares.values()), "Share the interval promised", "Share it held"),
        table=Table(
            ["Promised", "Held", "At least (90%)", "At most (90%)"],
            [[f"{level}%", *_told(share)] for level, share in shares.items()],
        ),
        unit=words.unit,
        as_of=words.as_of,
        name=words.name,
    )


def launch_groups_chart(groups: Sequence[Expected], *, as_of: datetime | None) -> Chart:
    """New products of which about as many buyers were expected, and how many they had on average."""
    n_held = sum(group.happened.low <= group.expected <= group.happened.high for group in groups)
    top = groups[-1]
    answer = (
        f"Of the tenth expected to sell best, {top.expected:,.0f} buyers were expected on average and "
        f"{top.happened.mid:,.0f} came; {n_held} of {len(groups)} groups lie within chance of what was expected."
    )
    return Chart(
        question="Do products sell more where more was expected?",
        answer=answer,
        figure=_on_logs(groups),
        table=Table(
            ["New products", "Expected on average", "Came on average", "At least (90%)", "At most (90%)"],
            [
                [group.n_launches, *(f"{value:,.1f}" for value in (group.expected, *_ends(group.happened)))]
                for group in groups
            ],
        ),
        unit="Buyers in a product's first weeks, tenths of all by what was expected; axes grow by factors",
        as_of=as_of,
        name="launch-groups",
    )


def _ends(share: Estimate) -> list[float]:
    return [share.mid, share.low, share.high]


def _on_logs(groups: Sequence[Expected]) -> go.Figure:
    """Most new products sell a little and a few a lot: only tens, hundreds and so on show them side by side."""
    least = min([group.expected for group in groups] + [max(group.happened.low, LEAST) for group in groups])
    ends = [max(least, LEAST), max(max(group.expected, group.happened.high) for group in groups)]
    figure = go.Figure()
    figure.add_scatter(
        x=ends, y=ends, mode="lines", name="As expected", line={"color": BASELINE, "width": 2, "dash": "dot"},
        hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=[group.expected for group in groups], y=[max(group.happened.mid, LEAST) for group in groups],
        mode="markers+lines", name="Came", marker={"size": 9, "color": ACTUAL}, line={"width": 1, "color": FORECAST},
        error_y={
            "type": "data", "symmetric": False, "thickness": 2, "width": 4, "color": ACTUAL,
            "array": [group.happened.high - group.happened.mid for group in groups],
            "arrayminus": [group.happened.mid - group.happened.low for group in groups],
        },
        hovertemplate="Expected: %{x:,.1f}<br>Came: %{y:,.1f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(type="log", title={"text": "Buyers expected"}, tickvals=READABLE, tickformat=",")
    figure.update_yaxes(type="log", title={"text": "Buyers who came"}, tickvals=READABLE, tickformat=",")
    return styled(figure, height=340)
