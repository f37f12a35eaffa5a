from datetime import UTC, datetime

import pytest

from segments.charts.divisions import (
    Branches,
    Difference,
    components_chart,
    differences_chart,
    indices_chart,
    stability_chart,
    tree_chart,
)
from segments.charts.segmentations import DivisionScore

AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
SCORES = [
    DivisionScore(3, 0.4, 1.2, 0.9, 0.2, 0.0, 80.0, 0.85, 0.95),
    DivisionScore(4, 0.2, 0.6, 0.6, 0.1, 0.01, 40.0, 0.5, 0.7),
]


def test_every_index_is_drawn_beside_its_best_and_told_as_it_is():
    chart = indices_chart(SCORES, disagreement="They disagree.", as_of=AS_OF)

    drawn = {trace.name: list(trace.y) for trace in chart.figure.data}
    assert drawn == {"Clearness": [1, 0.5], "Davies–Bouldin": [0.5, 1], "Calinski–Harabasz": [1, 0.5]}
    assert chart.table.rows[1] == [4, 0.2, 0.01, 0.6, 40.0]
    assert chart.answer == "They disagree."


@pytest.mark.parametrize(("k", "said"), [(3, "Yes: the 3 segments"), (4, "No: with other customers")])
def test_stability_is_told_with_its_interval(k, said):
    chart = stability_chart(SCORES, k=k, as_of=AS_OF)

    assert chart.answer.startswith(said)
    assert chart.table.rows[0] == [3, 0.9, 0.85, 0.95, 0.2, "yes"]
    assert list(chart.figure.data[0].error_y.arrayminus) == [0.05, 0.1]


def test_differences_are_told_with_their_intervals():
    differences = [Difference("Big", 0, "Spend", 1.5, 1.2, 1.8), Difference("Small", 1, "Orders", -2.0, -2.5, -1.5)]

    chart = differences_chart(differences, as_of=AS_OF)

    assert "“Small” differs most: orders is 2.0 standard deviations below that of others (1.5–2.5)" in chart.answer
    assert chart.table.rows[0] == ["Big", "Spend", 1.5, 1.2, 1.8]


def test_components_are_added_up():
    chart = components_chart([0.6, 0.3], n_features=8, as_of=AS_OF)

    assert chart.answer == "2 directions keep 90% of all differences in 8 features."
    assert chart.table.rows[1] == ["Direction 2", 0.3, 0.9]


def test_the_tree_says_what_is_kept_apart():
    brackets = [((5, 5, 15, 15), (0, 1, 1, 0)), ((10, 10, 25, 25), (1, 4, 4, 0))]

    chart = tree_chart(Branches(brackets, [30, 20, 50], 2.5), k=2, as_of=AS_OF)

    assert chart.table.rows == [[2, 4, "kept apart"], [3, 1, "merged"]]
    assert list(chart.figure.layout.xaxis.ticktext) == ["30", "20", "50"]
    assert "2 branches remain" in chart.answer
