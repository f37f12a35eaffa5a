"""Files that are made to fill a machine: each is refused with a sentence, or read in small pieces."""

import gzip
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from loyalty.services.ingest import FileRefused
from loyalty.services.ingest.files import open_table
from loyalty.services.ingest.parquet import MOST_BATCH_BYTES


def refused(path, content):
    path.write_bytes(content)
    with pytest.raises(FileRefused) as refusal:
        list(open_table(path).batches)
    return str(refusal.value)


def test_a_packed_file_that_grows_without_end(tmp_path):
    packed = io.BytesIO()
    with gzip.open(packed, "wb", compresslevel=1) as file:
        file.write(b"a,b\n")
        for _ in range(90):
            file.write(b"1,2\n" * (1 << 18))

    assert "unpacks to far more" in refused(tmp_path / "file", packed.getvalue())


def test_a_packed_file_that_breaks_off(tmp_path):
    content = gzip.compress(b"a,b\n" + b"".join(b"%d,2\n" % number for number in range(10_000)))
    assert "damaged or incomplete" in refused(tmp_path / "file", content[: len(content) // 2])


# Named: a packed file holds its second, and processes that test side by side must name a test alike.
@pytest.mark.parametrize(
    "inner", [b"PAR1....", b"PK\x03\x04....", gzip.compress(b"a,b\n1,2\n")], ids=["parquet", "zip", "gzip"]
)
def test_only_a_table_of_text_may_be_packed(tmp_path, inner):
    assert "Only CSV files may be packed" in refused(tmp_path / "file", gzip.compress(inner))


def test_a_workbook_that_unpacks_to_far_more(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/worksheets/sheet1.xml", b"0" * (100 << 20))

    assert "unpacks to far more" in refused(tmp_path / "file", packed.getvalue())


def test_a_workbook_of_thousands_of_entries(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for number in range(2_001):
            file.writestr(f"xl/{number}", b"")

    assert "unpacks to far more" in refused(tmp_path / "file", packed.getvalue())


def test_a_sheet_of_two_cells_a_billion_cells_apart(tmp_path):
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "a")
        sheet.write(1_048_575, 16_383, "z")

    assert "far larger than it looks" in refused(tmp_path / "file", packed.getvalue())


def test_a_zip_that_is_no_workbook(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("readme.txt", b"hello")

    assert "not a workbook" in refused(tmp_path / "file", packed.getvalue())


def test_one_long_text_named_a_million_times_is_read_in_small_pieces(tmp_path):
    path = tmp_path / "file"
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 40_000, pa.int32()), ["x" * 50_000])
    pq.write_table(pa.table({"a": text}), path)
    assert path.stat().st_size < 1 << 20

    pieces = open_table(path).batches
    for _ in range(3):
        assert next(pieces).nbytes <= 1.1 * MOST_BATCH_BYTES


def test_a_text_longer_than_a_cell_may_be(tmp_path):
    packed = io.BytesIO()
    pq.write_table(pa.table({"a": ["x" * 200_000]}), packed)

    assert "longer than" in refused(tmp_path / "file", packed.getvalue())


@pytest.mark.django_db
@pytest.mark.parametrize("cell", ["[" * 60_000, '{"a":' * 25_000, '{"a": NaN}', '{"a": "\\u0000"}', "[1]", '{"a": 1'])
def test_named_values_that_are_none_are_told_by_their_cell(take, cell):
    quoted = cell.replace('"', '""')
    taken = take("customers", f'customer_id,attributes\nA,"{quoted}"\nB,"{{""a"": 1}}"\n')

    assert [(line, column) for line, column, _ in taken.refusals] == [(2, "attributes")]
    assert taken.counts == (1, 0, 0, 1)
