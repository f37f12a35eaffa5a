from datetime import datetime, timedelta

import pyarrow as pa
from django.db.models import Max

from loyalty.models import Order
from loyalty.queries.frames import copy_frame

PURCHASES = """
SELECT o.customer_id, l.product_id, o.id AS order_id, o.ordered_at AS occurred_at, l.quantity, l.amount
FROM loyalty_orderline l JOIN loyalty_order o ON o.id = l.order_id
WHERE o.customer_id IS NOT NULL AND o.ordered_at >= %(since)s AND o.ordered_at < %(until)s
"""
OF_SOME = " AND o.customer_id >= %(first)s AND o.customer_id <= %(last)s"


def data_horizon() -> datetime | None:
    """One moment after the newest order: the shop's own "now" when its data ended in the past."""
    newest: datetime | None = Order.objects.aggregate(newest=Max("ordered_at"))["newest"]
    return newest + timedelta(seconds=1) if newest else None


def purchases_frame(since: datetime, until: datetime, *, customers: tuple[int, int] | None = None) -> pa.Table:
    """Every recognised purchase line in `[since, until)`: who, what, which order, when, how much, for how much.

    Of all customers, or of those with keys from the first to the last of `customers`.
    """
    moments = {"since": since, "until": until}
    if customers is None:
        return copy_frame(PURCHASES, moments)
    return copy_frame(PURCHASES + OF_SOME, {**moments, "first": customers[0], "last": customers[1]})
