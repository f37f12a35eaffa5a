"""What a file of a kind looks like: a heading and one example row, as CSV or as a workbook that explains itself."""

import csv
import io
from typing import Any

import xlsxwriter

from loyalty.services.ingest.kinds import Cell, Column, RecordKind
from loyalty.services.ingest.registry import kind_named

CSV, EXCEL = "csv", "xlsx"
MEDIA_TYPES = {
    CSV: "text/csv; charset=utf-8",
    EXCEL: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
EXPLAINED = ("Column", "Needed", "Holds", "Meaning", "Example")
WIDTHS = (22, 10, 22, 70, 26)
LONGEST_SHEET_NAME = 31


def template_file(kind: str, form: str) -> bytes:
    """Raises FileRefused for a kind that is not there."""
    found = kind_named(kind)
    return _workbook(found) if form == EXCEL else _csv(found).encode()


def meaning_of(column: Column) -> str:
    """What to put into a column, in one or two sentences."""
    told = [column.meaning or str(column.model_field.help_text), _choices(column), _reference(column), column.advice]
    return " ".join(dict.fromkeys(filter(None, told))) or f"Holds {column.cell.value}."


def _choices(column: Column) -> str:
    values = [str(value) for value, _ in column.model_field.flatchoices if value != ""]
    return f"One of: {', '.join(values)}." if values and not column.reference else ""


def _reference(column: Column) -> str:
    if column.reference is None or column.reference.also_in:
        return ""
    return (
        ""
        if column.reference.make
        else f"Must be known already, or come earlier: import {column.reference.noun}s first."
    )


def shown_columns(kind: RecordKind) -> list[Column]:
    """Without those that are worked out where they are missing and that nobody would fill in."""
    return [column for column in kind.columns if column.is_asked_for]


def _csv(kind: RecordKind) -> str:
    columns = shown_columns(kind)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.name for column in columns])
    writer.writerow([column.example for column in columns])
    return text.getvalue()


def _workbook(kind: RecordKind) -> bytes:
    file = io.BytesIO()
    # Nothing that stands in a declaration may become a formula or a link.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        _write_rows(book.add_worksheet(kind.label[:LONGEST_SHEET_NAME]), shown_columns(kind), bold)
        _write_explanation(book.add_worksheet("Columns"), shown_columns(kind), bold, wrapped)
    return file.getvalue()


def _write_rows(sheet: Any, columns: list[Column], bold: Any) -> None:
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.name, bold if column.is_required else None)
        sheet.write_comment(0, place, _note(column), {"x_scale": 2})
        sheet.set_column(place, place, max(len(column.name), len(column.example), 8) + 2)
        _write_example(sheet, place, column)


def _note(column: Column) -> str:
    needed = "Every row needs it. " if column.is_required else ""
    example = f" For example: {column.example}" if column.example else ""
    return f"{needed}{meaning_of(column)}{example}"


def _write_example(sheet: Any, place: int, column: Column) -> None:
    if column.example and column.cell in (Cell.NUMBER, Cell.INTEGER):
        sheet.write_number(1, place, float(column.example))
    elif column.example:
        sheet.write_string(1, place, column.example)


def _write_explanation(sheet: Any, columns: list[Column], bold: Any, wrapped: Any) -> None:
    for place, (heading, width) in enumerate(zip(EXPLAINED, WIDTHS, strict=True)):
        sheet.write_string(0, place, heading, bold)
        sheet.set_column(place, place, width)
    for line, column in enumerate(columns, start=1):
        needed = "yes" if column.is_required else "no"
        told = (column.name, needed, column.cell.value, meaning_of(column), column.example)
        for place, text in enumerate(told):
            sheet.write_string(line, place, text, wrapped)
