"""The import beside the way that a Django programmer would load the same lines."""

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from campaigns.management.benchmarks.imports import take
from campaigns.management.benchmarks.measuring import Measurement, watched
from campaigns.sources import complete_journey
from loyalty.models import OrderLine

# Enough that neither side's beginning matters, and that the other way does not take minutes.
N_LINES = 250_000
BATCH = 5_000
FIELDS = ("order_id", "line_number", "product_id", "quantity", "amount", "discount", "coupon_discount")


def bulk_create() -> list[Measurement]:
    """The first lines by the import path, and finished order lines by `bulk_create`, both into the empty real table.

    The path reads, checks, finds customers and products and makes the orders; `bulk_create` is handed lines whose
    orders and products are there and known by their ids. Making its objects is part of it, reading them is not.
    """
    take("customers", complete_journey.customers())
    take("products", complete_journey.products())
    lines = complete_journey.orders().slice(0, N_LINES)
    with watched() as ours:
        take("orders", lines)
    finished = list(OrderLine.objects.order_by("pk").values_list(*FIELDS))
    _empty()
    with watched() as theirs, transaction.atomic():
        for batch in _batches(finished):
            OrderLine.objects.bulk_create([OrderLine(**dict(zip(FIELDS, row, strict=True))) for row in batch])
    rate, limit = len(lines) / ours.seconds, len(finished) / theirs.seconds
    peer = f"Django's bulk_create, {BATCH:,} a batch: {limit:,.0f} lines/s, {theirs.own_mb:,.0f} MB"
    return [Measurement("bulk_create", round(rate), "lines/s", peer, round(rate / limit, 2), ours.peak_mb, ours.own_mb)]


def _batches(rows: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(rows), BATCH):
        yield rows[first : first + BATCH]


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {OrderLine._meta.db_table}")
