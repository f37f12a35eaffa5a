"""Products on a plane: near is bought in the same company."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go

from loyalty.charts.style import BASELINE, PALETTE, Chart, Table, styled

GROUPS_SHOWN = 8
OTHERS = "Other departments"


@dataclass(frozen=True)
class Place:
    """One product on the map."""

    product_id: int
    name: str
    group: str
    x: float
    y: float
    n_orders: int


def places_chart(
    places: Sequence[Place], *, same_share: float | None, by_chance: float | None, as_of: datetime
) -> Chart:
    sizes = Counter(place.group for place in places if place.group)
    shown = [name for name, _ in sizes.most_common(GROUPS_SHOWN)]
    figure = go.Figure()
    others = [place for place in places if place.group not in shown]
    if others:
        _add(figure, OTHERS, others, BASELINE)
    for number, name in enumerate(shown):
        _add(figure, name, [place for place in places if place.group == name], PALETTE[number])
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    return Chart(
        question="Do products of one shelf keep the same company?",
        answer=_answer(same_share, by_chance),
        figure=styled(figure, height=560),
        table=Table(
            ["Product", "Department", "Orders", "Across", "Up"],
            [[one.name, one.group, one.n_orders, round(one.x, 3), round(one.y, 3)] for one in _most_bought(places)],
        ),
        unit="One dot a product, of those most bought. Near: found in the same baskets. Directions mean nothing",
        as_of=as_of,
        name="product-map",
    )


def _add(figure: go.Figure, name: str, places: Sequence[Place], colour: str) -> None:
    figure.add_trace(
        # Drawn without WebGL, which not every browser has: there are a thousand dots at most.
        go.Scatter(
            x=[place.x for place in places],
            y=[place.y for place in places],
            mode="markers",
            name=name,
            marker={"color": colour, "size": 7, "opacity": 0.8},
            customdata=[[place.name, place.n_orders] for place in places],
            hovertemplate="%{customdata[0]}<br>in %{customdata[1]:,} orders<extra></extra>",
        )
    )


def _most_bought(places: Sequence[Place]) -> list[Place]:
    return sorted(places, key=lambda place: -place.n_orders)


def _answer(same_share: float | None, by_chance: float | None) -> str:
    if same_share is None or not by_chance:
        return "No shelves are known to say: near each other are products that are found in the same baskets."
    told = f"{same_share:.0%} of a product's nearest neighbours stand on its own shelf, {by_chance:.1%} would by chance"
    if same_share < 2 * by_chance:
        return f"Hardly: {told}."
    return f"Yes, {same_share / by_chance:.0f} times as often as by chance: {told}. Nobody told which those are."
