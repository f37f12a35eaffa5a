import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.exports import FORMULA_STARTS, SIGNED_NUMBER, csv_response, csv_text, returned_cell, safe_cell


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "  =1", "\n=1", '=HYPERLINK("x")']
)
def test_a_formula_is_written_as_text(text):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (-3, "-3"),
        (Decimal("-1.50"), "-1.50"),
        (datetime(2017, 1, 2, tzinfo=UTC), "2017-01-02T00:00:00+00:00"),
        ("Apples, red", "Apples, red"),
        ("a=b", "a=b"),
    ],
)
def test_other_values_are_written_as_they_are(value, text):
    assert safe_cell(value) == text


@given(st.text(max_size=20))
def test_no_text_begins_like_a_formula(text):
    assert not safe_cell(text).startswith(FORMULA_STARTS)
    assert not safe_cell(text).lstrip().startswith(FORMULA_STARTS)


@pytest.mark.parametrize("text", ["-3", "+3.50", "-1.234,50"])
def test_a_number_that_goes_back_stays_a_number(text):
    assert returned_cell(text) == text


@pytest.mark.parametrize("text", ["-1+2", "-", "--1", "-1)", "=1", "-1\n", "-1 "])
def test_what_only_looks_like_a_number_goes_back_as_text(text):
    assert returned_cell(text) == f"'{text}"


@given(st.text(alphabet="+-=@0123456789.,\t\n eA(", max_size=12))
def test_nothing_goes_back_that_runs(text):
    told = returned_cell(text)
    assert SIGNED_NUMBER.fullmatch(told) or not told.lstrip().startswith(FORMULA_STARTS)


@given(
    st.lists(
        st.tuples(st.text(alphabet=st.characters(exclude_characters="\0\r"), max_size=8), st.integers()), max_size=5
    )
)
def test_what_is_written_is_read_back(rows):
    told = csv_text(["name", "number"], rows)

    read = list(csv.reader(io.StringIO(told, newline="")))

    assert read == [["name", "number"], *[[safe_cell(text), str(number)] for text, number in rows]]


def test_headings_are_escaped_too():
    assert csv_text(["=x"], []) == "'=x\r\n"


def test_a_file_comes_with_its_name():
    response = csv_response("customers", ["customer"], [["=evil"], ["c1"]])

    assert response["Content-Disposition"] == 'attachment; filename="customers.csv"'
    assert b"".join(response) == b"customer\r\n'=evil\r\nc1\r\n"
