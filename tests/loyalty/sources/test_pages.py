"""The pages of scheduled sources: what each says, who may do what, and that lists cost the same however long."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.models import ImportSource, Job
from loyalty.services.sources.visits import SourceTrouble
from tests.loyalty.sources.conftest import make_source, visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, marketer):
    client.force_login(marketer)
    return client


def text(browser, url: str) -> str:
    return browser.get(url).content.decode()


def n_queries(browser, url: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(url).status_code == 200
    return len(asked)


def given(folder, **values) -> dict:
    fields = {"name": "Till", "kind": "customers", "url": str(folder), "pattern": "*.csv", "every": "day"}
    return {
        **fields,
        "every_n": "1",
        "day_time": "02:30",
        "is_active": "on",
        "unknown_products": "reject",
        "on_bad_rows": "skip",
        **values,
    }


def test_an_empty_list_says_what_a_source_is_for(browser):
    assert "Connect a folder or bucket" in text(browser, reverse("sources"))


def test_a_source_is_connected_changed_and_removed(browser, folder, marketer):
    made = browser.post(reverse("source-new"), given(folder))
    source = ImportSource.objects.get()
    assert made.headers["Location"] == source.get_absolute_url()
    assert (source.created_by, source.options) == (marketer, {"unknown_products": "reject", "on_bad_rows": "skip"})
    assert "Every day at 02:30 (America/New_York)" in text(browser, source.get_absolute_url())

    browser.post(reverse("source-edit", args=[source.pk]), given(folder, every="minutes", every_n="15"))
    assert "Every 15 minutes" in text(browser, reverse("sources"))

    browser.post(reverse("source-delete", args=[source.pk]))
    assert not ImportSource.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("url", "/etc", "Files are taken only from below"),
        ("url", "s3://key:secret@bucket", "holds a password or a key"),
        ("pattern", "../*.csv", "below the folder"),
        ("day_time", "", "Say at what time of the day"),
        ("name", "", "Give it a name"),
        ("every_n", "many", "Write a whole number"),
    ],
)
def test_what_cannot_be_kept_is_told_at_its_field(browser, folder, field, value, sentence):
    answer = browser.post(reverse("source-new"), given(folder, **{field: value}))

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not ImportSource.objects.exists()


def test_two_sources_cannot_share_a_name(browser, folder):
    make_source(folder)
    assert "Another source has this name" in browser.post(reverse("source-new"), given(folder)).content.decode()


def test_a_source_rests_goes_on_and_looks_when_asked(browser, folder, marketer):
    source = make_source(folder)
    browser.post(reverse("source-pause", args=[source.pk]))
    assert "Resting" in text(browser, source.get_absolute_url())
    browser.post(reverse("source-resume", args=[source.pk]))
    browser.post(reverse("source-visit", args=[source.pk]))
    job = Job.objects.get()
    assert (job.task, job.started_by) == ("loyalty.visit_source", marketer)
    assert "Looking for new files" in text(browser, source.get_absolute_url())

    again = browser.post(reverse("source-visit", args=[source.pk]), follow=True)
    assert "being visited just now" in again.content.decode()
    assert Job.objects.count() == 1


def test_what_went_wrong_is_said_where_it_is_looked_for(browser, folder):
    (folder / "1.csv").write_text("no,such,heading\n1,2,3\n")
    (folder / "2.csv").write_text("customer_id,name\nA,a\n")
    source = make_source(folder)
    with pytest.raises(SourceTrouble):
        visit(source)

    page = text(browser, source.get_absolute_url())
    assert "The last visit did not go well" in page
    assert "Unknown columns" in page
    assert "Refused" in page
    assert "Taken in" in page
    assert "Needs a look" in text(browser, reverse("sources"))


def test_lists_need_no_more_queries_for_more_rows(browser, folder):
    def add(n):
        first = ImportSource.objects.count()
        for number in range(first, first + n):
            (folder / f"{number}.csv").write_text(f"customer_id,name\nA{number},a\n")
            visit(make_source(folder, name=f"Till {number}"))

    add(2)
    first = ImportSource.objects.earliest("pk").get_absolute_url()
    before = n_queries(browser, reverse("sources")), n_queries(browser, first)
    add(4)
    visit(ImportSource.objects.earliest("pk"))
    assert (n_queries(browser, reverse("sources")), n_queries(browser, first)) == before


def test_an_exported_name_is_no_formula(browser, folder):
    make_source(folder, name="=1+1")
    rows = b"".join(browser.get(reverse("sources"), {"format": "csv"}).streaming_content).decode()
    assert "'=1+1" in rows
