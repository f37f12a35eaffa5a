"""What an import is said to do, or to have done: never more than is true."""

import pytest

from loyalty.models import IngestRun
from loyalty.queries.import_verdicts import can_be_taken, verdict, words

CHECKED, DONE = IngestRun.State.CHECKED, IngestRun.State.DONE


def run_of(state, created=0, updated=0, unchanged=0, rejected=0, mode="skip"):
    return IngestRun(
        state=state,
        mapping={"on_bad_rows": mode},
        n_rows=created + updated + unchanged + rejected,
        n_created=created,
        n_updated=updated,
        n_unchanged=unchanged,
        n_rejected=rejected,
    )


@pytest.mark.parametrize(
    ("counts", "title", "colour"),
    [
        ({"created": 3}, "All 3 rows can be taken", "good"),
        ({"created": 1}, "The row can be taken", "good"),
        ({"unchanged": 3}, "There is nothing new in it", "good"),
        ({"unchanged": 3, "rejected": 1}, "There is nothing new in it", "fair"),
        ({"created": 2, "rejected": 1}, "2 of 3 rows can be taken", "fair"),
        ({"rejected": 3}, "Not a single row can be taken", "bad"),
        ({"created": 2, "rejected": 1, "mode": "refuse_all"}, "1 row cannot be taken, so nothing would be", "bad"),
    ],
)
def test_a_check_is_told(counts, title, colour):
    told = verdict(run_of(CHECKED, **counts))
    assert (told.title, told.colour) == (title, colour)


@pytest.mark.parametrize(
    ("counts", "title", "colour"),
    [
        ({"created": 3}, "3 rows taken in", "good"),
        ({"unchanged": 3}, "Nothing new", "good"),
        ({"unchanged": 3, "rejected": 1}, "Nothing new", "fair"),
        ({"updated": 1, "rejected": 1}, "1 row taken in", "fair"),
        ({"rejected": 2}, "No row was taken in", "bad"),
    ],
)
def test_an_end_is_told(counts, title, colour):
    told = verdict(run_of(DONE, **counts))
    assert (told.title, told.colour) == (title, colour)


def test_one_row_is_it_and_two_are_them():
    assert "Download it, correct it" in verdict(run_of(DONE, created=1, rejected=1)).text
    assert "Download them, correct them" in verdict(run_of(DONE, created=1, rejected=2)).text


@pytest.mark.parametrize(
    ("run", "can"),
    [
        (run_of(CHECKED, created=1, rejected=1), True),
        (run_of(CHECKED, created=1, rejected=1, mode="refuse_all"), False),
        (run_of(CHECKED, created=1, mode="refuse_all"), True),
        (run_of(CHECKED, rejected=1), False),
        (run_of(DONE, created=1), False),
    ],
)
def test_only_what_would_write_something_can_be_taken(run, can):
    assert can_be_taken(run) is can


def test_nothing_is_called_new_before_it_is():
    assert (words(run_of(CHECKED)).created, words(run_of(DONE)).created) == ("Would be new", "New")
