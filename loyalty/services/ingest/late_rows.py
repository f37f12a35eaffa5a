"""Remember which rows came in under the key of a merged customer, so that they go back with it."""

from collections.abc import Iterator
from contextlib import contextmanager

from loyalty.services.ingest.kinds import Part
from loyalty.services.ingest.rows import LINE
from loyalty.services.ingest.staging import ALIASED, Staging
from loyalty.services.ingest.statements import Statement, column_of, field_of

REMEMBER = """
INSERT INTO loyalty_mergedrow (merge_id, "table", "column", row_id, came_later)
SELECT DISTINCT a.merge_id, '{table}', '{column}', t.id::text, true
FROM ({source}) s JOIN {aliased} a ON a.line = s.{line} AND a.name = '{name}'
JOIN {table} t ON {is_same_row} AND t."{column}" = a.customer_id AND t.id > {newest}
ON CONFLICT DO NOTHING
"""


@contextmanager
def remembered(rows: Staging, statement: Statement) -> Iterator[None]:
    """What is written within, of rows that named a merged customer."""
    names = [name for name in (*statement.part.key, *statement.part.columns) if name in rows.aliased]
    before = {name: _newest_before(rows, statement.part, name) for name in names}
    yield
    for name in names:
        column = column_of(field_of(statement.part, rows.kind.column(name)))
        rows.run(
            REMEMBER.format(
                table=statement.table,
                column=column,
                source=statement.source,
                aliased=ALIASED,
                line=LINE,
                name=name,
                is_same_row=statement.is_same_row,
                newest=before[name],
            )
        )


def _newest_before(rows: Staging, part: Part, name: str) -> int:
    """A row that is recognised by its customer may have been the kept one's own before; only a new one is not."""
    if name not in part.key:
        return 0
    return int(rows.scalar(f"SELECT COALESCE(max(id), 0) FROM {part.model._meta.db_table}"))
