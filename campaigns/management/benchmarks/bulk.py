"""The import beside the way that a Django programmer would load the same lines."""

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from campaigns.management.benchmarks.imports import take
from campaigns.management.benchmarks.measuring import Measurement, watched
from campaigns.sources import complete_journey
from loyalty.models import Order, OrderLine

# Enough that neither side's beginning matters, and that the other way does not take minutes.
N_LINES = 500_000
BATCH = 5_000
TABLES: tuple[type[Model], ...] = (Order, OrderLine)


def bulk_create() -> list[Measurement]:
    """The first lines by the import path, and the very same rows by `bulk_create`, both into the empty real tables.

    Both make orders and their lines. The path also checks every cell and finds customers and products by their keys;
    `bulk_create` is handed finished values with every id. Making its objects is part of it, reading them is not.
    """
    take("customers", complete_journey.customers())
    take("products", complete_journey.products())
    lines = complete_journey.orders().slice(0, N_LINES)
    with watched() as ours:
        take("orders", lines)
    finished = [(model, list(model._default_manager.order_by("pk").values())) for model in TABLES]
    _empty()
    with watched() as theirs, transaction.atomic():
        for model, rows in finished:
            for batch in _batches(rows):
                model._default_manager.bulk_create([model(**row) for row in batch])
    rate, limit = len(lines) / ours.seconds, len(lines) / theirs.seconds
    peer = f"Django's bulk_create, {BATCH:,} a batch: {limit:,.0f} lines/s, {theirs.own_mb:,.0f} MB"
    return [Measurement("bulk_create", round(rate), "lines/s", peer, round(rate / limit, 2), ours.peak_mb, ours.own_mb)]


def _batches(rows: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(rows), BATCH):
        yield rows[first : first + BATCH]


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {OrderLine._meta.db_table}, {Order._meta.db_table} CASCADE")
