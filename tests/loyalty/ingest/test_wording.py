"""Numbers, days and moments in the ways people write them."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.services.ingest.wording import as_day, as_moment, as_number, as_yes_or_no


def one(rewrite, text, *more):
    return rewrite(pa.array([text], pa.string()), *more)[0].as_py()


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1.234,50 €", ",", "1234.50"),
        ("1 234,5", ",", "1234.5"),
        ("1.234.567", ",", "1234567"),
        ("-3", ",", "-3"),
        ("€ -12,00", ",", "-12.00"),
        ("EUR 5,10", ",", "5.10"),
        ("$1,234.50", ".", "1234.50"),
        ("1'234.50 CHF", ".", "1234.50"),
        ("5.6e-17", ".", "5.6e-17"),
        ("12", ".", "12"),
    ],
)
def test_amounts_of_money(text, decimal, number):
    assert one(as_number, text, decimal) == number


@pytest.mark.parametrize(("text", "decimal"), [("1.5", ","), ("1,5", "."), ("12 34", ","), ("1.23.4", ","), ("x", ".")])
def test_what_is_no_number_in_this_spelling_never_becomes_one(text, decimal):
    rewritten = one(as_number, text, decimal)

    with pytest.raises(ValueError, match="could not convert"):
        float(rewritten)


@given(st.integers(-(10**9), 10**9), st.sampled_from([",", "."]))
def test_a_number_written_with_groups_and_cents_comes_back(cents, decimal):
    text = f"{cents / 100:,.2f}"
    if decimal == ",":
        text = text.translate(str.maketrans(",.", ".,"))

    assert float(one(as_number, text, decimal)) == pytest.approx(cents / 100)


@pytest.mark.parametrize(
    ("text", "order", "moment"),
    [
        ("31.12.2017 8:05", "dmy", "2017-12-31 08:05"),
        ("31/12/17", "dmy", "2017-12-31"),
        ("12/1/10 8:26", "mdy", "2010-12-01 08:26"),
        ("12/31/2017 12:05 AM", "mdy", "2017-12-31 00:05"),
        ("12/31/2017 1:05:09 pm", "mdy", "2017-12-31 13:05:09"),
        ("2017-12-31T18:30:00Z", "dmy", "2017-12-31 18:30:00Z"),
        ("20171231", "mdy", "2017-12-31"),
        ("2017/1/2 03:04", "ymd", "2017-01-02 03:04"),
        ("1.2.99", "dmy", "1999-02-01"),
        ("soon", "dmy", "soon"),
        ("31.12.2017 13:00 pm", "dmy", "2017-12-31 99:00"),
    ],
)
def test_moments(text, order, moment):
    assert one(as_moment, text, order) == moment


@given(st.datetimes(), st.sampled_from(["ymd", "dmy", "mdy"]))
def test_a_moment_written_in_any_order_comes_back(moment, order):
    shape = {"ymd": "%Y-%m-%d %H:%M:%S", "dmy": "%d.%m.%Y %H:%M:%S", "mdy": "%m/%d/%Y %I:%M:%S %p"}[order]
    if moment.year < 1000:
        moment = moment.replace(year=moment.year + 1000)

    assert one(as_moment, moment.strftime(shape), order) == moment.strftime("%Y-%m-%d %H:%M:%S")


def test_a_day_loses_the_time_that_a_spreadsheet_gave_it():
    assert one(as_day, "31.12.2017 00:00", "dmy") == "2017-12-31"


@pytest.mark.parametrize(("text", "answer"), [("Ja", "yes"), ("n", "no"), ("true", "true"), ("maybe", "maybe")])
def test_yes_and_no(text, answer):
    assert one(as_yes_or_no, text) == answer
