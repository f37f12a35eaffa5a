"""Each state of each file is taken once, in the order of the names; what cannot be taken is told and stops nothing."""

import gzip
import os
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from loyalty.models import Customer, ImportMapping, IngestRun, SourceFile
from loyalty.services.progress import QuietProgress
from loyalty.services.sources.places import PlaceRefused
from loyalty.services.sources.visits import SourceTrouble
from tests.loyalty.sources.conftest import ledger, make_source, visit

pytestmark = pytest.mark.django_db


def write(folder, name, *rows):
    (folder / name).write_text("\n".join(["customer_id,name", *rows]) + "\n")


def names():
    return set(Customer.objects.values_list("external_id", "name"))


def test_new_files_are_taken_in_the_order_of_their_names(folder):
    write(folder, "2.csv", "A,second")
    write(folder, "1.csv", "A,first", "B,b")
    write(folder, "notes.txt", "C,not meant")
    source = make_source(folder)

    done = visit(source)

    assert done["taken"] == 2
    assert names() == {("A", "second"), ("B", "b")}
    assert ledger(source) == [("1.csv", "taken"), ("2.csv", "taken")]
    assert [run.source_file.path for run in IngestRun.objects.order_by("pk")] == [
        str(folder / "1.csv"),
        str(folder / "2.csv"),
    ]


def test_a_second_visit_takes_nothing(folder):
    write(folder, "1.csv", "A,a")
    source = make_source(folder)
    visit(source)

    assert visit(source)["taken"] == 0
    assert IngestRun.objects.count() == 1


def test_a_file_that_changed_is_taken_again(folder):
    write(folder, "1.csv", "A,a")
    source = make_source(folder)
    visit(source)
    write(folder, "1.csv", "A,b")
    os.utime(folder / "1.csv", (1, 1))

    assert visit(source)["taken"] == 1
    assert names() == {("A", "b")}


def test_a_file_that_was_only_touched_is_not_taken_again(folder):
    write(folder, "1.csv", "A,a")
    source = make_source(folder)
    visit(source)
    os.utime(folder / "1.csv", (1, 1))

    assert visit(source) == {"source_id": source.pk, "taken": 0, "same": 1}
    assert ledger(source) == [("1.csv", "taken"), ("1.csv", "same")]
    assert IngestRun.objects.count() == 1


def test_a_file_that_goes_back_to_an_earlier_content_is_taken_again(folder):
    source = make_source(folder)
    for name, changed_at in (("a", 1), ("b", 2), ("a", 1)):
        write(folder, "1.csv", f"A,{name}")
        os.utime(folder / "1.csv", (changed_at, changed_at))
        assert visit(source)["taken"] == 1
        assert names() == {("A", name)}
    assert visit(source)["taken"] == 0
    assert ledger(source) == [("1.csv", "taken"), ("1.csv", "taken")]


def test_a_file_that_grows_between_two_looks_waits_and_is_looked_at_again_soon(folder):
    write(folder, "1.csv", "A,a")
    write(folder, "2.csv", "B,b")
    source = make_source(folder)
    source.next_due_at = source.next_due_at.replace(hour=23)
    source.save()

    visit(source, pause=lambda: write(folder, "1.csv", "A,a", "C,c"))
    assert names() == {("B", "b")}
    assert ("1.csv", "growing") in ledger(source)
    source.refresh_from_db()
    assert (source.next_due_at.hour, source.next_due_at.minute) == (12, 1)

    visit(source)
    assert names() == {("A", "a"), ("B", "b"), ("C", "c")}
    assert sorted(ledger(source)) == [("1.csv", "taken"), ("2.csv", "taken")]


def test_a_file_that_is_refused_is_told_and_does_not_stop_the_others(folder):
    (folder / "1.csv").write_text("no,such,heading\n1,2,3\n")
    write(folder, "2.csv", "B,b")
    source = make_source(folder)

    with pytest.raises(SourceTrouble, match=r"1\.csv: Unknown columns “no”"):
        visit(source)

    assert names() == {("B", "b")}
    source.refresh_from_db()
    assert source.trouble.startswith("1.csv: Unknown columns")
    assert visit(source)["taken"] == 0, "it is not refused once more until it changes"
    source.refresh_from_db()
    assert source.trouble == ""


def test_a_file_too_large_is_refused_by_name(folder, settings):
    settings.MAX_UPLOAD_BYTES = 1024 * 1024
    (folder / "1.csv").write_text("customer_id,name\n" + "A,a\n" * 300_000)
    source = make_source(folder)

    with pytest.raises(SourceTrouble, match="larger than 1 MB"):
        visit(source)
    assert ledger(source) == [("1.csv", "refused")]


class Killed(BaseException):
    """What `kill -9` looks like from inside: nothing of ours runs any more."""


class KilledAfterTheCommit(QuietProgress):
    @contextmanager
    def writing(self):
        with transaction.atomic():
            yield
        raise Killed


@pytest.mark.django_db(transaction=True)
def test_killed_after_the_rows_are_in_it_is_not_taken_again(folder):
    write(folder, "1.csv", "A,a")
    source = make_source(folder)
    with pytest.raises(Killed):
        visit(source, report=KilledAfterTheCommit())
    assert ledger(source) == [("1.csv", "taking")]

    assert visit(source)["taken"] == 1
    assert ledger(source) == [("1.csv", "taken")]
    assert IngestRun.objects.count() == 1
    assert IngestRun.objects.get().n_created == 1


def test_a_file_in_other_words_is_taken_by_its_mapping(folder, at):
    (folder / "1.csv").write_text("Kunde;Name;Rest\nA;a;x\n")
    columns = {"Kunde": "customer_id", "Name": "name", "Rest": ""}
    mapping = ImportMapping.objects.create(kind="customers", name="Kasse", columns=columns, at=at)
    source = make_source(folder, mapping=mapping)

    assert visit(source)["taken"] == 1
    assert names() == {("A", "a")}


def test_all_or_nothing_takes_nothing_of_a_file_with_a_bad_row(folder):
    write(folder, "1.csv", "A,a", ",nobody")
    source = make_source(folder, options={"on_bad_rows": "refuse_all"})

    with pytest.raises(SourceTrouble, match="1 of 2 rows cannot be taken"):
        visit(source)
    assert names() == set()
    assert source.files.get().run.rejected_rows.count() == 1


def test_a_packed_file_is_taken_as_it_is(folder):
    (folder / "1.csv.gz").write_bytes(gzip.compress(b"customer_id,name\nA,a\n"))
    source = make_source(folder, pattern="*.csv.gz")

    assert visit(source)["taken"] == 1
    assert names() == {("A", "a")}


def test_a_bucket_is_read_through_its_driver(bucket):
    bucket.pipe("/exports/new/1.csv", b"customer_id,name\nA,a\n")
    bucket.pipe("/exports/old.csv", b"customer_id,name\nB,b\n")
    source = make_source("memory://exports", pattern="**/*.csv")

    assert visit(source)["taken"] == 2
    assert names() == {("A", "a"), ("B", "b")}
    assert visit(source)["taken"] == 0


def test_a_place_without_marks_is_told_apart_by_content(bucket, monkeypatch):
    monkeypatch.setattr("loyalty.services.sources.doors.MARKS", ())
    bucket.pipe("/exports/1.csv", b"customer_id,name\nA,a\n")
    source = make_source("memory://exports")
    assert visit(source)["taken"] == 1
    assert visit(source) == {"source_id": source.pk, "taken": 0, "same": 1}

    bucket.pipe("/exports/1.csv", b"customer_id,name\nA,b\n")
    assert visit(source)["taken"] == 1
    assert names() == {("A", "b")}


def test_a_folder_that_is_not_there_is_told(folder):
    source = make_source(folder / "nowhere")

    with pytest.raises(PlaceRefused, match="There is nothing at"):
        visit(source)
    source.refresh_from_db()
    assert "Correct the address" in source.trouble


def test_a_link_that_leads_out_of_the_folder_opens_nothing(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write(elsewhere, "secret.csv", "X,secret")
    (folder / "1.csv").symlink_to(elsewhere / "secret.csv")
    (folder / "out").symlink_to(elsewhere)

    assert visit(make_source(folder))["taken"] == 0
    with pytest.raises(PlaceRefused, match="Files are taken only from below"):
        visit(make_source(folder, name="Other", pattern="out/*.csv"))
    assert names() == set()


@pytest.mark.django_db(transaction=True)
def test_two_visits_at_once_to_one_source_are_refused(folder):
    write(folder, "1.csv", "A,a")
    source = make_source(folder)
    copied = connection.copy()
    with copied.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"source {source.pk}"])
    try:
        with pytest.raises(PlaceRefused, match="Another visit"):
            visit(source)
    finally:
        copied.close()
    assert not SourceFile.objects.exists()
    assert visit(source)["taken"] == 1
