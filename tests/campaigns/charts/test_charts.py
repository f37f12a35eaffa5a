"""Each chart says in its sentence and in its table what its figure draws."""

from datetime import UTC, date, datetime

import pytest

from campaigns.charts.calendar import Span, calendar_chart
from campaigns.charts.drivers import drivers_chart, segments_chart
from campaigns.charts.intervals import IntervalRow, Words, interval_chart
from campaigns.charts.profit import profit_chart
from campaigns.charts.reception import reception_chart
from campaigns.charts.scoreboard import Scored, scoreboard_chart

AT = datetime(2017, 10, 29, tzinfo=UTC)


def span(name, first, last):
    return Span(name, "Type A", "Running", date(2017, 1, first), date(2017, 1, last))


def test_the_calendar_counts_what_runs_today_and_at_the_busiest_time():
    spans = [span("a", 1, 10), span("b", 5, 20), span("c", 9, 12), span("d", 13, 30)]

    chart = calendar_chart(spans, today=date(2017, 1, 20), as_of=AT)

    assert chart.answer == "2 of 4 run now; at the busiest time 3 ran at once."
    assert chart.table.rows[0][-1] == 10
    (bars,) = chart.figure.data
    assert bars.x[0] == 10 * 86_400_000


def test_a_calendar_of_nothing_says_so():
    assert calendar_chart([], today=date(2017, 1, 1), as_of=None).answer == "No campaign matches."


def test_intervals_draw_one_trace_a_level_and_keep_what_happened_apart():
    rows = [IntervalRow("Takers", 187, {90: (121, 286), 50: (160, 215)}, 214), IntervalRow("Coins", None, {90: (1, 2)})]

    chart = interval_chart(rows, Words("How many?", "187.", "Customers", "how-many"))

    assert [trace.name for trace in chart.figure.data] == ["90%", "50%", "Expected", "What happened"]
    assert list(chart.figure.data[0].x) == [121, 286, None, 1, 2, None]
    assert list(chart.table.columns) == [
        "Figure", "Expected", "Low (50%)", "High (50%)", "Low (90%)", "High (90%)", "What happened",
    ]  # fmt: skip
    assert chart.table.rows[1] == ["Coins", None, None, None, 1, 2, None]


def profit_curve(cut):
    return {
        "depths": [0, 10, 20], "profit": [0, 5, 4], "low_80": [0, 3, 2], "high_80": [0, 6, 6],
        "low_95": [0, 2, 1], "high_95": [0, 7, 8], "redeemer_share": [0, 0.7, 1], "cut": cut,
    }  # fmt: skip


@pytest.mark.parametrize(("cut", "n_marks"), [(10, 1), (0, 0)])
def test_profit_marks_where_to_stop_only_where_there_is_such_a_place(cut, n_marks):
    chart = profit_chart(profit_curve(cut), n_audience=12, advice="Stop.", sign="$", as_of=AT)

    assert len(chart.figure.layout.annotations) == n_marks
    assert chart.figure.data[-1].x == (10,)
    assert chart.table.rows[1] == (10, 5, 3, 6, 2, 7, 0.7)


def reception_curve(**changes):
    days = {"days": [0, 1, 2], "mid": [0, 0.4, 1], "low_90": [0, 0.2, 1], "high_90": [0, 0.6, 1]}
    return {**days, "n_campaigns": 7, "is_indicative": False, **changes}


def test_reception_says_by_which_day_half_has_come():
    chart = reception_chart(reception_curve(), actual=[0, 0.5, 1], as_of=AT)

    assert chart.answer == "Half of all uses should have come by day 2 of 2, learnt from 7 past campaigns."
    assert chart.table.rows[1] == (1, 0.4, 0.2, 0.6, 0.5)


def test_reception_tells_numbers_of_each_day_where_they_were_kept():
    numbers = {"mid": [12.0, 30.0], "low": [5.0, 11.0], "high": [40.0, 90.0]}
    by_day = {"mid": [12.0, 42.0], "low": [5.0, 20.0], "high": [40.0, 120.0]}

    chart = reception_chart(reception_curve(on_day=numbers, by_day=by_day), actual=None, as_of=AT)

    assert "Day 2 should be the busiest: 30 uses, 9 times out of 10 between 11 and 90." in chart.answer
    assert chart.table.rows[2] == (2, 1, 1, 1, 42.0, 20.0, 120.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"n_campaigns": 3, "is_indicative": True}, "take it as a hint"), ({"n_campaigns": 0}, "any day is as likely")],
)
def test_reception_hedges_where_little_is_known(changes, words):
    assert words in reception_chart(reception_curve(**changes), actual=None, as_of=AT).answer


def test_drivers_put_the_strongest_first_and_speak_of_odds():
    reasons = [{"reason": "Uses coupons", "log_odds": 0.1}, {"reason": "Shopped lately", "log_odds": -0.6931}]

    chart = drivers_chart(reasons, as_of=AT)

    assert chart.answer == "Most of all “Shopped lately”, which lowers the odds by 50%."
    assert list(chart.figure.data[0].text) == ["−50%", "+11%"]


def test_drivers_that_drive_nothing_say_so():
    assert "Nothing known" in drivers_chart([{"reason": "Uses coupons", "log_odds": 0.0}], as_of=AT).answer


def test_segments_name_the_keenest_by_share_not_by_size():
    rows = [
        {"segment": "Large", "n": 1000, "mid": 50, "low_80": 40, "high_80": 60},
        {"segment": "Keen", "n": 100, "mid": 20, "low_80": 15, "high_80": 25},
    ]

    assert segments_chart(rows, as_of=AT).answer.startswith("Keen is the keenest: 20 of its 100")


def test_long_names_stand_in_several_lines_and_the_table_has_them_whole():
    name = "Customers strong in Drug and General Merchandise"
    rows = [{"segment": name, "n": 64, "mid": 5, "low_80": 3, "high_80": 9, "took": 4}]

    chart = segments_chart(rows, as_of=AT)

    assert "<br>" in chart.figure.data[-1].y[0]
    assert chart.table.rows[0][0] == f"{name} (64)"
    assert chart.table.rows[0][-1] == 4


def test_the_scoreboard_counts_what_held():
    rows = [Scored("a", 20, 10, 40, 30), Scored("b", 20, 10, 40, 41)]

    chart = scoreboard_chart(rows, as_of=AT)

    assert chart.answer == "What happened lay inside the 90% interval in 1 of 2 campaigns."
    assert [row[-1] for row in chart.table.rows] == ["yes", "no"]
    assert list(chart.figure.data[0].base) == [0.5, 0.5]
