"""Imports asked for in the browser: a file is kept, mapped, checked, then taken in; each long step is a job."""

from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files import File
from django.db import transaction

from loyalty.models import ImportMapping, IngestRun, Job
from loyalty.services.ingest import (
    FileLook,
    FileRefused,
    Mapping,
    Preview,
    Reading,
    check_mapping,
    keep_draft,
    kept_path,
    kind_named,
    look_at,
    mapping_of,
    preview,
)
from loyalty.services.jobs import create_job

TASK = "loyalty.ingest"
CHECK_TASK = "loyalty.check_import"
LONGEST_SOURCE = 120
DRAFTS_KEPT = timedelta(days=7)
GONE = "The uploaded file is no longer there. Upload it again."
State = IngestRun.State
ENDED = (State.DONE, State.DISCARDED)


class ImportNotOpen(Exception):
    """The import is under way, or has ended; nothing about it can be decided any more."""


def begin_draft(*, kind: str, file: "File[bytes]", by: User | None, at: datetime) -> IngestRun:
    """Keep a file to be looked at, mapped and checked. Raises FileRefused when there is no table in it."""
    return keep_draft(kind=kind, file=file, by=by, at=at)


def look_at_draft(run: IngestRun, reading: Reading | None = None) -> FileLook:
    """The kept file as it was chosen to be read, or as somebody tries to read it. Raises FileRefused."""
    if not kept_path(run).exists():
        raise FileRefused(GONE)
    reading = Reading.from_json(run.reading) if reading is None else reading
    return look_at(kept_path(run), encoding=reading.encoding, delimiter=reading.delimiter, sheet=reading.sheet)


def preview_draft(run: IngestRun, *, at: datetime) -> Preview:
    """The first rows as they would be taken. Raises FileRefused, or MappingRefused when the mapping does not fit."""
    reading = Reading.from_json(run.reading)
    return preview(kind_named(run.kind), kept_path(run), mapping_of(run), reading=reading, at=at)


@transaction.atomic
def choose_reading(*, run: IngestRun, reading: Reading) -> FileLook:
    """Read the file in another way; what was mapped before is forgotten. Raises FileRefused and ImportNotOpen."""
    held = _held(run)
    look = look_at(kept_path(held), encoding=reading.encoding, delimiter=reading.delimiter, sheet=reading.sheet)
    if held.reading != reading.to_json():
        _rewind(held, reading=reading.to_json(), mapping={})
    return look


@transaction.atomic
def choose_mapping(*, run: IngestRun, mapping: Mapping) -> None:
    """Decide what every column is. Raises MappingRefused with a sentence for each that is not decided."""
    held = _held(run)
    check_mapping(kind_named(held.kind), look_at_draft(held), mapping)
    if held.mapping != mapping.to_json():
        _rewind(held, mapping=mapping.to_json())


@transaction.atomic
def start_check(*, run: IngestRun, by: User | None, at: datetime) -> Job:
    """Check everything before anything is written. The edge wakes a worker for the job."""
    held = _held(run)
    held.rejected_rows.all().delete()
    return _start(held, State.CHECKING, CHECK_TASK, "Check", by, at)


@transaction.atomic
def start_import(*, run: IngestRun, by: User | None, at: datetime) -> Job:
    """Take the file in as it was mapped. The edge wakes a worker for the job."""
    return _start(_held(run), State.PENDING, TASK, "Import", by, at)


@transaction.atomic
def discard_import(*, run: IngestRun, at: datetime) -> None:
    """Throw the file away; that it was there stays known."""
    held = _held(run)
    IngestRun.objects.filter(pk=held.pk).update(state=State.DISCARDED, finished_at=at)
    path = kept_path(held)
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def sweep_imports(*, at: datetime) -> int:
    """Throw away files that nobody went on with for a week. Returns how many."""
    old = IngestRun.objects.exclude(state__in=ENDED).filter(started_at__lt=at - DRAFTS_KEPT)
    swept = 0
    for run in old.filter(job__isnull=True) | old.filter(job__state__in=Job.ENDED_STATES):
        if run.state == State.FAILED:
            kept_path(run).unlink(missing_ok=True)
            continue
        if kept_path(run).exists():
            discard_import(run=run, at=at)
        else:
            # Begun by a command that was killed: there never was a file of ours to throw away.
            IngestRun.objects.filter(pk=run.pk).update(state=State.DISCARDED, finished_at=at)
        swept += 1
    _forget_returned(at)
    return swept


def _forget_returned(at: datetime) -> None:
    """Rows that were not taken can be downloaded for as long, and no longer."""
    folder: Path = settings.UPLOAD_DIR
    old = [path for path in folder.glob("*.upload") if path.stat().st_mtime < (at - DRAFTS_KEPT).timestamp()]
    done = IngestRun.objects.filter(state=State.DONE, pk__in=[path.stem for path in old if path.stem.isdigit()])
    for run in done:
        kept_path(run).unlink(missing_ok=True)


@transaction.atomic
def save_mapping(*, kind: str, name: str, mapping: Mapping, by: User | None, at: datetime) -> ImportMapping:
    """Keep decisions under a name for the next file. The same name again replaces what it stood for."""
    decided = asdict(mapping)
    columns, constants = decided.pop("columns"), decided.pop("constants")
    values = {"columns": columns, "constants": constants, "options": decided, "by": by, "at": at}
    cleaned = " ".join(name.split())[:100]
    if not cleaned:
        raise FileRefused("Give the mapping a name, so that it can be found again.")
    return ImportMapping.objects.update_or_create(kind=kind_named(kind).name, name=cleaned, defaults=values)[0]


def _held(run: IngestRun) -> IngestRun:
    """The run, locked until the transaction ends, if anything can still be decided about it."""
    held = IngestRun.objects.select_for_update(no_key=True, of=("self",)).select_related("job").get(pk=run.pk)
    if held.state in ENDED:
        raise ImportNotOpen("This import has ended. Upload the file again to change anything.")
    if held.job is not None and held.job.is_open:
        raise ImportNotOpen("This import is under way. Wait until it has ended, or stop it first.")
    if not kept_path(held).exists():
        raise ImportNotOpen(GONE)
    return held


def _rewind(run: IngestRun, **decided: dict[str, Any]) -> None:
    """What a check found before another decision says nothing any more."""
    run.rejected_rows.all().delete()
    nothing = {"n_rows": 0, "n_created": 0, "n_updated": 0, "n_unchanged": 0, "n_rejected": 0, "note": ""}
    IngestRun.objects.filter(pk=run.pk).update(state=State.DRAFT, checked={}, finished_at=None, **nothing, **decided)


def _start(run: IngestRun, state: str, task: str, what: str, by: User | None, at: datetime) -> Job:
    job = create_job(task=task, label=_label(what, run), params={"run_id": run.pk}, by=by, at=at)
    IngestRun.objects.filter(pk=run.pk).update(state=state, job=job, started_at=at, finished_at=None, note="")
    return job


def _label(what: str, run: IngestRun) -> str:
    return f"{what} of {kind_named(run.kind).label.lower()} from {run.source[:LONGEST_SOURCE]}"
