"""How everybody shopped, read from all orders once and kept for as long as nobody orders anything more.

Somebody who rehearses several campaigns in a row waits for what differs between them only.
"""

from datetime import datetime

import numpy as np
import pyarrow as pa
from django.db import transaction

from campaigns.models import KnownHabits
from campaigns.queries.reception import customer_habits
from loyalty.models import Customer
from loyalty.queries.marks import change_mark, changed_since

# Orders and their lines tell of themselves; who came or was merged is seen by the customers themselves.
TABLES = ("loyalty_order", "loyalty_orderline")
# A larger shop is scored in parts, each of which reads its own.
MOST_CUSTOMERS, MOST_MOMENTS = 20_000, 5


def habits_of_everybody(*, as_of: datetime) -> pa.Table:
    """One row a customer, by rising key: what is kept, or what is read and kept now."""
    kept = KnownHabits.objects.filter(as_of=as_of).first()
    if kept is not None:
        habits = _opened(kept.table)
        if not _has_changed(kept.mark) and _is_of_everybody(habits):
            return habits
        # Nothing that is kept may tell of somebody who is gone.
        KnownHabits.objects.all().delete()
    mark = change_mark()
    habits = customer_habits(as_of=as_of)
    if habits.num_rows <= MOST_CUSTOMERS:
        _keep(habits, as_of, mark)
    return habits


@transaction.atomic
def _keep(habits: pa.Table, as_of: datetime, mark: int) -> None:
    KnownHabits.objects.update_or_create(as_of=as_of, defaults={"mark": mark, "table": _closed(habits)})
    newest = KnownHabits.objects.order_by("-pk").values_list("pk", flat=True)[:MOST_MOMENTS]
    KnownHabits.objects.exclude(pk__in=list(newest)).delete()


def _has_changed(mark: int) -> bool:
    changed = changed_since(mark, tables=TABLES)
    return changed.is_everybody or bool(changed.customer_ids)


def _is_of_everybody(habits: pa.Table) -> bool:
    """Of somebody without orders who was deleted nothing else tells."""
    keys = Customer.objects.order_by("pk").values_list("pk", flat=True)
    return bool(np.array_equal(habits["customer_id"].to_numpy(), np.fromiter(keys, dtype=np.int64)))


def _closed(habits: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, habits.schema) as file:
        file.write_table(habits)
    told: bytes = sink.getvalue().to_pybytes()
    return told


def _opened(told: bytes | memoryview) -> pa.Table:
    return pa.ipc.open_file(pa.BufferReader(bytes(told))).read_all()
