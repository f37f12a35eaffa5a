"""Imports from the command line: the same counts as in the browser, and an exit code that a script can act on."""

import csv
import gzip
import io
import json
import zipfile
from pathlib import Path

import fsspec
import pytest
from django.core.management import CommandError, call_command

from loyalty.models import Customer, ImportMapping, IngestRun, OrderLine

pytestmark = pytest.mark.django_db


def ingest(*arguments: object, **options: object) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("ingest", *map(str, arguments), stdout=out, stderr=err, **options)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    except CommandError as refusal:
        return refusal.returncode, out.getvalue(), err.getvalue() + str(refusal)
    return 0, out.getvalue(), err.getvalue()


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    path.write_text("customer_id,name\nA,a\nB,b\n")
    return path


def test_a_file_is_taken_in_and_the_second_time_nothing_changes(customers):
    code, out, err = ingest("customers", customers)
    assert (code, out.splitlines()[0]) == (
        0,
        "2 rows read: 2 new, 0 changed, 0 already known, 0 rejected.",
    )
    assert "Reading customers" in err
    assert IngestRun.objects.get().state == "done"
    assert "0 new, 0 changed, 2 already known" in ingest("customers", customers)[1]


def test_rejected_rows_end_with_2_and_are_written_where_asked(tmp_path):
    path, rejected = tmp_path / "c.csv", tmp_path / "rejected.csv"
    path.write_text("customer_id,joined_on\nA,2017-01-01\nB,=never\n")

    code, out, _ = ingest("customers", path, "--rejected", rejected, "--json")

    assert code == 2
    assert json.loads(out)["rejected"] == 1
    line, column, value, _reason = list(csv.reader(io.StringIO(rejected.read_text())))[1]
    assert (line, column, value) == ("3", "joined_on", "'=never")
    assert Customer.objects.count() == 1


def test_a_check_writes_nothing(customers):
    code, out, _ = ingest("customers", customers, "--check")

    assert (code, "2 would be new" in out) == (0, True)
    assert not Customer.objects.exists()
    assert not IngestRun.objects.exists()


def test_all_or_nothing_ends_with_1(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("customer_id,name\nA,a\n,b\n")

    code, out, _ = ingest("customers", path, "--on-bad-rows", "refuse_all")
    assert (code, "nothing was written" in out) == (1, True)
    assert not Customer.objects.exists()


def test_columns_are_mapped_skipped_and_set(tmp_path):
    path = tmp_path / "bons.csv.gz"
    text = "Bon;Zeit;Artikel;Stück;Betrag;Kasse\nB1;31.03.2017 10:00;A1;2;3,50;7\n"
    path.write_bytes(gzip.compress(text.encode("cp1252")))
    names = {"Bon": "order_id", "Zeit": "ordered_at", "Artikel": "sku", "Stück": "quantity", "Betrag": "amount"}
    maps = [part for theirs, ours in {**names, "Kasse": ""}.items() for part in ("--map", f"{theirs}={ours}")]
    how = ["--decimal", ",", "--date-order", "dmy", "--zone", "Europe/Berlin", "--unknown-products", "create"]

    code, out, err = ingest("orders", path, *maps, *how, "--set", "currency=EUR", "--encoding", "cp1252")

    assert code == 0, out + err
    line = OrderLine.objects.select_related("order").get()
    assert (str(line.amount), line.order.currency) == ("3.50", "EUR")
    assert line.order.ordered_at.isoformat() == "2017-03-31T08:00:00+00:00"


def test_a_saved_mapping_is_called_by_its_name(tmp_path, at):
    path = tmp_path / "c.csv"
    path.write_text("Nummer,Rest\nA,x\n")
    columns = {"Nummer": "customer_id", "Rest": ""}
    ImportMapping.objects.create(kind="customers", name="Kasse", columns=columns, at=at)

    assert ingest("customers", path, "--mapping", "Kasse")[0] == 0
    code, _, err = ingest("customers", path, "--mapping", "Karte")
    assert (code, "There is: “Kasse”" in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["cutomers", "{file}"], "There is no kind of record called “cutomers”"),
        (["customers", "nowhere.csv"], "There is no file nowhere.csv"),
        (["orders", "{file}"], "Every row needs order_id"),
        (["customers", "{file}", "--set", "currency"], "as a pair with = in it"),
        (["customers", "nosuch://a/b"], "could not be read"),
        (["customers", "memory://nowhere.csv"], "There is nothing at"),
    ],
)
def test_what_cannot_be_done_ends_with_1_and_a_sentence(customers, arguments, sentence):
    code, _, err = ingest(*(argument.format(file=customers) for argument in arguments))

    assert (code, sentence in err) == (1, True), err
    assert not IngestRun.objects.filter(state="running").exists()


def test_a_file_is_fetched_from_wherever_fsspec_reaches(customers, tmp_path):
    fsspec.filesystem("memory").pipe("/shop/c.csv", customers.read_bytes())
    assert ingest("customers", "memory://shop/c.csv")[0] == 0
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as packed:
        packed.writestr("c.csv", customers.read_bytes() + b"C,c\n")

    code, out, _ = ingest("customers", f"zip://c.csv::{tmp_path / 'c.zip'}")
    assert (code, "3 rows read: 1 new" in out) == (0, True)
