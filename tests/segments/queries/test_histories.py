from datetime import timedelta

import numpy as np
import pytest

from loyalty.models import Customer
from segments.queries.histories import month_days, shop_history
from tests.segments.shop import CLOSED, OPENED, open_shop

pytestmark = pytest.mark.django_db


def test_nothing_at_or_after_the_moment_is_read():
    open_shop(40)
    shop = shop_history(as_of=OPENED + timedelta(days=100))
    assert shop.histories.day.max() < shop.as_of_day
    assert len(shop.histories) < len(shop_history(as_of=CLOSED).histories)


def test_who_only_ordered_later_was_not_known_yet():
    customers = open_shop(40)
    shop = shop_history(as_of=OPENED + timedelta(days=30))
    first = {pk: Customer.objects.get(pk=pk).orders.order_by("ordered_at").first() for pk in shop.customer_ids.tolist()}

    known = shop.known_from < shop.as_of_day

    came_later = np.array([one is not None and one.ordered_at >= OPENED + timedelta(days=30) for one in first.values()])
    assert came_later.any()
    assert not known[came_later].any()
    # Who never ordered is in the table, and so known.
    assert known[shop.customer_ids.tolist().index(customers[0].pk)]


def test_who_joined_before_is_known_although_they_ordered_later():
    customers = open_shop(40)
    Customer.objects.update(joined_on=OPENED.date())
    shop = shop_history(as_of=OPENED + timedelta(days=30))
    assert (shop.known_from < shop.as_of_day).all()
    assert len(shop.customer_ids) == len(customers)


def test_the_same_day_of_earlier_months():
    epoch = np.datetime64("1970-01-01")
    last = int((np.datetime64("2024-03-31") - epoch).astype(int))

    days = [str(epoch + day) for day in month_days(last, last - 100)]

    assert days == ["2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"]
