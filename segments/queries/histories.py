"""What every customer bought on which of the shop's days, as the engines want it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from loyalty.queries.frames import copy_frame
from loyalty.queries.sales import sales_version
from loyalty.queries.silence import EPOCH, day_of
from segments.engine.histories import Histories
from segments.engine.lifetime import Buyers, buyers

# What comes back lowers spend, but is no order.
DAYS = """
SELECT o.customer_id, (o.ordered_at AT TIME ZONE %(zone)s)::date - DATE '1970-01-01' AS day,
    count(DISTINCT o.id) FILTER (WHERE o.reverses_id IS NULL AND l.quantity > 0) AS n_orders,
    sum(l.amount)::float8 AS amount
FROM loyalty_order o JOIN loyalty_orderline l ON l.order_id = o.id
WHERE o.customer_id {chosen} AND o.ordered_at < %(as_of)s AND (%(currency)s = '' OR o.currency = %(currency)s)
GROUP BY 1, 2 ORDER BY 1, 2
"""
# The day from which somebody is known without having ordered.
CUSTOMERS = """
SELECT id AS customer_id,
    least(joined_on, (created_at AT TIME ZONE %(zone)s)::date) - DATE '1970-01-01' AS known_from,
    EXISTS (SELECT FROM loyalty_order o WHERE o.customer_id = c.id AND o.ordered_at >= %(as_of)s) AS orders_later
FROM loyalty_customer c WHERE id {chosen} ORDER BY id
"""
MONTHS_SHOWN = 12


@dataclass(frozen=True)
class ShopHistory:
    """Everybody's history before `as_of`, and who is who.

    `customer_ids` and `known_from` (a day's number) have a place a customer row; `as_of_day` is the first day that
    has not been seen.
    """

    customer_ids: NDArray[np.int64]
    known_from: NDArray[np.int64]
    histories: Histories
    as_of_day: int
    currency: str

    @property
    def month_days(self) -> list[int]:
        """The same day of every month up to `as_of_day`, earliest first, as far back as there are orders."""
        return month_days(self.as_of_day, int(self.histories.day.min()) if len(self.histories) else self.as_of_day)

    def buyers(self) -> Buyers:
        """Everybody who has ordered, as the lifetime models want them."""
        return buyers(self.histories, until_day=self.as_of_day)


def shop_history(*, as_of: datetime, customer_id: int | None = None) -> ShopHistory:
    """The history of all customers, or of one.

    Whoever is in the table now counts as known at `as_of`, also if they were entered after it, as imported ones are;
    but not who only ordered since.
    """
    currency = sales_version().currency
    params = {"zone": settings.TIME_ZONE, "as_of": as_of, "currency": currency, "id": customer_id}
    chosen = "IS NOT NULL" if customer_id is None else "= %(id)s"
    people = copy_frame(CUSTOMERS.format(chosen=chosen), params)
    days = copy_frame(DAYS.format(chosen=chosen), params)
    ids: NDArray[np.int64] = people["customer_id"].to_numpy()
    as_of_day = day_of(as_of)
    # Somebody who came between the two statements is left for the next time.
    kept = np.isin(days["customer_id"].to_numpy(), ids)
    customer, day, orders = (
        days[name].to_numpy().astype(np.int64)[kept] for name in ("customer_id", "day", "n_orders")
    )
    histories = Histories(
        np.searchsorted(ids, customer).astype(np.int64), day, orders, days["amount"].to_numpy()[kept], len(ids)
    )
    told = people["known_from"].to_numpy().astype(np.int64)
    orders_later = people["orders_later"].to_numpy(zero_copy_only=False)
    known_from = np.where(orders_later, told, np.minimum(told, as_of_day - 1))
    return ShopHistory(ids, known_from, histories, as_of_day, currency or settings.DEFAULT_CURRENCY)


def month_days(last_day: int, first_day: int) -> list[int]:
    """The day itself and the same day of up to twelve months before it, but none before `first_day`."""
    last = EPOCH + timedelta(days=last_day)
    days = [(_months_before(last, n) - EPOCH).days for n in range(MONTHS_SHOWN, -1, -1)]
    return [day for day in days if day > first_day or day == last_day]


def _months_before(day: date, n: int) -> date:
    month = day.year * 12 + day.month - 1 - n
    year, month = divmod(month, 12)
    first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (first_of_next - timedelta(days=1)).day))
