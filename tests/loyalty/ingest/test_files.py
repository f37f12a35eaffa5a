"""Files as people send them: encodings, delimiters, Parquet, and everything that is not a table."""

import csv
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.models import Customer
from loyalty.services.ingest import FileRefused, Options, kind_named, kinds, read_file, template_file
from loyalty.services.ingest.rows import BATCH_ROWS
from loyalty.services.ingest.staging import PROBLEMS, stage, staging

pytestmark = pytest.mark.django_db


def parquet(**columns):
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_what_spreadsheets_write_is_read(take, encoding, delimiter):
    rows = delimiter.join(["customer_id", "name"]) + "\r\n" + delimiter.join(["K", "Jörg"]) + "\r\n"
    take("customers", rows.encode(encoding))

    assert Customer.objects.get().name == "Jörg"


def test_a_line_is_told_as_an_editor_counts_it(take):
    rows = 'customer_id,name,joined_on\nA,"two\nlines",\n\nB,,never\n'

    assert [(line, column) for line, column, _ in take("customers", rows).refusals] == [(5, "joined_on")]


def test_parquet_brings_its_own_types(take):
    content = parquet(customer_id=[7, 8], name=["Ann", None], joined_on=pa.array([18000, None], pa.date32()))

    assert take("customers", content).counts == (2, 0, 0, 0)
    assert set(Customer.objects.values_list("external_id", "name")) == {("7", "Ann"), ("8", "")}


def test_numbers_that_are_none_are_refused_in_parquet_too(take):
    content = parquet(sku=["1", "2", "3"], name=["a", "b", "c"], price=[float("nan"), float("inf"), 1.0])

    assert [line for line, _, _ in take("products", content).refusals] == [1, 2]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b" \n\n", "The file is empty."),
        (b"customer_id,name\n", "There are no rows."),
        (b"\x00\x01\x02\x03", "This is not a table"),
        (b"PK\x03\x04rest of a workbook", "This workbook is damaged"),
        (b"PAR1 and then nothing of the kind", "This Parquet file is damaged"),
        (b"customer_id,shoe size\nA,40\n", "Unknown column “shoe size”."),
        (b"name\nAnn\n", "Missing column “customer_id”."),
        (b"customer_id,customer_id\nA,B\n", "Column “customer_id” stands there twice."),
        (b"customer_id,,name\nA,,B\n", "Column 2 of the heading has no name."),
        (b'customer_id,name\nA,"never closed\n', "Line 2 cannot be read."),
        (b"customer_id,name\nA," + b"x" * 140_000 + b"\n", "Line 2 cannot be read."),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(take, content, sentence):
    with pytest.raises(FileRefused, match=f"^{sentence}"):
        take("customers", content)
    assert not Customer.objects.exists()


def test_a_parquet_column_of_lists_is_refused_by_name(take):
    with pytest.raises(FileRefused, match="Column “name” holds list"):
        take("customers", parquet(customer_id=["A"], name=[["x"]]))


def test_a_cell_that_cannot_be_stored_is_refused(take):
    taken = take("customers", parquet(customer_id=["A", "B"], name=["a\0b", "fine"]))

    assert taken.counts == (1, 0, 0, 1)
    assert taken.refusals[0][:2] == (1, "name")


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_a_template_has_a_heading_that_is_accepted(kind, tmp_path):
    path = tmp_path / "template.csv"
    path.write_bytes(template_file(kind.name, "csv"))

    assert set(read_file(kind, path).names) <= set(kind.names)


def test_an_unknown_kind_is_named():
    with pytest.raises(FileRefused, match="There is no kind of record called “cats”"):
        kind_named("cats")


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(CELLS, min_size=1, max_size=8), delimiter=st.sampled_from(",;\t|"))
def test_any_text_comes_through_as_it_is(take, names, delimiter):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([("customer_id", "name"), *enumerate(names)])
    Customer.objects.all().delete()
    take("customers", text.getvalue())

    assert dict(Customer.objects.values_list("external_id", "name")) == {
        str(number): name.strip(" ") for number, name in enumerate(names)
    }


@pytest.mark.parametrize("n_bad", [3, 3000])
def test_bad_rows_are_kept_in_batches_and_not_one_by_one(take, n_bad):
    rows = "customer_id,name\n" + "".join(f"K{number},a,one cell too many\n" for number in range(n_bad)) + "L,b\n"

    with CaptureQueriesContext(connection) as asked:
        taken = take("customers", rows)

    assert taken.counts == (1, 0, 0, n_bad)
    assert [line for line, _, _ in taken.refusals] == list(range(2, n_bad + 2))
    assert len(asked) < 60


def test_bad_rows_are_forgotten_once_they_are_with_the_database(at, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("customer_id,name\n" + "K,a,one cell too many\n" * 70_000)
    kind, options = kind_named("customers"), Options(at=at, source="shop.csv")
    rows = read_file(kind, path)

    with staging(kind, rows, options) as staged:
        held = []
        stage(staged, lambda _: held.append(len(rows.problems)))
        n_kept = staged.scalar(f"SELECT count(*) FROM {PROBLEMS}")

    assert n_kept == 70_000
    assert max(held) <= BATCH_ROWS
