"""A person's file: kept at once, taken in by a worker, gone when that is done."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from loyalty.models import IngestRun
from loyalty.services.ingest.files import read_file
from loyalty.services.ingest.kinds import Options, RecordKind
from loyalty.services.ingest.registry import kind_named
from loyalty.services.ingest.reports import IngestReport
from loyalty.services.ingest.rows import FileRefused
from loyalty.services.ingest.runs import ingest_rows, start_run
from loyalty.services.progress import Progress


def accept_upload(
    *,
    kind: str,
    file: "File[bytes]",
    by: User | None,
    at: datetime,
    unknown_products: str = "reject",
) -> IngestRun:
    """Keep the file and its run. Refuses at once, with a sentence, what can be seen from the heading."""
    known = kind_named(kind)
    if (file.size or 0) > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES // (1024 * 1024)
        raise FileRefused(f"The file is larger than {limit} MB. Cut it into smaller files, each with the heading.")
    options = Options(at=at, source=file.name or "upload", unknown_products=unknown_products)
    with transaction.atomic():
        run = start_run(kind=known, options=options, by=by)
        path = _path(run)
        _keep(file, path)
        try:
            read_file(known, path)
        except FileRefused:
            path.unlink()
            raise
    return run


def run_ingest(*, run_id: int, report: Progress) -> dict[str, Any]:
    """Take in the kept file of a run. Asked again after it was done, it says what it did and does nothing."""
    run = IngestRun.objects.get(pk=run_id)
    if run.state == IngestRun.State.DONE:
        return _summary(run)
    options = Options(at=run.started_at, source=run.source, **run.options)
    try:
        result = ingest_file(run=run, kind=kind_named(run.kind), path=_path(run), options=options, report=report)
    except FileRefused as refusal:
        fail_run(run, str(refusal))
        raise
    except IntegrityError as error:
        sentence = "The rows contradict what is stored already, so nothing was taken. Correct the file and try again."
        fail_run(run, sentence)
        raise FileRefused(sentence) from error
    _path(run).unlink(missing_ok=True)
    return result.summary()


def ingest_file(*, run: IngestRun, kind: RecordKind, path: Path, options: Options, report: Progress) -> IngestReport:
    if not path.exists():
        raise FileRefused("The uploaded file is no longer there. Upload it again.")
    return ingest_rows(run=run, kind=kind, rows=read_file(kind, path), options=options, report=report)


def fail_run(run: IngestRun, sentence: str) -> None:
    IngestRun.objects.filter(pk=run.pk).update(state=IngestRun.State.FAILED, note=sentence, finished_at=Now())


def _path(run: IngestRun) -> Path:
    folder: Path = settings.UPLOAD_DIR
    return folder / f"{run.pk}.upload"


def _keep(file: "File[bytes]", path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as kept:
        for chunk in file.chunks():
            kept.write(chunk)


def _summary(run: IngestRun) -> dict[str, Any]:
    return {
        "run_id": run.pk,
        "rows": run.n_rows,
        "created": run.n_created,
        "updated": run.n_updated,
        "unchanged": run.n_unchanged,
        "rejected": run.n_rejected,
    }
