from recommender.charts.learning import (
    Neighbour,
    VersionScores,
    comparison_chart,
    learning_curve_chart,
    neighbours_chart,
)


def score(value):
    return {"value": value, "low": value - 0.01, "high": value + 0.02}


def versions(advantage_low):
    found = {"recall_at_10": score(0.3), "first_recall_at_10": score(0.04)}
    gained = {"value": 0.1, "low": advantage_low, "high": 0.12}
    return [
        VersionScores("What most customers buy", True, False, {"recall_at_10": score(0.15)}),
        VersionScores("What customers like this one buy", False, True, {**found, "advantage": gained}),
    ]


def test_comparison_shows_the_interval_of_every_figure():
    chart = comparison_chart(versions(0.08), as_of=None)

    baseline, learnt = chart.figure.data
    assert list(baseline.y) == [0.15]
    assert list(learnt.y) == [0.3, 0.04]
    assert [round(value, 4) for value in learnt.error_y.array] == [0.02, 0.02]
    assert [round(value, 4) for value in learnt.error_y.arrayminus] == [0.01, 0.01]
    assert chart.table.rows[0] == ["What most customers buy", "Any purchase", 0.15, 0.14, 0.17]
    assert chart.answer.startswith("Yes: “What customers like this one buy” finds 8.0 to 12.0 percentage points more")


def test_comparison_does_not_claim_what_is_not_sure():
    assert comparison_chart(versions(-0.02), as_of=None).answer.startswith("Not surely: the difference")
    assert "Only the baseline" in comparison_chart(versions(0.1)[:1], as_of=None).answer


def test_learning_curve_marks_the_best_pass():
    curve = [
        {"epoch": float(n), "loss": 9.0 - n, "validation_ndcg": value} for n, value in ((1, 0.1), (2, 0.3), (3, 0.2))
    ]

    chart = learning_curve_chart(curve, as_of=None)

    assert chart.answer.startswith("It was best after 2 of 3 passes")
    assert list(chart.figure.data[0].y) == [0.1, 0.3, 0.2]
    assert chart.table.rows[1] == [2, 0.3, 7.0]


def test_neighbours_carry_their_evidence():
    chart = neighbours_chart("Coffee", [Neighbour("Milk", 0.8, 90, 31), Neighbour("Tea", 0.5, 40, 2)], as_of=None)

    assert chart.answer == "Milk is nearest; 31 orders hold both."
    assert chart.table.rows == [["Milk", 0.8, 90, 31], ["Tea", 0.5, 40, 2]]
    assert neighbours_chart("Coffee", [], as_of=None).answer == "Too few orders hold this product to say."
