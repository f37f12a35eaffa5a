from datetime import UTC, datetime

import pytest

from segments.charts.segmentations import (
    Axis,
    DivisionScore,
    MapPoint,
    Segments,
    SegmentSummary,
    heat_map_chart,
    map_chart,
    number_of_segments_chart,
    sizes_chart,
)

AS_OF = datetime(2024, 7, 1, tzinfo=UTC)
POINTS = [MapPoint(0, "c1", 0.5, 1.0), MapPoint(1, "c2", -0.5, 0.0), MapPoint(0, "c3", 0.25, 1.5)]


@pytest.fixture
def segments():
    return Segments(
        as_of=AS_OF,
        verdict="The segments overlap.",
        summaries=[
            SegmentSummary(0, "Frequent", 300, 0.75, {"spend": 0.4}),
            SegmentSummary(1, "Rare", 100, 0.25, {"spend": -1.3}),
        ],
        labels={"spend": "Spend"},
        axes=[Axis(["Spend", "Orders"], 0.6), Axis(["Orders"], 0.2)],
        scores=[DivisionScore(2, 0.36, 1.0, 0.9, 0.25), DivisionScore(3, 0.3, 1.1, 0.8, 0.1)],
        k=2,
        null_silhouette=0.24,
    )


def test_map_shows_each_customer_in_the_colour_of_the_segment(segments):
    chart = map_chart(segments, POINTS, n_customers=400)

    frequent, rare = chart.figure.data
    assert list(frequent.x) == [0.5, 0.25]
    assert frequent.marker.color != rare.marker.color
    assert [row[:2] for row in chart.table.rows] == [["c1", "Frequent"], ["c2", "Rare"], ["c3", "Frequent"]]
    assert "3 of 400 customers" in chart.unit
    assert chart.answer == "The segments overlap."


def test_heat_map_names_what_stands_out(segments):
    chart = heat_map_chart(segments)

    assert chart.answer == "“Rare” stands out most: spend is far below the average."
    assert [list(row) for row in chart.figure.data[0].z] == [[0.4], [-1.3]]
    assert chart.table.rows == [["Frequent", 0.4], ["Rare", -1.3]]


def test_sizes_are_those_of_the_segments(segments):
    chart = sizes_chart(segments)

    assert list(chart.figure.data[0].x) == [300, 100]
    assert chart.answer == "“Frequent” holds 75% of the customers, “Rare” 25%."


def test_the_number_of_segments_is_explained_beside_chance(segments):
    chart = number_of_segments_chart(segments)

    assert "clearness of 0.36" in chart.answer
    assert "at random would reach 0.24" in chart.answer
    assert chart.table.rows[1] == [3, 0.3, 0.8, 1.1]
    assert {trace.name for trace in chart.figure.data} == {"Clearness", "Stability", "Overlap"}
