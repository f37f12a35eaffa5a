"""Take in, or only check, a file where it lies: for the command line, by the same steps as the pages of the import."""

from collections.abc import Mapping as Given
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from loyalty.models import ImportMapping, IngestRun
from loyalty.services.ingest import (
    FileRefused,
    IngestReport,
    Mapping,
    Reading,
    check_file,
    check_mapping,
    ingest_file,
    kind_named,
    look_at,
    start_run,
    suggest_mapping,
)
from loyalty.services.ingest.uploads import fail_run
from loyalty.services.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the caller decided; what is empty is left to a saved mapping, else to the names of the columns."""

    mapping_name: str = ""
    columns: Given[str, str] = field(default_factory=dict)
    constants: Given[str, str] = field(default_factory=dict)
    options: Given[str, Any] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)


def begin(*, kind: str, path: Path, source: str, wishes: Wishes, at: datetime) -> IngestRun:
    """The run of a file, with every column decided. Raises FileRefused, with a sentence for each that is not."""
    known, reading = kind_named(kind), wishes.reading
    look = look_at(path, encoding=reading.encoding, delimiter=reading.delimiter, sheet=reading.sheet)
    if wishes.mapping_name:
        begun = Mapping.saved(_saved(kind, wishes.mapping_name))
    else:
        begun = suggest_mapping(known, look, ImportMapping.objects.filter(kind=kind))
    columns = {**begun.columns, **wishes.columns}
    constants = {**begun.constants, **wishes.constants}
    mapping = replace(begun, columns=columns, constants=constants, **wishes.options)
    check_mapping(known, look, mapping)
    run = start_run(kind=known, options=mapping.options(at=at, source=source), by=None)
    run.mapping, run.reading, run.file_size = mapping.to_json(), reading.to_json(), path.stat().st_size
    run.save(update_fields=["mapping", "reading", "file_size"])
    return run


def _saved(kind: str, name: str) -> ImportMapping:
    found = ImportMapping.objects.filter(kind=kind)
    for one in found:
        if one.name == name:
            return one
    there = ", ".join(f"“{one.name}”" for one in found) or "none yet"
    raise FileRefused(f"There is no mapping “{name[:64]}” for {kind}. There is: {there}.")


def carry_out(run: IngestRun, path: Path, *, only_check: bool, report: Progress) -> IngestReport:
    """Do it. Raises FileRefused; whatever ends it, the run does not stand there as if it went on."""
    mapping = Mapping.from_json(run.mapping)
    try:
        return (check_file if only_check else ingest_file)(
            run=run,
            kind=kind_named(run.kind),
            path=path,
            options=mapping.options(at=run.started_at, source=run.source),
            report=report,
            reading=Reading.from_json(run.reading),
            mapping=mapping,
        )
    except FileRefused as refusal:
        fail_run(run, str(refusal))
        raise
    except BaseException:
        fail_run(run, "The import was stopped before it ended. Nothing of the file was taken in.")
        raise
