import pytest

from campaigns.templatetags.reception import figure, interval_mark, off_by, span, times


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (1234.4, "", "1,234"),
        (0.3, "USD", "$0.30"),
        (339.9, "USD", "$340"),
        (-274.03, "USD", "−$274"),
        (640, "CHF", "640 CHF"),
    ],
)
def test_a_figure_shows_cents_only_where_they_say_something(value, currency, text):
    assert figure(value, currency) == text


def test_a_span_below_zero_needs_a_word():
    assert span(118, 167) == "118–167"
    assert span(-291.4, -251.2, "USD") == "−$291 to −$251"


@pytest.mark.parametrize(("n", "text"), [(0, "never"), (1, "once"), (2, "twice"), (1200, "1,200 times")])
def test_times(n, text):
    assert times(n) == text


@pytest.mark.parametrize(
    ("error", "text"), [(0.12, "12% too high"), (-0.3, "30% too low"), (0.001, "right"), (None, "–")]
)
def test_off_by(error, text):
    assert off_by(error) == text


def test_the_mark_shows_what_happened_and_whether_it_lay_inside():
    assert "mark-actual" not in interval_mark(10, 20, 30)
    assert "mark-actual" not in interval_mark(10, 20, 30, "")
    assert 'class="mark-actual"' in interval_mark(10, 20, 30, 12)
    assert "mark-outside" in interval_mark(10, 20, 30, 31)
