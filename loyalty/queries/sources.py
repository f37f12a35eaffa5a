"""Scheduled sources as people see them: how each stands, when it is due, what it brought."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils.timezone import get_default_timezone_name

from loyalty.models import ImportSource, Job, SourceFile, SourceVisit

State = SourceFile.State
Every = ImportSource.Every
STATES = {"running": "Looking now", "failed": "Needs a look", "paused": "Resting", "done": "In order", "waiting": "New"}


@dataclass(frozen=True)
class Source:
    """One source with what became of it. `state` is a key of STATES."""

    row: ImportSource
    kind: str
    n_taken: int
    last_taken_at: datetime | None
    is_visited: bool

    @property
    def state(self) -> str:
        if self.is_visited:
            return "running"
        if self.row.trouble:
            return "failed"
        if not self.row.is_active:
            return "paused"
        return "done" if self.row.looked_at else "waiting"

    @property
    def state_label(self) -> str:
        return STATES[self.state]

    @property
    def schedule(self) -> str:
        return schedule_sentence(self.row)


def schedule_sentence(source: ImportSource) -> str:
    if source.every == Every.DAY:
        return f"Every day at {source.day_time:%H:%M} ({get_default_timezone_name()})"
    noun = "minute" if source.every == Every.MINUTES else "hour"
    return f"Every {noun}" if source.every_n == 1 else f"Every {source.every_n} {noun}s"


def source_list() -> QuerySet[ImportSource, Any]:
    visits = SourceVisit.objects.filter(source=OuterRef("pk"), job__state__in=Job.OPEN_STATES)
    taken = Q(files__state=State.TAKEN)
    return ImportSource.objects.select_related("created_by", "mapping").annotate(
        n_taken=Count("files", filter=taken),
        last_taken_at=Max("files__seen_at", filter=taken),
        is_visited=Exists(visits),
    )


def sources(rows: Iterable[Any], labels: Mapping[str, str]) -> list[Source]:
    """`labels` says what each kind of record is called."""
    return [Source(row, labels.get(row.kind, row.kind), row.n_taken, row.last_taken_at, row.is_visited) for row in rows]


def source_page(pk: int, labels: Mapping[str, str]) -> Source | None:
    found = sources(source_list().filter(pk=pk), labels)
    return found[0] if found else None


def source_files(source: ImportSource) -> QuerySet[SourceFile]:
    return SourceFile.objects.filter(source=source).select_related("run")


def open_visit(source: ImportSource) -> Job | None:
    return Job.objects.filter(source_visits__source=source, state__in=Job.OPEN_STATES).order_by("-pk").first()
