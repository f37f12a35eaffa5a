"""A sheet of an Excel or LibreOffice workbook as rows, read by a program of its own with bounds on what it may use."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

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
    try:
        told = _told(lines)
    except FileRefused:
        lines.close()
        raise
    heading = tuple(told["heading"])
    names = told_apart(heading)
    schema = pa.schema([pa.field(LINE, pa.int64()), *(pa.field(name, pa.string()) for name in names)])
    typed = frozenset(name for name, kind in zip(names, told["kinds"], strict=True) if kind != workbook_reader.OTHER)
    batches = _batches(lines, schema)
    # Begun, so that the file is closed with it, also when nobody takes a row.
    next(batches)
    return FileTable(
        format=Format.EXCEL,
        heading=heading,
        schema=schema,
        batches=batches,
        n_rows=told["n_rows"],
        sheet=told["sheet"],
        sheets=tuple(told["sheets"]),
        typed=typed,
    )


def _told(lines: "IO[str]") -> dict[str, Any]:
    """What stands before the rows."""
    told: dict[str, Any] = json.loads(lines.readline() or "{}")
    if "refused" in told or "heading" not in told:
        raise FileRefused(told.get("refused", TOO_LARGE))
    told["heading"] = [name.strip() for name in told["heading"]]
    check_heading(told["heading"])
    return told


def _converted(path: Path, sheet: str, most_rows: int) -> "IO[str]":
    """The sheet as lines of JSON, in a file that is gone when it is closed."""
    lines = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 - read while the rows are taken
    command = [sys.executable, "-I", workbook_reader.__file__, str(path), sheet, str(most_rows)]
    try:
        done = subprocess.run(command, stdout=lines, stderr=subprocess.DEVNULL, timeout=MOST_SECONDS, check=False)
    except (subprocess.TimeoutExpired, ValueError) as error:
        lines.close()
        raise FileRefused(TOO_LARGE) from error
    if done.returncode != 0:
        lines.close()
        raise FileRefused(TOO_LARGE)
    lines.seek(0)
    return lines


def _batches(lines: "IO[str]", schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with lines:
        yield pa.RecordBatch.from_pylist([], schema)
        kept: list[list[Any]] = []
        for line in lines:
            kept.append(json.loads(line))
            if len(kept) >= BATCH_ROWS:
                yield _batch(kept, schema)
                kept = []
        if kept:
            yield _batch(kept, schema)


def _batch(rows: list[list[Any]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)
