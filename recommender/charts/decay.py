"""How fast purchases grow old: quality against half-life, for one task."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from loyalty.charts import BASELINE, FORECAST, FORECAST_SOFT, Chart, Table, styled

NO_DECAY = "no ageing"
QUESTIONS = {
    "buy_again": "How fast do purchases grow old for buying again?",
    "discover": "How fast do purchases grow old for discovering something new?",
}


def decay_chart(
    task: str, rows: Sequence[Mapping[str, Any]], *, half_life_days: float | None, as_of: datetime
) -> Chart:
    """`rows` as a choice keeps them: half_life_days, ndcg and gain with low, mid, high."""
    labels = [_tick(row["half_life_days"]) for row in rows]
    low, mid, high = ([round(row["ndcg"][end], 4) for row in rows] for end in ("low", "mid", "high"))
    figure = go.Figure()
    figure.add_scatter(x=labels, y=high, mode="lines", line={"width": 0}, hoverinfo="skip", showlegend=False)
    figure.add_scatter(
        x=labels, y=low, mode="lines", line={"width": 0}, fill="tonexty", fillcolor=FORECAST_SOFT, hoverinfo="skip",
        name="95% sure",
    )  # fmt: skip
    figure.add_scatter(
        x=labels, y=mid, mode="lines+markers", line={"color": FORECAST}, name="Quality on earlier weeks",
        hovertemplate="%{x}: %{y:.3f}<extra></extra>",
    )  # fmt: skip
    at = labels.index(_tick(half_life_days))
    figure.add_scatter(
        x=[labels[at]], y=[mid[at]], mode="markers", name="Chosen",
        marker={"size": 13, "color": FORECAST, "line": {"width": 2, "color": BASELINE}}, hoverinfo="skip",
    )  # fmt: skip
    figure.update_xaxes(title="Days until a purchase counts half", type="category", tickangle=0)
    figure.update_yaxes(title="Quality")
    return Chart(
        question=QUESTIONS[task],
        answer=_answer(half_life_days, rows),
        figure=styled(figure, height=320),
        table=Table(
            ["Half-life", "Quality", "From", "To", "Gain over no ageing", "From", "To"],
            [[_label(row["half_life_days"]), *_told(row["ndcg"]), *_told(row["gain"])] for row in rows],
        ),
        unit="0 to 1: how high what customers bought next is ranked, averaged over them",
        as_of=as_of,
        name=f"decay-{task.replace('_', '-')}",
    )


def _tick(days: float | None) -> str:
    return "never" if days is None else f"{days:g}"


def _label(days: float | None) -> str:
    return NO_DECAY if days is None else f"{days:g} days"


def _told(estimate: Mapping[str, float]) -> list[float]:
    return [round(estimate[end], 4) for end in ("mid", "low", "high")]


def _answer(days: float | None, rows: Sequence[Mapping[str, Any]]) -> str:
    if days is None:
        return "How old a purchase is does not matter here, or not surely: no half-life beat counting all alike."
    row = next(row for row in rows if row["half_life_days"] == days)
    without = rows[-1]["ndcg"]["mid"]
    gain = row["gain"]["mid"] / without if without else 0.0
    return f"What was bought {days:g} days ago counts half: on earlier weeks that was {gain:.1%} better than no ageing."
