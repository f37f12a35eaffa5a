"""How fast real order lines come in, beside the fastest that this database on this machine takes them at all."""

import tempfile
from datetime import UTC, datetime

import pyarrow as pa
from django.db import connection

from campaigns.management.benchmarks.measuring import Measurement, Watch, watched
from campaigns.services.demo import SOURCE
from campaigns.sources import complete_journey
from loyalty.services import ingest
from loyalty.services.progress import QuietProgress

AT = datetime(2018, 1, 1, tzinfo=UTC)
PEER_TABLE = "bench_orderline"


def import_order_lines() -> list[Measurement]:
    """All lines by the import path into empty tables, and the same file again; a bare COPY as the limit.

    The path stages, checks every cell, finds customers and products, makes orders and placeholders, and proves the
    foreign keys. The COPY gets finished lines and a table with the same indexes and checks.
    """
    take("customers", complete_journey.customers())
    take("products", complete_journey.products())
    lines = complete_journey.orders()
    with watched() as first:
        take("orders", lines)
    with watched() as again:
        take("orders", lines)
    limit = len(lines) / _bare_copy_seconds()
    peer = f"a bare COPY into an identically indexed table: {limit:,.0f} lines/s"
    return [
        _measured("import_order_lines", len(lines), first, limit, peer),
        _measured("import_order_lines_again", len(lines), again, limit, peer),
    ]


def _measured(name: str, n_lines: int, watch: Watch, limit: float, peer: str) -> Measurement:
    rate = n_lines / watch.seconds
    return Measurement(name, round(rate), "lines/s", peer, round(rate / limit, 3), watch.peak_mb, watch.own_mb)


def take(kind_name: str, table: pa.Table) -> None:
    """One import, as the demo does it."""
    kind = ingest.kind_named(kind_name)
    options = ingest.Options(at=AT, source=SOURCE, unknown_products="create")
    run = ingest.start_run(kind=kind, options=options, by=None)
    rows = ingest.from_table(kind, table)
    ingest.ingest_rows(run=run, kind=kind, rows=rows, options=options, report=QuietProgress())


def _bare_copy_seconds() -> float:
    """Write the finished lines out, which is not measured, and copy them into an empty twin of their table."""
    with connection.cursor() as cursor, tempfile.TemporaryFile() as file:
        cursor.execute(f"CREATE TABLE {PEER_TABLE} (LIKE loyalty_orderline INCLUDING ALL)")
        cursor.copy_expert("COPY loyalty_orderline TO STDOUT (FORMAT csv)", file)
        file.seek(0)
        with watched() as bare:
            cursor.copy_expert(f"COPY {PEER_TABLE} FROM STDIN (FORMAT csv)", file)
    return bare.seconds
