"""How far offers for customers came: suggested, accepted, issued."""

from collections.abc import Sequence
from datetime import datetime

import plotly.graph_objects as go

from loyalty.charts import PALETTE, Chart, Table, styled


def funnel_chart(
    steps: Sequence[tuple[str, int]], *, n_withdrawn: int, n_expired: int, as_of: datetime | None
) -> Chart:
    """One bar a step, the widest first; what left on the way is told in the sentence."""
    labels, counts = [name for name, _ in steps], [n for _, n in steps]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=counts,
            y=labels,
            text=[f"{n:,}" for n in counts],
            textposition="outside",
            cliponaxis=False,
            marker={"color": PALETTE[: len(counts)], "cornerradius": 4},
            hovertemplate="%{y}: %{x:,} offers<extra></extra>",
        )
    )
    figure.update_xaxes(rangemode="tozero", range=[0, max([*counts, 1]) * 1.2], tickformat=",")
    figure.update_yaxes(categoryorder="array", categoryarray=labels[::-1], showgrid=False)
    return Chart(
        question="How far did the offers come?",
        answer=_answer(steps, n_withdrawn, n_expired),
        figure=styled(figure, height=190),
        table=Table(
            ["Step", "Offers"], [[name, n] for name, n in [*steps, ("Withdrawn", n_withdrawn), ("Expired", n_expired)]]
        ),
        unit="Offers for customers; each step counts those that came at least as far",
        as_of=as_of,
        name="offer-funnel",
    )


def _answer(steps: Sequence[tuple[str, int]], n_withdrawn: int, n_expired: int) -> str:
    suggested, accepted, issued = (n for _, n in steps)
    if not suggested:
        return "No offer was suggested yet."
    left = [f"{n:,} {word}" for n, word in ((n_withdrawn, "withdrawn"), (n_expired, "expired")) if n]
    told = f"Of {suggested:,} suggested, {accepted:,} were accepted and {issued:,} issued"
    return f"{told}; {' and '.join(left)}." if left else f"{told}."
