"""Look at the data as a whole and keep what was seen: one report, made by a job after each import or on request."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from loyalty.models import DataReport, Job
from loyalty.queries.audit import data_audit
from loyalty.queries.cleaning.report import cleaning_numbers
from loyalty.queries.counts import data_counts
from loyalty.queries.sales import newest_records
from loyalty.services.cleaning import find_all
from loyalty.services.flags import findings
from loyalty.services.ingest import kinds
from loyalty.services.jobs import create_job, one_at_a_time
from loyalty.services.progress import Progress

KEPT_REPORTS = 20
LABEL = "Look at the data"
TASK = "loyalty.inspect_data"
# A page that finds its report behind asks for a new one, but not more often than this.
LOOK_AGAIN_AFTER = timedelta(minutes=10)


@transaction.atomic
def start_inspection(*, by: User | None, at: datetime) -> Job:
    """Queue a look at the data; one that already waits is as good."""
    one_at_a_time(TASK)
    waiting = Job.objects.filter(task=TASK, state=Job.State.QUEUED).first()
    return waiting or create_job(task=TASK, label=LABEL, params={}, by=by, at=at)


def inspection_of_newest(*, at: datetime) -> Job | None:
    """Queue a look at the data as they are now. The newest records name it, so it is asked for once; then None."""
    key = "inspect-{}-{}".format(*newest_records())
    if Job.objects.filter(Q(key=key) | Q(task=TASK, state__in=Job.OPEN_STATES)).exists():
        return None
    return create_job(task=TASK, label=LABEL, params={}, by=None, at=at, key=key)


def is_behind(*, at: datetime) -> bool:
    """Whether records came in since the newest report, and it is old enough to be made again."""
    made = DataReport.objects.only("made_at", "last_order_id", "last_ingest_run_id").first()
    newest = newest_records()
    if made is None:
        return newest != (0, 0)
    return (made.last_order_id, made.last_ingest_run_id) != newest and at - made.made_at > LOOK_AGAIN_AFTER


def inspect_data(*, as_of: datetime, at: datetime, report: Progress) -> dict[str, Any]:
    """Run the checks and the audit; put their findings in place of those before. The same data give the same report."""
    order_id, run_id = newest_records()
    with findings() as found:
        products = find_all(found, as_of=as_of, at=at, report=report)
        report(5, 6, "Counting")
        models = list(dict.fromkeys(part.model for kind in kinds() for part in kind.parts))
        audit = {**data_audit(models=models, as_of=as_of), "counts": asdict(data_counts(as_of=as_of))}
        with report.writing():
            found.keep(as_of=as_of)
            made = DataReport.objects.create(
                as_of=as_of,
                made_at=at,
                job_id=report.job_id,
                last_order_id=order_id,
                last_ingest_run_id=run_id,
                audit=audit,
                findings=cleaning_numbers(products.totals, as_of=as_of),
            )
            _forget_old(made)
    return {"report_id": made.pk, "n_flags": made.findings["n_flags"], "n_values": made.findings["n_values"]}


def _forget_old(made: DataReport) -> None:
    kept = DataReport.objects.order_by("-pk").values_list("pk", flat=True)[:KEPT_REPORTS]
    DataReport.objects.exclude(pk__in=list(kept)).delete()
