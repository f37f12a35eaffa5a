from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from loyalty.charts.sales import Mark, Part, Takings, mix_chart, months_chart, revenue_chart

AS_OF = datetime(2017, 3, 10, tzinfo=UTC)


def weeks(*revenues):
    monday = date(2017, 1, 2)
    return [Takings(monday + timedelta(weeks=n), Decimal(value), n + 1) for n, value in enumerate(revenues)]


def test_revenue_is_told_between_its_extremes():
    chart = revenue_chart(weeks(100, 300, 200), [], currency="USD", as_of=AS_OF)

    assert chart.answer == "Between 100 and 300 USD a week; most in the week of 9 Jan 2017."
    assert [row[1] for row in chart.table.rows] == list(chart.figure.data[0].y) == [100, 300, 200]
    assert not chart.figure.layout.showlegend


def test_campaigns_are_marked_in_their_week():
    spring = Mark("Spring", date(2017, 1, 11), date(2017, 2, 1))
    before = Mark("Before", date(2016, 12, 1), date(2017, 1, 20))

    chart = revenue_chart(weeks(100, 300), [before, spring], currency="USD", as_of=AS_OF)

    assert list(chart.figure.data[1].text) == ["Spring"]
    assert [row[3] for row in chart.table.rows] == ["", "Spring"]
    assert min(chart.figure.data[1].y) > 300


def test_a_month_that_has_not_ended_says_so():
    months = [Takings(date(2017, month, 1), Decimal(50 * month), 2) for month in (1, 2, 3)]

    chart = months_chart(months, question="How?", currency="EUR", as_of=AS_OF, name="spend")

    assert [row[0] for row in chart.table.rows] == ["Jan 2017", "Feb 2017", "Mar 2017 so far"]
    colours = chart.figure.data[0].marker.color
    assert colours[0] == colours[1] != colours[2]
    assert chart.answer == "Most in Mar 2017 so far: 150.00 EUR."


def test_the_largest_part_is_told_with_its_share():
    chart = mix_chart(
        [Part("Grocery", Decimal(30)), Part("Deli", Decimal(10))],
        question="What?",
        currency="USD",
        as_of=AS_OF,
        name="categories",
    )

    assert chart.answer == "75% went to Grocery."
    assert [row[2] for row in chart.table.rows] == ["75.0%", "25.0%"]


def test_no_sales_is_a_sentence():
    assert revenue_chart([], [], currency="USD", as_of=AS_OF).answer == "There are no sales in this span of time."
    assert months_chart([], question="?", currency="USD", as_of=AS_OF, name="m").answer
    assert mix_chart([], question="?", currency="USD", as_of=AS_OF, name="c").answer
