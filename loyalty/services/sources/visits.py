"""One visit to a source: what is new there is taken in, each state of a file once, in the order of the names."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files import File
from django.db import connection, transaction

from loyalty.models import ImportSource, IngestRun, SourceFile, SourceVisit
from loyalty.services.ingest import (
    FileRefused,
    Mapping,
    check_mapping,
    keep_draft,
    kind_named,
    look_at,
    run_ingest,
)
from loyalty.services.progress import Progress
from loyalty.services.sources.doors import Door, Found, door_of, fetch, look
from loyalty.services.sources.places import PlaceRefused, place_of

State = SourceFile.State
# States in which a file is left alone until it changes.
SETTLED = (State.TAKEN, State.SAME, State.REFUSED)
LOOK_AGAIN_AFTER = timedelta(minutes=1)


class SourceTrouble(Exception):
    """The visit came to its end, and some of the files could not be taken; the message names them."""


@dataclass(frozen=True)
class Visit:
    """What one visit works with."""

    number: int
    source: ImportSource
    door: Door
    by: User | None
    at: datetime
    report: Progress


def visit_source(*, visit_id: int, at: datetime, report: Progress, pause: Callable[[], None]) -> dict[str, Any]:
    """Look, wait a moment, look again, take what stood still. Done again after a kill, it takes nothing twice."""
    row = SourceVisit.objects.select_related("source__mapping", "job__started_by").get(pk=visit_id)
    source, by = row.source, row.job.started_by if row.job else None
    try:
        with _alone(source):
            visit = Visit(row.pk, source, door_of(place_of(source.url)), by, at, report)
            files = _new_files(visit, pause)
            states = Counter(_take(visit, found, number, len(files)) for number, found in enumerate(files))
    except PlaceRefused as refusal:
        _close(source, at, str(refusal))
        raise
    trouble = _trouble(source, files) if states[State.REFUSED] else ""
    _close(source, at, trouble)
    if trouble:
        raise SourceTrouble(trouble)
    return {"source_id": source.pk, "taken": states[State.TAKEN], "same": states[State.SAME]}


@contextmanager
def _alone(source: ImportSource) -> Iterator[None]:
    """An old visit that is tried again must not meet a new one over the same file. A dead session lets go by itself."""
    key = f"source {source.pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        if not cursor.fetchone()[0]:
            raise PlaceRefused("Another visit to this source is under way. It takes the same files.")
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])


def _new_files(visit: Visit, pause: Callable[[], None]) -> list[Found]:
    """Files not taken yet that did not change between two looks; one that did is still being written, and waits."""
    settled = SourceFile.objects.filter(source=visit.source, state__in=SETTLED).exclude(mark="")
    # What a file was last, not what it ever was: one that goes back to an earlier content has changed, too.
    known = {key[0]: Found(*key) for key in settled.order_by("pk").values_list("path", "size", "mark")}
    # A file without a mark is told apart by its content alone, so it is fetched and compared each time.
    first = [found for found in look(visit.door, visit.source.pattern) if known.get(found.path) != found]
    if not first:
        return []
    pause()
    now = {found.path: found for found in look(visit.door, visit.source.pattern)}
    growing = [found for found in first if now.get(found.path) != found]
    _note_growing(visit, [now[found.path] for found in growing if found.path in now])
    return [found for found in first if found not in growing]


@transaction.atomic
def _note_growing(visit: Visit, growing: list[Found]) -> None:
    for found in growing:
        _open_entry(visit, found, State.GROWING)
    if growing and visit.source.is_active:
        soon = visit.at + LOOK_AGAIN_AFTER
        ImportSource.objects.filter(pk=visit.source.pk, next_due_at__gt=soon).update(next_due_at=soon)


def _open_entry(visit: Visit, found: Found, state: str) -> SourceFile:
    """The line of the ledger for this state of the file. States that came to nothing, because it changed, go."""
    lines = SourceFile.objects.filter(source=visit.source, path=found.path)
    lines.exclude(state__in=SETTLED).exclude(size=found.size, mark=found.mark, state=state).delete()
    newest = lines.filter(state__in=SETTLED).order_by("-pk").first()
    if newest is not None:
        # Gone back to an earlier content, it is taken once more: that line would say that it was already.
        lines.filter(state__in=SETTLED, size=found.size, mark=found.mark).exclude(pk=newest.pk).delete()
    entry, _ = SourceFile.objects.get_or_create(
        source=visit.source,
        path=found.path,
        size=found.size,
        mark=found.mark,
        defaults={"state": state, "seen_at": visit.at},
    )
    return entry


def _take(visit: Visit, found: Found, number: int, total: int) -> str:
    """Fetch one file and take it in. Returns what became of it."""
    visit.report(number, total, f"Fetching {found.name}")
    kept = settings.UPLOAD_DIR / f"source-{visit.number}.part"
    try:
        sha256 = fetch(visit.door, found, kept)
        found = found if found.mark else replace(found, size=kept.stat().st_size, mark=sha256)
        entry = _open_entry(visit, found, State.TAKING)
        return State.SAME if entry.state in SETTLED else _take_entry(visit, entry, kept, sha256)
    except FileRefused as refusal:
        return _settle(_open_entry(visit, found, State.TAKING), State.REFUSED, "", str(refusal))
    finally:
        kept.unlink(missing_ok=True)


def _take_entry(visit: Visit, entry: SourceFile, kept: Path, sha256: str) -> str:
    taken = SourceFile.objects.filter(source=visit.source, path=entry.path, state=State.TAKEN)
    before = taken.order_by("-pk").first()
    if before is not None and before.sha256 == sha256:
        return _settle(entry, State.SAME, sha256, "")
    run_ingest(run_id=_run_of(visit, entry, kept).pk, report=visit.report)
    return _settle(entry, State.TAKEN, sha256, "")


@transaction.atomic
def _run_of(visit: Visit, entry: SourceFile, kept: Path) -> IngestRun:
    """The run of this file: the one that an earlier worker began and could not end, or a new one."""
    if entry.run is not None and entry.run.state != IngestRun.State.FAILED:
        return entry.run
    with kept.open("rb") as file:
        upload = File(file, name=entry.name)
        run = keep_draft(kind=visit.source.kind, file=upload, by=visit.by, at=visit.at)
    _decide(run, visit.source, kept)
    entry.run = run
    entry.save(update_fields=["run"])
    return run


def _decide(run: IngestRun, source: ImportSource, path: Path) -> None:
    """By the mapping that was chosen; without one the file must be in our own words, for nobody is there to ask."""
    if source.mapping is not None:
        mapping = replace(Mapping.saved(source.mapping), **source.options)
        check_mapping(kind_named(source.kind), look_at(path), mapping)
        run.mapping = mapping.to_json()
    run.options, run.state = {**run.options, **source.options}, IngestRun.State.PENDING
    run.save(update_fields=["mapping", "options", "state"])


def _settle(entry: SourceFile, state: str, sha256: str, note: str) -> str:
    entry.state, entry.sha256, entry.note = state, sha256, note
    entry.save(update_fields=["state", "sha256", "note"])
    return state


def _trouble(source: ImportSource, files: list[Found]) -> str:
    refused = SourceFile.objects.filter(
        source=source, state=State.REFUSED, path__in=[found.path for found in files]
    ).order_by("path")
    told = [f"{entry.path.rsplit('/', 1)[-1]}: {entry.note}" for entry in refused]
    more = f" And {len(told) - 1} more." if told[1:] else ""
    return f"{told[0]}{more}"


def _close(source: ImportSource, at: datetime, trouble: str) -> None:
    ImportSource.objects.filter(pk=source.pk).update(looked_at=at, trouble=trouble)
