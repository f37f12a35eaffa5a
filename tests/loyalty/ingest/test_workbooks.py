"""Sheets as people keep them: typed cells, several sheets, a heading further down."""

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import xlsxwriter

from loyalty.models import OrderLine, Product
from loyalty.services.ingest import Cell, FileRefused, Format, Mapping, Reading, kind_named, look_at, preview
from loyalty.services.ingest.files import open_table

ROWS = [
    ["id", "name", "price", "since", "fine"],
    [4011, "Bananas", 1.25, datetime(2020, 1, 2, tzinfo=UTC), True],
    ["A1", "Grüner Tee", 1234.5, datetime(2020, 1, 2, 18, 30, tzinfo=UTC), False],
    [],
    [7.5, None, 0.1, None, None],
]


def workbook(path, *sheets, top=0):
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as book:
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for line, row in enumerate(rows, top):
                for place, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(line, place, cell.replace(tzinfo=None), moment)
                    elif cell is not None:
                        sheet.write(line, place, cell)
    path.write_bytes(packed.getvalue())
    return path


def rows_of(path, **reading):
    return [tuple(row.values()) for batch in open_table(path, Reading(**reading)).batches for row in batch.to_pylist()]


def test_cells_become_the_text_that_people_see(tmp_path):
    path = workbook(tmp_path / "file", ("Products", ROWS))

    assert rows_of(path) == [
        (2, "4011", "Bananas", "1.25", "2020-01-02", "yes"),
        (3, "A1", "Grüner Tee", "1234.5", "2020-01-02 18:30:00", "no"),
        (5, "7.5", None, "0.1", None, None),
    ]


def test_a_heading_further_down_keeps_the_numbers_of_the_sheet(tmp_path):
    path = workbook(tmp_path / "file", ("Empty", []), ("Products", ROWS), top=3)

    assert [row[0] for row in rows_of(path)] == [5, 6, 8]


def test_a_sheet_can_be_chosen_and_the_first_filled_one_is(tmp_path):
    path = workbook(tmp_path / "file", ("Empty", []), ("One", [["a"], [1]]), ("Two", [["b"], [2]]))
    look = look_at(path)

    assert (look.format, look.sheet, look.sheets) == (Format.EXCEL, "One", ("Empty", "One", "Two"))
    assert look_at(path, sheet="Two").names == ("b",)
    with pytest.raises(FileRefused, match="There is no sheet “Three”"):
        look_at(path, sheet="Three")
    with pytest.raises(FileRefused, match="The sheet is empty"):
        look_at(path, sheet="Empty")


def test_a_look_knows_the_types_and_asks_no_question_about_signs(tmp_path):
    look = look_at(workbook(tmp_path / "file", ("Products", ROWS)))

    assert [column.cell for column in look.columns] == [Cell.TEXT, Cell.TEXT, Cell.NUMBER, Cell.TIME, Cell.BOOLEAN]
    assert {(column.decimal, column.date_order) for column in look.columns} == {("", "")}
    assert look.n_rows == 3


@pytest.mark.django_db
def test_numbers_of_a_sheet_do_not_mind_the_decimal_sign(take, tmp_path, at):
    rows = [["nr", "what", "price"], [1, "Tea", 1234.5], [2, "Milk", 0.125]]
    path = workbook(tmp_path / "file", ("Products", rows))
    mapping = Mapping(columns={"nr": "sku", "what": "name", "price": "price"}, decimal=",")

    assert preview(kind_named("products"), path, mapping, at=at).rows[0].is_taken
    assert take("products", path.read_bytes(), mapping=mapping).counts == (2, 0, 0, 0)
    assert dict(Product.objects.values_list("sku", "price")) == {"1": Decimal("1234.50"), "2": Decimal("0.13")}
    assert not OrderLine.objects.exists()
