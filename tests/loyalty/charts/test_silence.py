from datetime import UTC, datetime

from loyalty.charts.silence import Dot, silence_chart

AT = datetime(2017, 11, 1, 12, tzinfo=UTC)
USUAL = [Dot(f"Tea {n}", 1, 1.01, 1.0, False) for n in range(5)]
BAD = Dot("Cake", 9, 0.4, 18.0, True)


def test_the_answer_names_the_worst():
    chart = silence_chart([*USUAL, BAD, Dot("Pie", 5, 0.4, 9.0, True)], as_of=AT)

    assert chart.answer == "After Cake: 9 fell silent where 0.4 were to be expected, and 1 more."
    assert [row[0] for row in chart.table.rows][:2] == ["Cake", "Pie"]


def test_products_on_one_place_are_one_dot():
    chart = silence_chart(USUAL, as_of=AT)

    usual = chart.figure.data[0]
    assert list(usual.x) == [1.0]
    assert usual.customdata[0][0] == 5
    assert "none of 5 products" in chart.answer


def test_nothing_to_look_at():
    assert "No product has enough" in silence_chart([], as_of=AT).answer
