"""A person's file: kept at once, checked and taken in by a worker, gone when that is done."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from loyalty.models import IngestRun
from loyalty.services.ingest.files import AS_IT_IS, open_table, read_file
from loyalty.services.ingest.kinds import Options, RecordKind
from loyalty.services.ingest.mappings import Mapping
from loyalty.services.ingest.readings import Reading
from loyalty.services.ingest.registry import kind_named
from loyalty.services.ingest.reports import IngestReport
from loyalty.services.ingest.rows import FileRefused
from loyalty.services.ingest.runs import check_rows, ingest_rows, start_run
from loyalty.services.progress import Progress

State = IngestRun.State
CONTRADICTION = "The rows contradict what is stored already, so nothing was taken. Correct the file and try again."
GONE = "The uploaded file is no longer there. Upload it again."


def accept_upload(
    *,
    kind: str,
    file: "File[bytes]",
    by: User | None,
    at: datetime,
    unknown_products: str = "reject",
) -> IngestRun:
    """Keep a file in our own words and its run. Refuses at once, with a sentence, what can be seen from the heading."""
    known = kind_named(kind)
    options = Options(at=at, source=file.name or "upload", unknown_products=unknown_products)
    return _kept(file, known, options, by, lambda path: read_file(known, path))


def keep_draft(*, kind: str, file: "File[bytes]", by: User | None, at: datetime) -> IngestRun:
    """Keep a file in anybody's words, to be looked at and mapped. Refuses what holds no table."""
    options = Options(at=at, source=file.name or "upload")
    run = _kept(file, kind_named(kind), options, by, lambda path: open_table(path, most_rows=1))
    run.state = State.DRAFT
    run.save(update_fields=["state"])
    return run


def _kept(
    file: "File[bytes]", kind: RecordKind, options: Options, by: User | None, look: Callable[[Path], object]
) -> IngestRun:
    if (file.size or 0) > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES // (1024 * 1024)
        raise FileRefused(
            f"The file is larger than {limit} MB. Cut it into smaller files, each with the heading, "
            "and leave the rows of one order together. Or pack it as .csv.gz."
        )
    with transaction.atomic():
        run = start_run(kind=kind, options=options, by=by)
        path = kept_path(run)
        run.file_size, run.fingerprint = file.size, _keep(file, path)
        run.save(update_fields=["file_size", "fingerprint"])
        try:
            look(path)
        except FileRefused:
            path.unlink()
            raise
    return run


def run_ingest(*, run_id: int, report: Progress) -> dict[str, Any]:
    """Take in the kept file of a run. Asked again after it was done, it says what it did and does nothing."""
    run = IngestRun.objects.get(pk=run_id)
    if run.state == State.DONE:
        return _summary(run)
    try:
        result = _with_file(run, ingest_rows, report)
        if result.is_refused:
            raise FileRefused(result.notes[0])
    except FileRefused as refusal:
        fail_run(run, str(refusal))
        raise
    except IntegrityError as error:
        fail_run(run, CONTRADICTION)
        raise FileRefused(CONTRADICTION) from error
    if not result.n_rejected:
        # Otherwise it is needed for a while, to give the rows back that were not taken.
        kept_path(run).unlink(missing_ok=True)
    return result.summary()


def check_run(*, run_id: int, report: Progress) -> dict[str, Any]:
    """Find out what taking in the kept file would do. Writes no record; the file stays."""
    run = IngestRun.objects.get(pk=run_id)
    if run.state == State.CHECKED and run.job_id == report.job_id:
        return _summary(run)
    try:
        return _with_file(run, check_rows, report).summary()
    except FileRefused as refusal:
        fail_run(run, str(refusal))
        raise


def _with_file(run: IngestRun, take: Callable[..., IngestReport], report: Progress) -> IngestReport:
    if run.state == State.DISCARDED:
        raise FileRefused("This import was thrown away. Upload the file again.")
    kind, mapping = kind_named(run.kind), mapping_of(run)
    options = run_options(run, mapping)
    rows = _rows(kind, kept_path(run), Reading.from_json(run.reading), mapping)
    return take(run=run, kind=kind, rows=rows, options=options, report=report)


def mapping_of(run: IngestRun) -> Mapping | None:
    """What was decided about the columns; None for a file in our own words."""
    return Mapping.from_json(run.mapping) if run.mapping else None


def run_options(run: IngestRun, mapping: Mapping | None) -> Options:
    if mapping is not None:
        return mapping.options(at=run.started_at, source=run.source)
    return Options(at=run.started_at, source=run.source, **run.options)


def ingest_file(
    *,
    run: IngestRun,
    kind: RecordKind,
    path: Path,
    options: Options,
    report: Progress,
    reading: Reading = AS_IT_IS,
    mapping: Mapping | None = None,
) -> IngestReport:
    """Take in a file where it lies. With a mapping, `options` should be the mapping's own."""
    rows = _rows(kind, path, reading, mapping)
    return ingest_rows(run=run, kind=kind, rows=rows, options=options, report=report)


def check_file(
    *,
    run: IngestRun,
    kind: RecordKind,
    path: Path,
    options: Options,
    report: Progress,
    reading: Reading = AS_IT_IS,
    mapping: Mapping | None = None,
) -> IngestReport:
    """Find out what taking in a file would do. Writes no record."""
    rows = _rows(kind, path, reading, mapping)
    return check_rows(run=run, kind=kind, rows=rows, options=options, report=report)


def _rows(kind: RecordKind, path: Path, reading: Reading, mapping: Mapping | None) -> Any:
    if not path.exists():
        raise FileRefused(GONE)
    return read_file(kind, path, reading=reading, mapping=mapping)


def fail_run(run: IngestRun, sentence: str) -> None:
    IngestRun.objects.filter(pk=run.pk).update(state=State.FAILED, note=sentence, finished_at=Now())


def kept_path(run: IngestRun) -> Path:
    """Where the file of a run is kept until it is taken in or thrown away."""
    folder: Path = settings.UPLOAD_DIR
    return folder / f"{run.pk}.upload"


def _keep(file: "File[bytes]", path: Path) -> str:
    """Write the file and return its fingerprint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("wb") as kept:
        for chunk in file.chunks():
            digest.update(chunk)
            kept.write(chunk)
    return digest.hexdigest()


def _summary(run: IngestRun) -> dict[str, Any]:
    return {
        "run_id": run.pk,
        "rows": run.n_rows,
        "created": run.n_created,
        "updated": run.n_updated,
        "unchanged": run.n_unchanged,
        "rejected": run.n_rejected,
    }
