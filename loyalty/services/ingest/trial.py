"""What writing would do, found out without writing: the same conditions, asked instead of acted on."""

from loyalty.services.ingest.kinds import Part
from loyalty.services.ingest.rows import LINE
from loyalty.services.ingest.staging import CHANGES, Staging
from loyalty.services.ingest.statements import Statement, is_told, statement_of
from loyalty.services.ingest.writes import Written


def foresee(rows: Staging) -> list[Written]:
    """Nothing is locked and no table changes; what others write meanwhile can make a small difference."""
    return [_foresee_part(rows, part) for part in rows.kind.parts if is_told(rows, part)]


def _foresee_part(rows: Staging, part: Part) -> Written:
    statement = statement_of(rows, part, is_trial=True)
    updated = _would_change(rows, statement)
    removed = _would_remove(rows, statement)
    created = 0 if part.only_updates else _would_add(rows, statement)
    return Written(statement.table, created, 0 if part.only_updates else updated, removed)


def _would_change(rows: Staging, statement: Statement) -> int:
    if not statement.columns:
        return 0
    return _tell(
        rows,
        statement,
        "updated",
        f"SELECT s.{LINE} FROM {statement.table} t JOIN ({statement.source}) s ON {statement.is_same_row} "
        f"WHERE {statement.differs}",
    )


def _would_remove(rows: Staging, statement: Statement) -> int:
    if not statement.whole:
        return 0
    query = f"SELECT w.line FROM {statement.table} t, ({statement.whole}) w WHERE {statement.is_left_out}"
    return _tell(rows, statement, "updated", query)


def _would_add(rows: Staging, statement: Statement) -> int:
    return _tell(
        rows,
        statement,
        "created",
        f"SELECT s.{LINE} FROM ({statement.source}) s "
        f"WHERE NOT EXISTS (SELECT FROM {statement.table} t WHERE {statement.is_same_row})",
    )


def _tell(rows: Staging, statement: Statement, what: str, lines: str) -> int:
    number = rows.kind.parts.index(statement.part)
    return rows.run(f"INSERT INTO {CHANGES} SELECT line, {number}, '{what}' FROM ({lines}) found(line)")
