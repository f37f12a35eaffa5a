"""Count what happened while the staging tables still know it, and keep the refused rows."""

from loyalty.models import IngestRun
from loyalty.services.ingest.reports import IngestReport, RowOutcome
from loyalty.services.ingest.rows import LINE, RECORD
from loyalty.services.ingest.staging import CHANGES, CLEAN, PROBLEMS, RAW, Staging
from loyalty.services.ingest.writes import Written

REASONS_TOLD = 20
NOTHING_HAPPENED = "unchanged"


def keep_rejected(rows: Staging, run: IngestRun) -> int:
    """One row a refused cell. Returns how many rows of the file were refused."""
    rows.run("DELETE FROM loyalty_rejectedrow WHERE run_id = %s", [run.pk])
    rows.run(
        f'INSERT INTO loyalty_rejectedrow (run_id, line, "column", value, reason) '
        f'SELECT DISTINCT ON (place, "column") %s, place, left("column", 64), '
        f"left(COALESCE(value, ''), 200), left(reason, 300) FROM {PROBLEMS} ORDER BY place, \"column\", line",
        [run.pk],
    )
    return rows.n_rows - rows.n_clean


def report(rows: Staging, run: IngestRun, written: list[Written], notes: tuple[str, ...]) -> IngestReport:
    n_rejected = keep_rejected(rows, run)
    n_created = _main(rows, written).created
    n_updated = _n_updated(rows)
    outcomes = _outcomes(rows) if rows.rows.is_nested else ()
    return IngestReport(
        run_id=run.pk,
        n_rows=rows.n_rows,
        n_created=n_created,
        n_updated=n_updated,
        n_unchanged=rows.n_rows - n_rejected - n_created - n_updated,
        n_rejected=n_rejected,
        tables=tuple(written),
        reasons=reasons(rows),
        notes=notes,
        rows=outcomes,
    )


def _main(rows: Staging, written: list[Written]) -> Written:
    table = rows.kind.main.model._meta.db_table
    return [one for one in written if one.table == table][-1]


def _n_updated(rows: Staging) -> int:
    """Rows that changed something, whichever table it was in. A row that was added counts as added."""
    main = rows.kind.parts.index(rows.kind.main)
    return int(
        rows.scalar(
            f"SELECT count(DISTINCT line) FROM {CHANGES} c WHERE what = 'updated' AND NOT EXISTS "
            f"(SELECT FROM {CHANGES} n WHERE n.line = c.line AND n.what = 'created' AND n.part = {main})"
        )
    )


def reasons(rows: Staging) -> dict[str, int]:
    """The most frequent sentences, and how often each was said."""
    rows.run(f"SELECT reason, count(*) FROM {PROBLEMS} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {REASONS_TOLD}")
    return dict(rows.cursor.fetchall())


def _outcomes(rows: Staging) -> tuple[RowOutcome, ...]:
    """The fate of each record. What happened to its head weighs most, then that anything happened to its lines."""
    rows.run(f'SELECT place, "column", min(reason) FROM {PROBLEMS} GROUP BY 1, 2 ORDER BY 1, 2')
    errors: dict[int, list[tuple[str, str]]] = {}
    for record, column, reason in rows.cursor.fetchall():
        errors.setdefault(record, []).append((column, reason))
    rows.run(
        f"SELECT c.{RECORD}, bool_or(h.part = 0 AND h.what = 'created'), bool_or(h.line IS NOT NULL) "
        f"FROM {CLEAN} c LEFT JOIN {CHANGES} h ON h.line = c.{LINE} GROUP BY 1"
    )
    fates = {record: _fate(is_new, is_changed) for record, is_new, is_changed in rows.cursor.fetchall()}
    rows.run(f"SELECT DISTINCT {RECORD} FROM {RAW} ORDER BY 1")
    return tuple(
        RowOutcome(record, "rejected", tuple(errors[record]))
        if record in errors
        else RowOutcome(record, fates.get(record, NOTHING_HAPPENED))
        for (record,) in rows.cursor.fetchall()
    )


def _fate(is_new: bool | None, is_changed: bool) -> str:
    return "created" if is_new else "updated" if is_changed else NOTHING_HAPPENED
