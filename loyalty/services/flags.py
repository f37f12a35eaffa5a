"""What the checks find, gathered out of sight and put in place of the findings before, in one go."""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
from django.db import connection

from loyalty.models import DataFlag

Check = DataFlag.Check
FOUND = "found_flags"
VALUES = "found_values"
MAKE = f"""
DROP TABLE IF EXISTS {FOUND}, {VALUES};
CREATE TEMPORARY TABLE {FOUND} (
    check_name text, "table" text, record_id bigint, value float8, "limit" float8, other_id bigint, suggestion text,
    reason text
);
CREATE TEMPORARY TABLE {VALUES} ("table" text, record_id bigint, field text, value text, method text);
"""
COLUMNS = ("record_id", "value", "limit", "other_id", "reason")
# Rows that stay the same are not written again: the same data twice change nothing.
KEEP_FLAGS = f"""
DELETE FROM loyalty_dataflag f WHERE NOT EXISTS (
    SELECT 1 FROM {FOUND} n
    WHERE n.check_name = f.check_name AND n."table" = f."table" AND n.record_id = f.record_id
);
INSERT INTO loyalty_dataflag AS f (check_name, "table", record_id, value, "limit", other_id, suggestion, reason)
SELECT check_name, "table", record_id, value, "limit", other_id, suggestion, left(reason, 300) FROM {FOUND}
ON CONFLICT (check_name, "table", record_id) DO UPDATE
SET value = excluded.value, "limit" = excluded."limit", other_id = excluded.other_id,
    suggestion = excluded.suggestion, reason = excluded.reason
WHERE (f.value, f."limit", f.other_id, f.suggestion, f.reason) IS DISTINCT FROM
      (excluded.value, excluded."limit", excluded.other_id, excluded.suggestion, excluded.reason)
"""  # noqa: S608 - put together from our own words
KEEP_VALUES = f"""
DELETE FROM loyalty_cleanedvalue f WHERE NOT EXISTS (
    SELECT 1 FROM {VALUES} n WHERE n."table" = f."table" AND n.field = f.field AND n.record_id = f.record_id
);
INSERT INTO loyalty_cleanedvalue AS f ("table", record_id, field, value, method, as_of)
SELECT "table", record_id, field, value, method, %(as_of)s FROM {VALUES}
ON CONFLICT ("table", field, record_id) DO UPDATE
SET value = excluded.value, method = excluded.method, as_of = excluded.as_of
WHERE (f.value, f.method) IS DISTINCT FROM (excluded.value, excluded.method)
"""  # noqa: S608 - put together from our own words


class Findings:
    """What one run of the checks has found so far."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def select(self, check: Check, table: str, sql: str, values: dict[str, Any]) -> None:
        """Take what a SELECT of (record_id, value, limit, other_id, reason) finds."""
        names = ", ".join(f'"{name}"' for name in COLUMNS)
        place = f'INSERT INTO {FOUND} (check_name, "table", suggestion, {names})'
        self.cursor.execute(
            f"{place} SELECT %(check)s, %(table)s, '', f.* FROM ({sql}) f",  # noqa: S608 - our own statements
            {**values, "check": check.value, "table": table},
        )

    def add(self, check: Check, table: str, rows: Iterable[Sequence[object]], suggestion: str = "") -> None:
        """Take rows of (record_id, value, limit, reason)."""
        told = [(check.value, table, *row[:3], None, suggestion, row[3]) for row in rows]
        if told:
            self._copy(FOUND, [*zip(*told, strict=True)])

    def impute(self, table: str, field: str, ids: Sequence[int], values: Sequence[str], methods: Sequence[str]) -> None:
        if len(ids):
            self._copy(VALUES, [[table] * len(ids), ids, [field] * len(ids), values, methods])

    def impute_by(self, table: str, field: str, method: str, sql: str, values: dict[str, Any]) -> None:
        """Take what a SELECT of (record_id, value) gives."""
        place = f'INSERT INTO {VALUES} ("table", field, method, record_id, value)'
        told = {**values, "table": table, "field": field, "method": method}
        self.cursor.execute(f"{place} SELECT %(table)s, %(field)s, %(method)s, f.* FROM ({sql}) f", told)  # noqa: S608

    def _copy(self, table: str, columns: Sequence[Sequence[object]]) -> None:
        buffer = io.BytesIO()
        frame = pa.table([pa.array(column) for column in columns], names=[str(n) for n in range(len(columns))])
        pacsv.write_csv(frame, buffer, pacsv.WriteOptions(include_header=False))
        buffer.seek(0)
        self.cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT csv)", buffer)

    def keep(self, *, as_of: datetime) -> None:
        """Put these findings in the place of those before. Call it within the transaction of the report."""
        self.cursor.execute(KEEP_FLAGS)
        self.cursor.execute(KEEP_VALUES, {"as_of": as_of})


@contextmanager
def findings() -> Iterator[Findings]:
    """A place to gather findings in, gone afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(MAKE)
        try:
            yield Findings(cursor)
        finally:
            cursor.execute(f"DROP TABLE IF EXISTS {FOUND}, {VALUES}")
