"""What a program wrote is what is read, line by line, in any letters and line ends; the rest is refused."""

import csv
import gzip
import io
import re
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.services.ingest import FileRefused, Reading
from loyalty.services.ingest.delimited import LONGEST_CELL, LONGEST_ROW
from loyalty.services.ingest.encodings import encoding_of, known_encoding
from loyalty.services.ingest.files import open_table
from loyalty.services.ingest.readings import told_apart

SOME = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LETTERS = {
    "utf-8-sig": "aé€漢🙂",
    "utf-16": "aé€漢🙂",
    "utf-16-le": "aé€漢",
    "cp1252": "aéß€",
    "iso8859_2": "ałżŐ",
    "cp1250": "ałżŐ",
    "cp1251": "aЖя",
    "cp932": "a漢カﾅ",
    "gb18030": "a漢é€",
    "euc_kr": "a한글",
}
SIGNS = ",;\t|\"' \n\r=+-@0"


def read(path: Path, **reading: str) -> list[tuple[int, tuple[str | None, ...]]]:
    table = open_table(path, Reading(**reading))
    rows = [tuple(row.values()) for batch in table.batches for row in batch.to_pylist()]
    assert table.problems == []
    return [(row[0], row[1:]) for row in rows]


@st.composite
def files(draw):
    """A file as text with its encoding and delimiter, and the rows in it, each with its line."""
    encoding = draw(st.sampled_from(sorted(LETTERS)))
    delimiter = draw(st.sampled_from(",;\t|"))
    width = draw(st.integers(1, 4))
    cells = st.text(st.sampled_from(SIGNS + LETTERS[encoding]), max_size=8)
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6))
    ends = cycle(draw(st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=1, max_size=3)))
    text, line, expected = "", 1, []
    for number, row in enumerate([[f"column {place}" for place in range(width)], *rows]):
        written = io.StringIO()
        csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="").writerow(row)
        if number:
            expected.append((line, tuple(cell or None for cell in row)))
        text += written.getvalue() + next(ends)
        line += len(re.findall(r"\r\n|\r|\n", written.getvalue())) + 1
    return text, encoding, delimiter, expected


@SOME
@given(file=files())
def test_what_was_written_is_what_is_read(tmp_path, file):
    text, encoding, delimiter, expected = file
    path = tmp_path / "file"
    path.write_bytes(text.encode(encoding))

    assert read(path, encoding=encoding, delimiter=delimiter) == expected


@SOME
@given(file=files(), packed=st.booleans())
def test_unicode_needs_no_telling(tmp_path, file, packed):
    text, encoding, delimiter, expected = file
    path = tmp_path / "file"
    content = text.encode("utf-16" if encoding == "utf-16" else "utf-8")
    path.write_bytes(gzip.compress(content) if packed else content)

    assert read(path, delimiter=delimiter) == expected


@SOME
@given(
    content=st.binary(max_size=300), mark=st.sampled_from([b"", b"", b"", b"PAR1", b"\x1f\x8b", b"a,b\n", b"\xff\xfe"])
)
def test_any_bytes_are_rows_or_refused(tmp_path, content, mark):
    path = tmp_path / "file"
    path.write_bytes(mark + content)
    with suppress(FileRefused):
        assert all(len(batch) for batch in open_table(path).batches)


@pytest.mark.parametrize("encoding", ["cp037", "rot13", "idna", "unicode_escape", "utf-7", "zlib", "no such", "a\0b"])
def test_only_encodings_of_letters_can_be_chosen(encoding):
    with pytest.raises(FileRefused, match="There is no encoding"):
        known_encoding(encoding)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "K,Jörg Müller,Straße\n"),
        ("cp1252", "K,Crème brûlée,5 €\n"),
        ("cp1250", "K,Łukasz Żółć,Gdańsk, świeże jabłka\n"),
        ("iso8859_2", "K,Łukasz Żółć,Gdańsk, świeże jabłka, kiełbasa śląska\n"),
        ("cp932", "顧客,山田太郎\nK,緑茶と抹茶\n"),
        ("euc_jp", "顧客,山田太郎\nK,緑茶と抹茶ケーキ\n"),
        ("cp1251", "К1,Иван Петров,Москва\n"),
        ("koi8_r", "К1,Иван Петров,Москва\n"),
        ("big5", "客戶,王小明繁體\n"),
        ("utf-8-sig", "K,漢字\n"),
        ("utf-16-le", "customer,name\nK,Jörg\n"),
        ("utf-16-be", "customer,name\nK,Jörg\n"),
    ],
)
def test_the_letters_of_a_file_are_guessed(tmp_path, encoding, text):
    path = tmp_path / "file"
    path.write_bytes(text.encode(encoding))
    guessed = encoding_of(path, path.read_bytes())

    assert text.encode(encoding).decode(guessed) == text


def test_what_is_odd_far_below_counts_as_well(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"a,b\n" * 400_000 + "K,Grüße aus Köln\n".encode("cp1252"))

    assert encoding_of(path, path.read_bytes()[:1000]) == "cp1252"


@pytest.mark.django_db
def test_letters_that_the_chosen_encoding_does_not_have_are_told_by_line(take):
    content = "customer_id,name\nA,plain\nB,Jörg\n".encode("cp1252")
    taken = take("customers", content, reading=Reading(encoding="utf-8"))

    assert [(line, column) for line, column, _ in taken.refusals] == [(3, "name")]
    assert taken.refusals[0][2].startswith("This holds letters that utf-8-sig does not have.")


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a;b;c\n1,5;2,5;x, y, z, and more\n", ";"),
        ("a,b\n1;2,x\n3;4,y\n", ","),
        ("a\tb,c\n1\t2\n", "\t"),
        ("name|price\nTea, green|1,20\nMilk|0,99\n", "|"),
        ("only\none\n", ","),
        ('a,"b;c;d;e",f\n1,2,3\n', ","),
    ],
)
def test_the_delimiter_is_the_one_that_cuts_all_rows_alike(tmp_path, text, delimiter):
    path = tmp_path / "file"
    path.write_text(text)

    assert open_table(path).delimiter == delimiter


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n" + b"x" * (LONGEST_ROW + 10),
        b"a,b\n1," + b"y" * (LONGEST_CELL + 1) + b"\n",
        b'a,b\n1,"' + b"z\n" * LONGEST_CELL,
        b"a,b\n" + b'"\n",' * (LONGEST_ROW // 4 + 9),
        b'a,b\n1,"open',
    ],
)
def test_what_never_ends_is_refused_with_its_line(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match="Line 2 cannot be read"):
        list(open_table(path, Reading(delimiter=",")).batches)


@pytest.mark.django_db
def test_rows_of_another_width_are_told_and_empty_cells_behind_the_last_are_not(take):
    taken = take("customers", "customer_id,name\nA,Ann,,\nB,Bo,extra\nC\n\nD,Di\n")

    assert taken.counts == (2, 0, 0, 2)
    assert [(line, reason.split(".")[0]) for line, _, reason in taken.refusals] == [
        (3, "This row has 3 cells where the heading has 2"),
        (4, "This row has 1 cells where the heading has 2"),
    ]


def test_every_column_can_be_told_apart():
    assert told_apart(["a", "", "a", "a (2)", " ", "a"]) == ("a", "column 2", "a (3)", "a (2)", "column 5", "a (4)")
