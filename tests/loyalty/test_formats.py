from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import override_settings

from loyalty.templatetags import formats

NOW = datetime(2017, 10, 29, 14, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0, "0"), (999, "999"), (1234567, "1,234,567"), (2.6, "3"), (-1200, "-1,200")]
)
def test_counts_have_thousands_separators(value, text):
    assert formats.count(value) == text


@pytest.mark.parametrize(("value", "text"), [(0, "0 orders"), (1, "1 order"), (2_469, "2,469 orders")])
def test_things_are_counted_with_their_noun(value, text):
    assert formats.counted(value, "order") == text


@pytest.mark.parametrize(
    "write", [formats.count, formats.money, formats.share, formats.day, formats.moment, formats.clock]
)
def test_what_is_missing_is_a_dash(write):
    # A template has an empty text for what is not there.
    assert write("") == write(None) == "–"


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (9_999, "9,999"), (12_345, "12.3 k"), (1_469_307, "1.47 M"), (2.5e9, "2.5 B")]
)
def test_large_figures_are_shortened(value, text):
    assert formats.compact(value) == text


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (None, "USD", "–"),
        (Decimal("3.4"), "USD", "$3.40"),
        (Decimal("999.99"), "EUR", "€999.99"),
        (Decimal("1234.5"), "USD", "$1,234"),
        (Decimal("-1234567"), "GBP", "−£1,234,567"),
        (Decimal("-0.001"), "USD", "$0.00"),
        (12.5, "CHF", "12.50 CHF"),
        (0, "", "0.00"),
    ],
)
def test_money_carries_its_currency(value, currency, text):
    assert formats.money(value, currency) == text


def test_an_amount_is_told_to_the_cent():
    assert formats.amount(Decimal("1234.5"), "USD") == "$1,234.50"


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (0.1234, "12.3%"), (Decimal("1"), "100.0%")])
def test_shares_are_percentages(value, text):
    assert formats.share(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.042, "+4.2%"), (-0.01, "−1.0%"), (0, "0.0%"), (None, "–")])
def test_a_change_has_its_sign(value, text):
    assert formats.change(value) == text


def test_intervals():
    assert formats.interval(118.4, 167) == "118–167"
    assert formats.interval(1180, 1670, "USD") == "$1,180–$1,670"
    assert formats.interval(None, 3) == "–"


@pytest.fixture(autouse=True)
def utc(settings):
    settings.TIME_ZONE = "UTC"


def test_moments_are_told_in_the_shops_zone():
    assert formats.moment(NOW) == "29 Oct 2017, 14:05 UTC"
    with override_settings(TIME_ZONE="Asia/Tokyo"):
        assert formats.day(datetime(2017, 10, 29, 20, tzinfo=UTC)) == "30 Oct 2017"
    assert formats.day(date(2017, 1, 2)) == "2 Jan 2017"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "just now"), (59, "59 s ago"), (180, "3 min ago"), (7200, "2 h ago"), (90_000, "1 day ago")],
)
def test_how_long_ago(seconds, text):
    assert formats.ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_never_is_a_word():
    assert formats.ago(None) == "never"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "yes"),
        (1234, "1,234"),
        (0.123456, "0.1235"),
        (12345.6, "12,346"),
        (date(2017, 1, 2), "2 Jan 2017"),
        (NOW, "29 Oct 2017, 14:05 UTC"),
        ("Grocery", "Grocery"),
    ],
)
def test_cells_of_a_chart_table(value, text):
    assert formats.cell(value) == text


@pytest.mark.parametrize(("value", "width"), [(None, 0), (-1, 0), (0.405, 40), (7, 100)])
def test_a_bar_is_never_wider_than_its_place(value, width):
    assert formats.percent(value) == width
