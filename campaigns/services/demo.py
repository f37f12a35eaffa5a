"""Load The Complete Journey through the product's own import path. A second time finds everything there."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from django.db import connection

from campaigns.services import ingest as campaign_kinds
from campaigns.sources import complete_journey as source
from loyalty.models import IngestRun
from loyalty.services import ingest
from loyalty.services.ingest.kinds import RecordKind
from loyalty.services.progress import Progress
from loyalty.services.sales import add_up_sales, sums_are_behind

SOURCE = "The Complete Journey"
# Raised when the reader makes other rows of the same files.
READER_VERSION = "4"


@dataclass(frozen=True)
class Load:
    """One kind of record: the published files it is made of, and how."""

    kind: RecordKind
    files: tuple[str, ...]
    read: Callable[[], pa.Table]

    @property
    def fingerprint(self) -> str:
        digest = hashlib.sha256(f"{READER_VERSION} {self.kind.name}".encode())
        for name in self.files:
            digest.update(source.path(name).read_bytes())
        return digest.hexdigest()

    @property
    def table(self) -> str:
        return self.kind.main.model._meta.db_table


def loads() -> tuple[Load, ...]:
    """In the order in which they name each other."""
    named = ingest.kind_named
    return (
        Load(named("customers"), ("transactions", "demographics"), source.customers),
        Load(named("products"), ("products",), source.products),
        Load(named("orders"), ("transactions",), source.orders),
        Load(campaign_kinds.OFFERS, ("coupons", "products", "campaign_descriptions"), source.offers),
        Load(campaign_kinds.OFFER_PRODUCTS, ("coupons",), source.offer_products),
        Load(campaign_kinds.CAMPAIGNS, ("campaign_descriptions", "transactions"), source.campaigns),
        Load(campaign_kinds.CAMPAIGN_OFFERS, ("coupons",), source.campaign_offers),
        Load(campaign_kinds.SENDS, ("campaigns",), source.sends),
        Load(campaign_kinds.REDEMPTIONS, ("coupon_redemptions",), source.redemptions),
    )


def load_complete_journey(*, at: datetime, report: Progress) -> dict[str, Any]:
    """Take in what is not there yet. Returns the rows of every kind: read, added, refused, or found already there."""
    # Asked for first, so that a missing package is told before anything is done.
    source.folder()
    done = {}
    for number, load in enumerate(loads()):
        done[load.kind.name] = load_once(load, at=at, report=_Share(report, number, len(loads())))
    if sums_are_behind(at=at) or not all(one["was_there"] for one in done.values()):
        add_up_sales()
    return done


def load_once(load: Load, *, at: datetime, report: Progress) -> dict[str, Any]:
    """Take in one kind, unless the very same files were taken in before and their rows are still there."""
    before = _run_before(load)
    if before is not None:
        return {"rows": before.n_rows, "created": 0, "rejected": before.n_rejected, "was_there": True}
    options = ingest.Options(at=at, source=SOURCE, unknown_products="create")
    rows = ingest.from_table(load.kind, load.read())
    run = ingest.start_run(kind=load.kind, options=options, by=None, fingerprint=load.fingerprint)
    result = ingest.ingest_rows(run=run, kind=load.kind, rows=rows, options=options, report=report)
    IngestRun.objects.filter(pk=run.pk).update(options={**run.options, "table_rows": _count(load.table)})
    report.note(f"{load.kind.label}: {result.n_rows:,} rows read, {result.n_created:,} added.")
    return {**result.summary(), "was_there": False}


def _run_before(load: Load) -> IngestRun | None:
    """An earlier import of the very same files whose rows are all still there."""
    done = IngestRun.objects.filter(kind=load.kind.name, fingerprint=load.fingerprint, state=IngestRun.State.DONE)
    before = done.order_by("-pk").first()
    if before is None or _count(load.table) < before.options.get("table_rows", before.n_rows + 1):
        return None
    return before


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - a table of a model
        count: int = cursor.fetchone()[0]
    return count


class _Share:
    """The progress of one of several kinds, told as its share of the whole."""

    PARTS = 100

    def __init__(self, report: Progress, number: int, of: int) -> None:
        self.report = report
        self.number = number
        self.of = of
        self.writing = report.writing
        self.note = report.note

    @property
    def job_id(self) -> int | None:
        return self.report.job_id

    def __call__(self, done: int, total: int, message: str = "") -> None:
        share = self.PARTS * done // total if total else 0
        self.report(self.PARTS * self.number + share, self.PARTS * self.of, message)
