"""Connect a source, change it, let it rest, take it away."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from loyalty.models import ImportSource, Job, SourceFile
from loyalty.services.ingest import kind_named
from loyalty.services.sources.places import PlaceRefused, place_of
from loyalty.services.sources.schedules import make_visit, next_due

MAGIC = "*?["


class SourceBusy(Exception):
    """A visit is under way."""


def check_address(url: str, pattern: str) -> None:
    """Raises PlaceRefused for an address or a pattern that would be refused at a visit. Touches nothing."""
    if any(sign in url for sign in MAGIC):
        raise PlaceRefused("Write which files are meant, like *.csv, into the field of its own.")
    if pattern.startswith("/") or ".." in pattern.split("/"):
        raise PlaceRefused("The pattern says which files below the folder are meant, like orders-*.csv.")
    place_of(url)


@transaction.atomic
def save_source(*, source: ImportSource, values: dict[str, Any], by: User | None, at: datetime) -> ImportSource:
    """Make or change a source. What was refused before gets another chance: it may have been read wrongly."""
    kind_named(values["kind"])
    check_address(values["url"], values["pattern"])
    for name, value in values.items():
        setattr(source, name, value)
    if source.pk is None:
        source.created_by, source.created_at = by, at
    source.next_due_at = next_due(source, after=at) if source.is_active else None
    source.save()
    forget_refusals(source)
    return source


@transaction.atomic
def pause_source(*, source: ImportSource, at: datetime) -> None:
    _hold(source)
    ImportSource.objects.filter(pk=source.pk).update(is_active=False, next_due_at=None)


@transaction.atomic
def resume_source(*, source: ImportSource, at: datetime) -> None:
    held = _hold(source)
    ImportSource.objects.filter(pk=source.pk).update(is_active=True, next_due_at=next_due(held, after=at))


@transaction.atomic
def visit_now(*, source: ImportSource, by: User | None, at: datetime) -> Job:
    """A visit out of turn, which also tries again what was refused. Raises SourceBusy."""
    held = _hold(source)
    job = make_visit(held, due_at=at, by=by, at=at)
    if job is None:
        raise SourceBusy(f"“{source.name}” is being visited just now.")
    forget_refusals(held)
    return job


@transaction.atomic
def delete_source(*, source: ImportSource) -> None:
    """What it brought in stays, and so do the imports' reports."""
    _hold(source).delete()


def forget_refusals(source: ImportSource) -> None:
    SourceFile.objects.filter(source=source, state=SourceFile.State.REFUSED).delete()


def _hold(source: ImportSource) -> ImportSource:
    return ImportSource.objects.select_for_update().get(pk=source.pk)
