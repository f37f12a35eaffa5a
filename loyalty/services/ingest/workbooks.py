"""A sheet of an Excel or LibreOffice workbook as rows, read by a program of its own with bounds on what it may use."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from loyalty.services.ingest import workbook_reader
from loyalty.services.ingest.packed import ZIP_MARK, check_zip
from loyalty.services.ingest.readings import FileTable, Format, Reading, check_heading, told_apart
from loyalty.services.ingest.rows import BATCH_ROWS, LINE, FileRefused

OLD_EXCEL_MARK = b"\xd0\xcf\x11\xe0"
MARKS = (ZIP_MARK, OLD_EXCEL_MARK)
MOST_SECONDS = 240
ALL_ROWS = 1 << 31
TOO_LARGE = (
    "This workbook could not be read: it is damaged, or far larger than it looks. "
    "Copy the rows into a new workbook, or save the sheet as CSV."
)


def open_workbook(path: Path, reading: Reading, most_rows: int | None) -> FileTable:
    with path.open("rb") as file:
        if file.read(len(ZIP_MARK)) == ZIP_MARK:
            check_zip(path)
    lines = _converted(path, reading.sheet or "", ALL_ROWS if most_rows is None else most_rows)
    told = json.loads(next(lines, "{}"))
    if "refused" in told or "heading" not in told:
        raise FileRefused(told.get("refused", TOO_LARGE))
    heading = tuple(name.strip() for name in told["heading"])
    check_heading(heading)
    names = told_apart(heading)
    schema = pa.schema([pa.field(LINE, pa.int64()), *(pa.field(name, pa.string()) for name in names)])
    typed = frozenset(name for name, kind in zip(names, told["kinds"], strict=True) if kind != workbook_reader.OTHER)
    return FileTable(
        format=Format.EXCEL,
        heading=heading,
        schema=schema,
        batches=_batches(lines, schema),
        n_rows=told["n_rows"],
        sheet=told["sheet"],
        sheets=tuple(told["sheets"]),
        typed=typed,
    )


def _converted(path: Path, sheet: str, most_rows: int) -> Iterator[str]:
    """The sheet as lines of JSON, from a file that is gone when the last was read or nobody wants more."""
    command = [sys.executable, "-I", workbook_reader.__file__, str(path), sheet, str(most_rows)]
    with tempfile.TemporaryFile("w+", encoding="ascii") as lines:
        try:
            done = subprocess.run(command, stdout=lines, stderr=subprocess.DEVNULL, timeout=MOST_SECONDS, check=False)
        except (subprocess.TimeoutExpired, ValueError) as error:
            raise FileRefused(TOO_LARGE) from error
        if done.returncode != 0:
            raise FileRefused(TOO_LARGE)
        lines.seek(0)
        yield from lines


def _batches(lines: Iterator[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while kept := [json.loads(line) for line in islice(lines, BATCH_ROWS)]:
        yield _batch(kept, schema)


def _batch(rows: list[list[Any]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)
