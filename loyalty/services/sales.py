"""Keep the sums of sales up to date. They are derived: losing a refresh loses nothing, the next one makes it good."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from loyalty.models import SalesVersion
from loyalty.queries.merges import merged_since
from loyalty.queries.sales import newest_records

VIEWS = ("loyalty_customersales", "loyalty_productsales", "loyalty_salesperiod", "loyalty_salesversion")
# One number for one lock: only one process adds up at a time, the others need not.
LOCK = 7_305_001
REFRESH_AGAIN_AFTER = timedelta(seconds=60)


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
