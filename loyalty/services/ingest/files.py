"""A person's file as rows: CSV as shops write it, workbooks, or Parquet."""

from pathlib import Path

from loyalty.services.ingest.delimited import open_csv
from loyalty.services.ingest.kinds import RecordKind
from loyalty.services.ingest.mapped import mapped_rows, rows_as_named
from loyalty.services.ingest.mappings import Mapping
from loyalty.services.ingest.packed import GZIP_MARK, open_bytes
from loyalty.services.ingest.parquet import PARQUET_MARK, open_parquet
from loyalty.services.ingest.readings import FileTable, Reading
from loyalty.services.ingest.rows import FileRefused, Rows
from loyalty.services.ingest.workbooks import MARKS, open_workbook

AS_IT_IS = Reading()
LONGEST_MARK = 4


def open_table(path: Path, reading: Reading = AS_IT_IS, *, most_rows: int | None = None) -> FileTable:
    """The table in a file, under its own column names. `most_rows` spares reading more of a workbook than is shown."""
    with path.open("rb") as file:
        start = file.read(LONGEST_MARK)
    if start.startswith(PARQUET_MARK):
        return open_parquet(path)
    if start.startswith(MARKS):
        return open_workbook(path, reading, most_rows)
    if start.startswith(GZIP_MARK):
        _check_packed(path)
    return open_csv(path, reading)


def _check_packed(path: Path) -> None:
    with open_bytes(path) as file:
        if file.read(LONGEST_MARK).startswith((PARQUET_MARK, *MARKS, GZIP_MARK)):
            raise FileRefused("Only CSV files may be packed as .gz. Unpack this file and upload what is in it.")


def read_file(
    kind: RecordKind,
    path: Path,
    *,
    reading: Reading = AS_IT_IS,
    mapping: Mapping | None = None,
    most_rows: int | None = None,
) -> Rows:
    """Rows of a file in the kind's own columns. Without a mapping its heading must carry the kind's names."""
    table = open_table(path, reading, most_rows=most_rows)
    return rows_as_named(kind, table) if mapping is None else mapped_rows(kind, table, mapping)
