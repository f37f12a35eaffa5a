"""Keep the sums of sales up to date. They are derived: losing a refresh loses nothing, the next one makes it good."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from loyalty.models import Job, SalesVersion
from loyalty.queries.merges import merged_since
from loyalty.queries.sales import newest_records
from loyalty.services.jobs import create_job
from loyalty.services.progress import Progress

VIEWS = ("loyalty_customersales", "loyalty_productsales", "loyalty_salesperiod", "loyalty_salesversion")
# One number for one lock: only one process adds up at a time, the others need not.
LOCK = 7_305_001
REFRESH_AGAIN_AFTER = timedelta(seconds=60)
TASK = "loyalty.add_up_sales"
# It runs after every import and may run every minute: only the newest are worth a line among the jobs.
KEPT_JOBS = 5


def start_adding_up(*, at: datetime) -> Job | None:
    """Queue a refresh of the sums. None when one waits or runs: if that was too early, the next page asks again."""
    if Job.objects.filter(task=TASK, state__in=Job.OPEN_STATES).exists():
        return None
    return create_job(task=TASK, label="Add up sales", params={}, by=None, at=at)


def freshen_sums(*, at: datetime, report: Progress) -> dict[str, Any]:
    """Bring the sums up to date if they still are behind: several may have asked, the first did it for all."""
    is_behind = sums_are_behind(at=at)
    if is_behind:
        report(0, 1, "Adding up sales by customer, product and day")
        with report.writing():
            add_up_sales()
    done = Job.objects.filter(task=TASK, state=Job.State.DONE).values_list("pk", flat=True)
    Job.objects.filter(pk__in=list(done[KEPT_JOBS:])).delete()
    return {"refreshed": is_behind}


def sums_are_behind(*, at: datetime) -> bool:
    """Whether records came in, or customers became one, since the sums were made.

    Sums younger than a minute may be a little behind.
    """
    version = SalesVersion.objects.get()
    known = (version.last_order_id, version.last_ingest_run_id)
    if known == newest_records() and not merged_since(version.added_up_at):
        return False
    return version.last_order_id == 0 or at - version.added_up_at > REFRESH_AGAIN_AFTER


@transaction.atomic
def add_up_sales() -> bool:
    """Bring the sums up to date while others read them. False when somebody else is at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute("SET LOCAL work_mem = '128MB'")
        for view in VIEWS:
            cursor.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {view}")
    return True
