"""Turn one sheet of a workbook into lines of JSON. Run as a program of its own, so that whatever is in the file can
end nothing but this: a sheet of two cells a billion rows apart asks for more memory than there is.

First line: what the sheet is. Then a line a row: its number and its cells as text, empty ones null.
"""

import datetime
import json
import resource
import sys
from collections.abc import Iterator
from typing import IO, Any

import python_calamine

MOST_MEMORY = 1536 << 20
MOST_SECONDS = 120
MOST_OUTPUT = 2 << 30
LONGEST_CELL = 1 << 17
NUMBER, MOMENT, OTHER = "number", "moment", "text"
Row = list[Any]


class Refused(Exception):
    """The workbook cannot be read; the message is a sentence for people."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_OUTPUT, MOST_OUTPUT))
    path, sheet, most_rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
    try:
        with open(path, "rb") as file:
            for told in _lines(file, sheet, most_rows):
                sys.stdout.write(json.dumps(told, ensure_ascii=True) + "\n")
    except Refused as refused:
        sys.stdout.write(json.dumps({"refused": str(refused)}) + "\n")


def _lines(file: IO[bytes], wanted: str, most_rows: int) -> Iterator[Any]:
    book = _book(file)
    if wanted and wanted not in book.sheet_names:
        raise Refused(f"There is no sheet “{wanted[:64]}”. Choose one of: {', '.join(book.sheet_names[:20])}.")
    sheet, start = _sheet(book, wanted)
    kinds = _kinds(sheet, start, most_rows)
    heading = next(_rows(sheet, start))[1]
    yield {
        "sheets": book.sheet_names,
        "sheet": sheet.name,
        "heading": [_text(cell) or "" for cell in heading[: len(kinds)]],
        "kinds": kinds,
        "n_rows": sum(1 for _ in _rows(sheet, start)) - 1,
    }
    for number, row in _first(_rows(sheet, start), most_rows):
        yield [number, *(_text(cell) for cell in row[: len(kinds)])]


def _book(file: IO[bytes]) -> python_calamine.CalamineWorkbook:
    try:
        return python_calamine.load_workbook(file)
    except python_calamine.PasswordError as error:
        raise Refused("This workbook is locked with a password. Save it without one.") from error
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise Refused("This is not a workbook, or it is damaged. Save it again as Excel or CSV.") from error


def _sheet(book: python_calamine.CalamineWorkbook, wanted: str) -> tuple[python_calamine.CalamineSheet, int]:
    """The sheet that was chosen, or the first that holds anything; and the row on which its heading stands."""
    for name in [wanted] if wanted else book.sheet_names:
        try:
            sheet = book.get_sheet_by_name(name)
        except (python_calamine.CalamineError, ValueError, OSError):
            continue
        for number, row in enumerate(sheet.iter_rows(), 1):
            if any(_text(cell) for cell in row):
                return sheet, number
    raise Refused("The sheet is empty. Choose a sheet with a heading and at least one row.")


def _rows(sheet: python_calamine.CalamineSheet, start: int) -> Iterator[tuple[int, Row]]:
    """The heading, then the rows that hold anything, each with the number the sheet shows."""
    for number, row in enumerate(sheet.iter_rows(), 1):
        if number >= start and any(cell != "" for cell in row):
            yield number, row


def _first(rows: Iterator[tuple[int, Row]], most: int) -> Iterator[tuple[int, Row]]:
    next(rows, None)
    for count, row in enumerate(rows):
        if count == most:
            return
        yield row


def _kinds(sheet: python_calamine.CalamineSheet, start: int, most_rows: int) -> list[str]:
    """What each column holds, for as many columns as hold anything."""
    heading = next(_rows(sheet, start))[1]
    found: list[set[str]] = [set() for _ in heading]
    for _, row in _first(_rows(sheet, start), most_rows):
        for kinds, cell in zip(found, row, strict=False):
            if cell != "":
                kinds.add(_kind(cell))
    used = [bool(kinds) or bool(_text(name)) for kinds, name in zip(found, heading, strict=True)]
    width = max((number for number, is_used in enumerate(used, 1) if is_used), default=0)
    return [kinds.pop() if len(kinds) == 1 else OTHER for kinds in found[:width]]


def _kind(cell: Any) -> str:
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return NUMBER
    return MOMENT if isinstance(cell, datetime.date) else OTHER


def _text(cell: Any) -> str | None:
    if cell == "" or cell is None:
        return None
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    text = str(cell)
    if len(text) > LONGEST_CELL:
        raise Refused(f"A cell is longer than {LONGEST_CELL:,} characters. Shorten it.")
    return text


if __name__ == "__main__":
    main()
