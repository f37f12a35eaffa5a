"""The staging tables of one session: rows as they came, then rows that can be taken, with their references found.

They are temporary tables: no log is written for them, nobody else sees them, and a dead connection takes them along.
"""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
from django.db import connection

from loyalty.services.ingest.cells import StagedCell, literal
from loyalty.services.ingest.kinds import Column, Options, Part, RecordKind
from loyalty.services.ingest.rows import LINE, PREFIX, RECORD, UNSTORABLE, FileRefused, Problem, Rows, follows

RAW = "ingest_raw"
CLEAN = "ingest_clean"
PROBLEMS = "ingest_problems"
CHANGES = "ingest_changes"
ALIASED = "ingest_aliased"
# What was found wrong while reading, by the line of the file.
FOUND = "ingest_found"
COPY_BYTES = 1 << 18
TABLES = (RAW, CLEAN, PROBLEMS, CHANGES, FOUND, ALIASED)
# Hash joins and groups over the whole file stay in memory; given back at the end.
WORK_MEMORY = "128MB"
# From here on a row at a time is the wrong way to join, whatever the planner expects of tables it has not seen yet.
MANY_ROWS = 20_000


class Staging:
    """One import under way on one connection."""

    def __init__(self, cursor: Any, kind: RecordKind, rows: Rows, options: Options) -> None:
        self.cursor = cursor
        self.kind = kind
        self.rows = rows
        self.options = options
        self.n_rows = 0
        # Parts whose key stands in more than one row; the others need no second look.
        self.repeated: set[Part] = set()
        # Tables that were empty and now hold everything.
        self.filled: list[str] = []
        # Columns in which a merged customer's key stood, and rows that say of one what is left as it is.
        self.aliased: set[str] = set()
        self.n_left_alone = 0
        # What people should know about how the rows were read.
        self.notes: list[str] = []

    def run(self, statement: str, values: Any = None) -> int:
        """Execute one statement; return how many rows it touched."""
        self.cursor.execute(statement, values)
        return int(self.cursor.rowcount)

    def scalar(self, statement: str) -> Any:
        self.cursor.execute(statement)
        return self.cursor.fetchone()[0]

    @property
    def n_clean(self) -> int:
        """How many rows can be taken, once all are checked."""
        return int(self.scalar(f"SELECT count(*) FROM {CLEAN}")) + self.n_left_alone

    def has(self, name: str) -> bool:
        """Whether the column is in the file, or can be worked out without it."""
        column = self.kind.column(name)
        return name in self.rows.names or bool(column.when_absent) or follows(column, self.rows.names)

    @property
    def columns(self) -> list[Column]:
        return [column for column in self.kind.columns if column.name in self.rows.names]

    @property
    def cells(self) -> list[StagedCell]:
        return [
            StagedCell(
                column,
                _database_type(self.rows.schema.field(column.name).type),
                self.options.zone,
                follows(column, self.rows.names),
            )
            for column in self.columns
        ]

    def place(self, alias: str = "s") -> str:
        """SQL for the number that people know the row by: the line of the file, the record of the call."""
        return f"{alias}.{RECORD}" if self.rows.is_nested else f"{alias}.{LINE}"

    def told(self, column: str) -> str:
        """SQL for the column's name as people wrote it: `lines[2].sku` in a nested record."""
        head = self.kind.parts[0]
        if not self.rows.is_nested or column in (*head.key, *head.all_columns):
            return literal(column)
        return f"s.{PREFIX} || {literal(column)}"


@contextmanager
def staging(kind: RecordKind, rows: Rows, options: Options) -> Iterator[Staging]:
    """Make the temporary tables and leave nothing of them behind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('work_mem', %s, false)", [WORK_MEMORY])
        _make_tables(cursor, rows)
        try:
            yield Staging(cursor, kind, rows, options)
        finally:
            # After an error inside a transaction nothing can be executed; the roll-back removes the tables.
            if not connection.needs_rollback and connection.is_usable():
                _drop_tables(cursor)
                cursor.execute("RESET work_mem")
                cursor.execute("RESET enable_nestloop")


def _drop_tables(cursor: Any) -> None:
    cursor.execute("DROP TABLE IF EXISTS " + ", ".join(f"pg_temp.{table}" for table in TABLES))


def _make_tables(cursor: Any, rows: Rows) -> None:
    _drop_tables(cursor)
    columns = ", ".join(f'"{field.name}" {_staged_as(field)}' for field in rows.schema)
    cursor.execute(f"CREATE TEMP TABLE {RAW} ({columns})")
    cursor.execute(f'CREATE TEMP TABLE {PROBLEMS} (line bigint, place bigint, "column" text, value text, reason text)')
    cursor.execute(f"CREATE TEMP TABLE {CHANGES} (line bigint, part int, what text)")
    cursor.execute(f"CREATE TEMP TABLE {ALIASED} (line bigint, name text, merge_id bigint, customer_id bigint)")
    cursor.execute(f'CREATE TEMP TABLE {FOUND} (line bigint, "column" text, value text, reason text)')


def _staged_as(field: pa.Field) -> str:
    return "bigint" if field.name in (LINE, RECORD) else _database_type(field.type)


def _database_type(arrow: pa.DataType) -> str:
    if pa.types.is_timestamp(arrow):
        return "timestamptz" if arrow.tz else "timestamp"
    return "text" if pa.types.is_string(arrow) else "numeric"


def stage(into: Staging, tell: Callable[[int], None]) -> None:
    """Copy all rows in as they came, and keep what was found wrong while reading them."""
    names = ", ".join(f'"{name}"' for name in into.rows.schema.names)
    # One COPY a batch: between two of them the connection is free for the source's errors and for our progress.
    for made in _texts(into.rows):
        _copy(into, f"{RAW} ({names})", made.rows)
        _copy(into, FOUND, made.problems)
        into.n_rows += made.n_rows
        tell(into.n_rows)
    if not into.n_rows:
        raise FileRefused("There are no rows. A heading alone says nothing.")
    into.run(f"ANALYZE {RAW}, {FOUND}")
    if into.n_rows >= MANY_ROWS:
        into.run("SET enable_nestloop = off")
    _keep_problems(into)


def _copy(into: Staging, table: str, text: io.BytesIO | None) -> None:
    if text is not None:
        into.cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT csv)", text, COPY_BYTES)


@dataclass(frozen=True)
class _Text:
    """One batch as CSV, and what was found wrong while it was made."""

    n_rows: int
    rows: io.BytesIO
    problems: io.BytesIO | None


def _texts(rows: Rows) -> Iterator[_Text]:
    """Batch by batch; the next one is made while the database takes the one before."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches") as pool:
        coming = pool.submit(_next_text, rows)
        while (made := coming.result()) is not None:
            coming = pool.submit(_next_text, rows)
            yield made


def _next_text(rows: Rows) -> _Text | None:
    batch = next(rows.batches, None)
    if batch is None:
        return None
    # Handed over with their batch and forgotten here: a file of nothing but bad rows must not fill the memory.
    problems = _problems_table(rows.problems) if rows.problems else None
    rows.problems.clear()
    return _Text(batch.num_rows, _csv_text(batch), _csv_text(problems) if problems else None)


def _csv_text(batch: pa.RecordBatch | pa.Table) -> io.BytesIO:
    text = io.BytesIO()
    pacsv.write_csv(batch, text, pacsv.WriteOptions(include_header=False))
    text.seek(0)
    return text


def _problems_table(problems: list[Problem]) -> pa.Table:
    return pa.table(
        {
            "line": pa.array([problem.line for problem in problems], pa.int64()),
            "column": [problem.column for problem in problems],
            "value": [problem.value.replace(UNSTORABLE, "") for problem in problems],
            "reason": [problem.reason for problem in problems],
        }
    )


def _keep_problems(into: Staging) -> None:
    """Write down what was found wrong while reading, under the names that people know row and column by."""
    into.run(f'SELECT DISTINCT "column" FROM {FOUND}')
    for (column,) in into.cursor.fetchall():
        into.run(
            f"INSERT INTO {PROBLEMS} SELECT s.{LINE}, {into.place()}, {into.told(column)}, f.value, f.reason "
            f'FROM {RAW} s JOIN {FOUND} f ON f.line = s.{LINE} WHERE f."column" = %s',
            [column],
        )
