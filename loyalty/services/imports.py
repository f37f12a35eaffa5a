"""Begin an import asked for in the browser: keep the file, and hold the work as a job."""

from datetime import datetime

from django.contrib.auth.models import User
from django.core.files import File
from django.db import transaction

from loyalty.models import IngestRun
from loyalty.services.ingest import accept_upload, kind_named
from loyalty.services.jobs import create_job

TASK = "loyalty.ingest"
LONGEST_SOURCE = 120


@transaction.atomic
def start_import(*, kind: str, file: "File[bytes]", unknown_products: str, by: User, at: datetime) -> IngestRun:
    """Keep the file with its run and its job; the edge wakes a worker for `run.job`. Raises FileRefused."""
    run = accept_upload(kind=kind, file=file, unknown_products=unknown_products, by=by, at=at)
    label = f"Import of {kind_named(kind).label.lower()} from {run.source[:LONGEST_SOURCE]}"
    # Tied at once and not when a worker begins, so that the import's page can say that it waits.
    run.job = create_job(task=TASK, label=label, params={"run_id": run.pk}, by=by, at=at)
    run.save(update_fields=["job"])
    return run
