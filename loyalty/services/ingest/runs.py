"""One import from start to end: staged and checked out of sight, then written in one transaction or not at all."""

from collections.abc import Sequence

from django.apps import apps
from django.contrib.auth.models import User
from django.db.models.functions import Now

from loyalty.models import IngestRun
from loyalty.services.ingest.bulk import settle
from loyalty.services.ingest.checks import check
from loyalty.services.ingest.kinds import Cell, Options, RecordKind
from loyalty.services.ingest.outcomes import report as outcome_report
from loyalty.services.ingest.records import Record, from_records
from loyalty.services.ingest.reports import IngestReport
from loyalty.services.ingest.rows import Rows
from loyalty.services.ingest.staging import RAW, Staging, stage, staging
from loyalty.services.ingest.writes import write
from loyalty.services.progress import Progress, QuietProgress


def start_run(*, kind: RecordKind, options: Options, by: User | None, fingerprint: str = "") -> IngestRun:
    return IngestRun.objects.create(
        kind=kind.name,
        source=options.source[:200],
        started_by=by,
        started_at=options.at,
        options={"unknown_products": options.unknown_products},
        fingerprint=fingerprint,
    )


def ingest_records(*, kind: RecordKind, records: Sequence[Record], options: Options, by: User | None) -> IngestReport:
    """Take the records of one call; the report tells the fate of each."""
    rows = from_records(kind, records)
    run = start_run(kind=kind, options=options, by=by)
    return ingest_rows(run=run, kind=kind, rows=rows, options=options, report=QuietProgress())


def ingest_rows(*, run: IngestRun, kind: RecordKind, rows: Rows, options: Options, report: Progress) -> IngestReport:
    """Take all rows that can be taken and keep the others with their reasons. A kill leaves nothing half-written."""
    # An upload is tied to its job from the start; what a command takes in has none.
    IngestRun.objects.filter(pk=run.pk).update(state=IngestRun.State.RUNNING, job_id=report.job_id or run.job_id)
    with staging(kind, rows, options) as staged:
        expected = rows.n_rows or 0
        stage(staged, lambda done: report(done, max(done, expected), f"Reading {kind.label.lower()}"))
        report(staged.n_rows, staged.n_rows, f"Checking {staged.n_rows:,} rows")
        check(staged)
        notes = _notes(staged)
        report(staged.n_rows, staged.n_rows, f"Writing {kind.label.lower()}")
        with report.writing():
            written = write(staged)
            result = outcome_report(staged, run, written, notes)
            _close(run, result)
        settle(staged.filled)
    return result


def _notes(rows: Staging) -> tuple[str, ...]:
    conditions = [cell.lacks_zone() for cell in rows.cells if cell.column.cell is Cell.TIME]
    if not conditions:
        return ()
    n_local = rows.scalar(f"SELECT count(*) FROM {RAW} s WHERE {' OR '.join(conditions)}")
    if not n_local:
        return ()
    return (f"{n_local:,} rows hold times without a zone; they were read as times in {rows.options.zone}.",)


def _close(run: IngestRun, result: IngestReport) -> None:
    told = [f"{_noun(one.table)}: {one.created:,} added, {one.updated:,} changed" for one in result.tables]
    run.state = IngestRun.State.DONE
    run.n_rows, run.n_rejected = result.n_rows, result.n_rejected
    run.n_created, run.n_updated, run.n_unchanged = result.n_created, result.n_updated, result.n_unchanged
    run.note = "\n".join([*result.notes, *told])
    IngestRun.objects.filter(pk=run.pk).update(
        state=run.state,
        n_rows=run.n_rows,
        n_created=run.n_created,
        n_updated=run.n_updated,
        n_unchanged=run.n_unchanged,
        n_rejected=run.n_rejected,
        note=run.note,
        finished_at=Now(),
    )


def _noun(table: str) -> str:
    """What people call the rows of a table."""
    names = {model._meta.db_table: model._meta.verbose_name_plural for model in apps.get_models()}
    return str(names[table]).capitalize()
