"""What a person is given to fill in: the example must be taken as it stands, in every kind and both forms."""

import io

import pytest
import xlsxwriter
from python_calamine import load_workbook

from loyalty.services.ingest import FileRefused, kind_named, kinds, template_file
from loyalty.services.ingest.templates import CSV, EXCEL, EXPLAINED, meaning_of, shown_columns

pytestmark = pytest.mark.django_db


def sheets(content):
    book = load_workbook(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


@pytest.mark.parametrize("form", [CSV, EXCEL])
def test_the_examples_of_all_kinds_are_taken_one_after_the_other(take, form):
    """In the order in which the kinds are offered: what an example refers to was in one before it."""
    for kind in kinds():
        taken = take(kind.name, template_file(kind.name, form))
        assert (kind.name, taken.refusals) == (kind.name, [])


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_a_workbook_holds_the_columns_and_explains_each(kind):
    found = sheets(template_file(kind.name, "xlsx"))
    rows, explained = found[kind.label], found["Columns"]
    names = [column.name for column in shown_columns(kind)]
    assert rows[0] == names
    assert len(rows) == 2
    assert explained[0] == list(EXPLAINED)
    assert [line[0] for line in explained[1:]] == names
    assert [line[1] == "yes" for line in explained[1:]] == [column.is_required for column in shown_columns(kind)]


def test_numbers_are_numbers_in_a_workbook():
    rows = sheets(template_file("products", "xlsx"))["Products"]
    assert dict(zip(*rows, strict=True))["price"] == 0.59


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_every_column_says_what_it_wants(kind):
    assert all(meaning_of(column).endswith(".") for column in kind.columns)


def test_choices_are_told():
    assert "granted, denied, revoked" in meaning_of(kind_named("consents").column("state"))


def test_a_note_hangs_on_every_heading(monkeypatch):
    told = []
    monkeypatch.setattr(xlsxwriter.worksheet.Worksheet, "write_comment", lambda self, *where: told.append(where[2]))
    template_file("orders", "xlsx")
    assert len(told) == len(shown_columns(kind_named("orders")))
    assert told[0].startswith("Every row needs it.")


def test_there_is_no_template_for_what_is_no_kind():
    with pytest.raises(FileRefused, match="Choose one of"):
        template_file("socks", "xlsx")
