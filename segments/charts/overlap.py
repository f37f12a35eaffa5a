"""Groups laid over each other: pair by pair, and every combination that customers are in."""

from collections.abc import Sequence
from textwrap import wrap

import plotly.graph_objects as go

from loyalty.charts import BASELINE, FORECAST, SEQUENTIAL, TEXT, Cell, Chart, Table, styled
from segments.engine.overlap import Overlap

COMBINATIONS_SHOWN = 14
ROW_HEIGHT = 40


def matrix_chart(names: Sequence[str], overlap: Overlap) -> Chart:
    """Of the row's customers, how many are in the column, too."""
    shares = overlap.shares.tolist()
    # Names above narrow columns would lie over each other: the columns have the numbers of the rows.
    figure = go.Figure(
        go.Heatmap(
            x=[str(number) for number in range(1, len(names) + 1)],
            y=["<br>".join(wrap(f"{number}. {name}", 28)) for number, name in enumerate(names, 1)],
            z=shares,
            zmin=0,
            zmax=1,
            colorscale=SEQUENTIAL,
            text=[[f"{share:.0%}" for share in row] for row in shares],
            texttemplate="%{text}",
            customdata=[[[int(n), name] for n, name in zip(row, names, strict=True)] for row in overlap.both],
            hovertemplate="Of %{y}: %{z:.0%} are in “%{customdata[1]}”, %{customdata[0]:,} customers<extra></extra>",
            xgap=2,
            ygap=2,
            showscale=False,
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(tickangle=0, side="top", type="category")
    return Chart(
        question="How much do they lie over each other?",
        answer=_most_alike(names, overlap),
        figure=styled(figure, height=150 + ROW_HEIGHT * len(names)),
        table=Table(
            ["Of", "In", "Customers of the first", "In both", "Share of the first", "Share of all in either"],
            _pair_rows(names, overlap),
        ),
        unit="Share of the row's customers that are in the group with the column's number, too",
        as_of=None,
        name="overlap",
    )


def _pair_rows(names: Sequence[str], overlap: Overlap) -> list[list[Cell]]:
    shares, alike = overlap.shares, overlap.alike
    return [
        [one, other, int(overlap.sizes[i]), int(overlap.both[i, j]), round(shares[i, j], 4), round(alike[i, j], 4)]
        for i, one in enumerate(names)
        for j, other in enumerate(names)
        if i != j
    ]


def _most_alike(names: Sequence[str], overlap: Overlap) -> str:
    pairs = [
        (float(overlap.alike[i, j]), int(overlap.both[i, j]), i, j)
        for i in range(len(names))
        for j in range(i + 1, len(names))
    ]
    if not pairs or max(pairs)[1] == 0:
        return "No customer is in two of them."
    _, n, i, j = max(pairs)
    return f"“{names[i]}” and “{names[j]}” are most alike: they share {n:,} customers."


def upset_chart(names: Sequence[str], overlap: Overlap) -> Chart:
    """A bar a combination, and below it which groups it is made of."""
    shown = overlap.combinations[:COMBINATIONS_SHOWN]
    columns = list(range(len(shown)))
    figure = go.Figure(
        go.Bar(
            x=columns,
            y=[n for _, n in shown],
            marker={"color": FORECAST, "cornerradius": 3},
            text=[f"{n:,}" for _, n in shown],
            textposition="outside",
            cliponaxis=False,
            customdata=[_told(names, groups) for groups, _ in shown],
            hovertemplate="%{customdata}: %{y:,} customers<extra></extra>",
        )
    )
    _add_dots(figure, [groups for groups, _ in shown], len(names))
    figure.update_layout(
        yaxis={"domain": [0.52, 1], "rangemode": "tozero", "title": "Customers"},
        yaxis2={
            "domain": [0, 0.48],
            "anchor": "x",
            "tickvals": list(range(len(names))),
            "ticktext": ["<br>".join(wrap(name, 26)) for name in names],
            "range": [len(names) - 0.5, -0.5],
            "showgrid": False,
            "zeroline": False,
        },
        xaxis={"showticklabels": False, "anchor": "y2", "zeroline": False},
        showlegend=False,
    )
    return Chart(
        question="In which of them together are customers?",
        answer=_largest(names, overlap),
        figure=styled(figure, height=300 + 34 * len(names)),
        table=Table(
            ["In all of these and no other", "How many groups", "Customers"], _combination_rows(names, overlap)
        ),
        unit=f"Customers by the exact groups they are in; full dots say which{_left_out(len(overlap.combinations))}",
        as_of=None,
        name="combinations",
    )


def _add_dots(figure: go.Figure, combinations: Sequence[Sequence[int]], n_groups: int) -> None:
    """Pale dots everywhere, full ones where a group takes part, joined by a line."""
    every = [(column, row) for column in range(len(combinations)) for row in range(n_groups)]
    figure.add_scatter(
        x=[column for column, _ in every], y=[row for _, row in every], mode="markers", yaxis="y2",
        marker={"color": BASELINE, "size": 9, "opacity": 0.25}, hoverinfo="skip",
    )  # fmt: skip
    x: list[int | None] = []
    y: list[int | None] = []
    for column, groups in enumerate(combinations):
        # A gap in the line keeps one combination apart from the next.
        x += [*[column] * len(groups), None]
        y += [*groups, None]
    figure.add_scatter(
        x=x, y=y, mode="lines+markers", yaxis="y2", hoverinfo="skip", connectgaps=False,
        marker={"color": TEXT, "size": 10}, line={"color": TEXT, "width": 2},
    )  # fmt: skip


def _left_out(n: int) -> str:
    return f"; the {COMBINATIONS_SHOWN} largest of {n:,} are drawn" if n > COMBINATIONS_SHOWN else ""


def _told(names: Sequence[str], groups: Sequence[int]) -> str:
    return " + ".join(names[group] for group in groups)


def _combination_rows(names: Sequence[str], overlap: Overlap) -> list[list[Cell]]:
    return [[_told(names, groups), len(groups), n] for groups, n in overlap.combinations]


def _largest(names: Sequence[str], overlap: Overlap) -> str:
    several = [(n, groups) for groups, n in overlap.combinations if len(groups) > 1]
    total = sum(n for _, n in overlap.combinations)
    if not several:
        return f"None of the {total:,} customers is in more than one."
    n, groups = max(several)
    inside = sum(one for one, _ in several)
    return f"{inside / total:.0%} of the customers are in more than one; most in {_told(names, groups)}: {n:,}."
