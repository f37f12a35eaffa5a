"""A shop's export folder, sources that look into it, and visits without a worker."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import Path

import fsspec
import pytest

from loyalty.models import ImportSource, SourceVisit
from loyalty.services.progress import QuietProgress
from loyalty.services.sources.visits import visit_source

AT = datetime(2017, 11, 1, 12, tzinfo=UTC)


def no_pause() -> None:
    return None


@pytest.fixture
def folder(tmp_path: Path, settings) -> Path:
    """A folder of this machine that the administrator opened."""
    settings.IMPORT_ROOTS = [str(tmp_path)]
    settings.UPLOAD_DIR = tmp_path / "uploads"
    made = tmp_path / "exports"
    made.mkdir()
    return made


@pytest.fixture
def bucket(settings, tmp_path) -> fsspec.AbstractFileSystem:
    """A bucket of fsspec's own in memory, empty again for the next test."""
    settings.IMPORT_PROTOCOLS = [*settings.IMPORT_PROTOCOLS, "memory"]
    settings.UPLOAD_DIR = tmp_path / "uploads"
    made = fsspec.filesystem("memory")
    made.store.clear()
    made.pseudo_dirs[:] = [""]
    made.mkdir("/exports")
    return made


def make_source(url: object, **values: object) -> ImportSource:
    given = {"name": "Till", "kind": "customers", "every": "day", "day_time": time(2, 30), "created_at": AT}
    return ImportSource.objects.create(**{"url": str(url), "next_due_at": AT, **given, **values})


def visit(source: ImportSource, pause: Callable[[], None] = no_pause, report: QuietProgress | None = None) -> dict:
    row = SourceVisit.objects.create(source=source, due_at=datetime.now(UTC))
    return visit_source(visit_id=row.pk, at=AT, report=report or QuietProgress(), pause=pause)


def ledger(source: ImportSource) -> list[tuple[str, str]]:
    """What the ledger says of each file: its name and its state."""
    return [(file.path.rsplit("/", 1)[-1], file.state) for file in source.files.order_by("pk")]
