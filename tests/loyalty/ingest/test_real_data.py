"""Two public data sets as their publishers wrote them: every row is taken or refused with a reason, twice is once."""

import os
from pathlib import Path

import pytest
from django.db.models import Sum

from loyalty.models import Order, OrderLine, Product
from loyalty.services.ingest import (
    IngestReport,
    Mapping,
    check_file,
    ingest_file,
    kind_named,
    look_at,
    start_run,
    suggest_mapping,
)
from loyalty.services.progress import QuietProgress

FOLDER = os.environ.get("REAL_DATA_DIR", "")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.real_data,
    pytest.mark.skipif(not FOLDER, reason="Set REAL_DATA_DIR to the folder with the public data sets."),
]


def bring(take, kind_name, path, mapping, at) -> IngestReport:
    kind, options = kind_named(kind_name), mapping.options(at=at, source=path.name)
    run = start_run(kind=kind, options=options, by=None)
    return take(run=run, kind=kind, path=path, options=options, mapping=mapping, report=QuietProgress())


def suggested(kind_name, path, skipped, **decided) -> Mapping:
    found = suggest_mapping(kind_named(kind_name), look_at(path), [])
    columns = {**found.columns, **dict.fromkeys(skipped, "")}
    return Mapping(**{**found.to_json(), "columns": columns, **decided})


def counts(report):
    return report.n_rows, report.n_created, report.n_updated, report.n_unchanged, report.n_rejected


def test_online_retail_is_accounted_for_row_by_row(at):
    path = Path(FOLDER) / "online_retail" / "online_retail.csv.gz"
    mapping = suggested(
        "orders",
        path,
        ["Country"],
        zone="Europe/London",
        unknown_products="create",
        unknown_customers="create",
        constants={"currency": "GBP", "channel": "web"},
    )

    foretold = bring(check_file, "orders", path, mapping, at)
    assert not Order.objects.exists()
    report = bring(ingest_file, "orders", path, mapping, at)
    print(counts(report), report.reasons, report.notes, report.tables)
    assert counts(report) == counts(foretold)
    assert report.n_rows == 541_909 == report.n_accepted + report.n_rejected
    assert report.n_rejected == sum(report.reasons.values()) == 0
    assert (Order.objects.count(), OrderLine.objects.count()) == (25_900, 541_909)
    assert Order.objects.filter(customer=None).aggregate(n=Sum("lines__quantity"))["n"] is not None
    assert OrderLine.objects.filter(order__customer=None).count() == 135_080
    assert OrderLine.objects.filter(order__external_id__startswith="C").count() == 9_288
    assert not Product.objects.filter(name="").exists()

    again = bring(ingest_file, "orders", path, mapping, at)
    assert counts(again) == (541_909, 0, 0, 541_909, 0)


def test_the_complete_journey_is_accounted_for_row_by_row(at):
    folder = Path(FOLDER) / "complete_journey_dev"
    path = folder / "transactions.csv.gz"
    mapping = suggested(
        "orders",
        path,
        ["week", "coupon_match_disc"],
        zone="UTC",
        unknown_products="create",
        unknown_customers="create",
    )

    report = bring(ingest_file, "orders", path, mapping, at)
    print(counts(report), report.reasons, report.notes, report.tables)
    assert report.n_rows == 1_095_564 == report.n_accepted + report.n_rejected

    again = bring(ingest_file, "orders", path, mapping, at)
    assert counts(again)[1:3] == (0, 0)
    assert again.n_rejected == report.n_rejected
