"""Every file that people download passes here: a spreadsheet must never run what a customer typed."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain

from django.http import StreamingHttpResponse

# A text that begins with one of these is a formula to some spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")
# What a file held as text but is just a number: it runs nothing, and must stay a number when it is read again.
SIGNED_NUMBER = re.compile(r"[+-][0-9]+([.,][0-9]+)*")
BYTE_ORDER_MARK = "\ufeff"


def safe_cell(value: object) -> str:
    """Return what is written for one value; text a spreadsheet could run gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    # Spaces in front do not stop a spreadsheet from reading a formula.
    return f"'{text}" if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) else text


def returned_cell(value: object) -> str:
    """As `safe_cell`, for rows that go back to where they came from: -3 as text is left alone."""
    return value if isinstance(value, str) and SIGNED_NUMBER.fullmatch(value) else safe_cell(value)


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield a CSV file line by line, heading first."""
    return _lines(chain([columns], rows), ",", safe_cell)


def _lines(rows: Iterable[Sequence[object]], delimiter: str, write: Callable[[object], str]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([write(value) for value in row])
        yield buffer.getvalue()


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return "".join(csv_lines(columns, rows))


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """Answer with a file called `name`.csv, written while it is read."""
    response = StreamingHttpResponse(csv_lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def returned_response(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, delimiter: str
) -> StreamingHttpResponse:
    """Rows of somebody's file, to be corrected in a spreadsheet and sent in again: with its delimiter, and the mark
    that tells spreadsheets the encoding."""
    lines = _lines(chain([columns], rows), delimiter, returned_cell)
    response = StreamingHttpResponse(chain([BYTE_ORDER_MARK], lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
