"""One import from start to end: staged and checked out of sight, then written in one transaction or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db.models.functions import Now

from loyalty.models import IngestRun
from loyalty.services.ingest.bulk import settle
from loyalty.services.ingest.checks import check
from loyalty.services.ingest.kinds import Cell, Options, RecordKind
from loyalty.services.ingest.outcomes import keep_rejected, reasons
from loyalty.services.ingest.outcomes import report as outcome_report
from loyalty.services.ingest.records import Record, from_records
from loyalty.services.ingest.reports import IngestReport
from loyalty.services.ingest.rows import Rows
from loyalty.services.ingest.staging import CLEAN, RAW, Staging, stage, staging
from loyalty.services.ingest.trial import foresee
from loyalty.services.ingest.writes import Written, write
from loyalty.services.progress import Progress, QuietProgress

DECISIONS = ("zone", "unknown_products", "unknown_customers", "on_bad_rows")


def start_run(*, kind: RecordKind, options: Options, by: User | None, fingerprint: str = "") -> IngestRun:
    return IngestRun.objects.create(
        kind=kind.name,
        source=options.source[:200],
        started_by=by,
        started_at=options.at,
        options=kept_options(options),
        fingerprint=fingerprint,
    )


def kept_options(options: Options) -> dict[str, str]:
    """What was decided, so that a run that is taken up again decides the same."""
    return {name: getattr(options, name) for name in DECISIONS}


def ingest_records(*, kind: RecordKind, records: Sequence[Record], options: Options, by: User | None) -> IngestReport:
    """Take the records of one call; the report tells the fate of each."""
    rows = from_records(kind, records)
    run = start_run(kind=kind, options=options, by=by)
    return ingest_rows(run=run, kind=kind, rows=rows, options=options, report=QuietProgress())


def ingest_rows(*, run: IngestRun, kind: RecordKind, rows: Rows, options: Options, report: Progress) -> IngestReport:
    """Take all rows that can be taken and keep the others with their reasons. A kill leaves nothing half-written.

    With `on_bad_rows="refuse_all"` one row that cannot be taken keeps all of them out.
    """
    _begin(run, IngestRun.State.RUNNING, report)
    with _checked(kind, rows, options, report) as staged:
        if options.is_all_or_nothing and (n_bad := staged.n_rows - staged.n_clean):
            return _refuse_all(staged, run, n_bad, report)
        report(staged.n_rows, staged.n_rows, f"Writing {kind.label.lower()}")
        with report.writing():
            written = write(staged)
            result = outcome_report(staged, run, written, tuple(staged.notes))
            _close(run, result)
        settle(staged.filled)
    return result


def check_rows(*, run: IngestRun, kind: RecordKind, rows: Rows, options: Options, report: Progress) -> IngestReport:
    """Find out what an import would do and which rows it would refuse. No record is written."""
    _begin(run, IngestRun.State.CHECKING, report)
    with _checked(kind, rows, options, report) as staged:
        report(staged.n_rows, staged.n_rows, f"Comparing with the {kind.label.lower()} that are there")
        foreseen = foresee(staged)
        with report.writing():
            result = outcome_report(staged, run, foreseen, tuple(staged.notes))
            _keep(run, IngestRun.State.CHECKED, result, checked=result.to_json())
    return result


def _begin(run: IngestRun, state: str, report: Progress) -> None:
    # An upload is tied to its job from the start; what a command takes in has none.
    IngestRun.objects.filter(pk=run.pk).update(state=state, job_id=report.job_id or run.job_id)


@contextmanager
def _checked(kind: RecordKind, rows: Rows, options: Options, report: Progress) -> Iterator[Staging]:
    """All rows, staged and checked: what can be taken is clean, the rest has its reasons."""
    with staging(kind, rows, options) as staged:
        expected = rows.n_rows or 0
        stage(staged, lambda done: report(done, max(done, expected), f"Reading {kind.label.lower()}"))
        report(staged.n_rows, staged.n_rows, f"Checking {staged.n_rows:,} rows")
        check(staged)
        staged.notes.extend(_notes(staged))
        yield staged


def _refuse_all(staged: Staging, run: IngestRun, n_bad: int, report: Progress) -> IngestReport:
    sentence = (
        f"{n_bad:,} of {staged.n_rows:,} rows cannot be taken. All or nothing was chosen, so nothing was written. "
        "Correct these rows, or choose to leave them out."
    )
    with report.writing():
        keep_rejected(staged, run)
        result = IngestReport(
            run.pk, staged.n_rows, 0, 0, 0, n_bad, reasons=reasons(staged), notes=(sentence,), is_refused=True
        )
        _keep(run, IngestRun.State.FAILED, result, note=sentence)
    return result


def _notes(rows: Staging) -> Iterator[str]:
    conditions = [cell.lacks_zone() for cell in rows.cells if cell.column.cell is Cell.TIME]
    if conditions and (n := rows.scalar(f"SELECT count(*) FROM {RAW} s WHERE {' OR '.join(conditions)}")):
        yield f"{n:,} rows hold times without a zone; they were read as times in {rows.options.zone}."
    for column in rows.columns:
        if column.reference is not None and column.reference.is_made(rows.options) and column.reference.make:
            noun, unknown = column.reference.noun, f'"{column.name}__id" IS NULL'
            n = rows.scalar(f'SELECT count(DISTINCT "{column.name}") FROM {CLEAN} WHERE {unknown}')
            if n:
                known_by = f"key comes with a new {noun}" if n == 1 else f"keys come with a new {noun} each"
                yield f"{n:,} unknown {noun} {known_by}."


def _close(run: IngestRun, result: IngestReport) -> None:
    told = [f"{_noun(one.table)}: {_told(one)}" for one in result.tables]
    _keep(run, IngestRun.State.DONE, result, note="\n".join([*result.notes, *told]))


def _told(one: Written) -> str:
    gone = f", {one.removed:,} gone" if one.removed else ""
    return f"{one.created:,} added, {one.updated:,} changed{gone}"


def _keep(run: IngestRun, state: str, result: IngestReport, **more: Any) -> None:
    run.state = state
    run.n_rows, run.n_rejected = result.n_rows, result.n_rejected
    run.n_created, run.n_updated, run.n_unchanged = result.n_created, result.n_updated, result.n_unchanged
    for name, value in more.items():
        setattr(run, name, value)
    IngestRun.objects.filter(pk=run.pk).update(
        state=run.state,
        n_rows=run.n_rows,
        n_created=run.n_created,
        n_updated=run.n_updated,
        n_unchanged=run.n_unchanged,
        n_rejected=run.n_rejected,
        finished_at=Now(),
        **more,
    )


def _noun(table: str) -> str:
    """What people call the rows of a table."""
    names = {model._meta.db_table: model._meta.verbose_name_plural for model in apps.get_models()}
    return str(names[table]).capitalize()
