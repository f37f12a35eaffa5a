"""Take text in as a person's file, and look at what became of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from loyalty.models import IngestRun
from loyalty.services import ingest
from loyalty.services.progress import QuietProgress


@dataclass
class Taken:
    """An import that ended: its run, its report, and the refusals as (line, column, reason)."""

    run: IngestRun
    report: ingest.IngestReport

    @property
    def counts(self) -> tuple[int, int, int, int]:
        report = self.report
        return report.n_created, report.n_updated, report.n_unchanged, report.n_rejected

    @property
    def refusals(self) -> list[tuple[int, str, str]]:
        return list(self.run.rejected_rows.order_by("line", "column").values_list("line", "column", "reason"))


Take = Callable[..., Taken]


@pytest.fixture
def take(at: datetime, tmp_path: Path) -> Take:
    def take_in(
        kind_name: str,
        content: str | bytes,
        progress: QuietProgress | None = None,
        mapping: ingest.Mapping | None = None,
        reading: ingest.Reading | None = None,
        **options: str,
    ) -> Taken:
        path = tmp_path / "upload"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        kind = ingest.kind_named(kind_name)
        chosen = ingest.Options(at=at, source="shop.csv", **options)
        if mapping is not None:
            chosen = replace(mapping, **options).options(at=at, source="shop.csv")
        run = ingest.start_run(kind=kind, options=chosen, by=None)
        report = ingest.ingest_file(
            run=run,
            kind=kind,
            path=path,
            options=chosen,
            mapping=mapping,
            reading=reading or ingest.Reading(),
            report=progress or QuietProgress(),
        )
        run.refresh_from_db()
        return Taken(run, report)

    return take_in
