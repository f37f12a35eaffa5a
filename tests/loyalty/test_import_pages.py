"""Imports in the browser: the list, the upload and all that refuses one, one import with its rejected rows."""

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.models import IngestRun, Job, RejectedRow
from loyalty.services.ingest import kinds

pytestmark = pytest.mark.django_db
CUSTOMERS = b"customer_id,name\nc1,Ann\nc2,Ben\n"


@pytest.fixture(autouse=True)
def upload_dir(settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path
    return tmp_path


@pytest.fixture
def browser(client, marketer):
    client.force_login(marketer)
    return client


@pytest.fixture
def upload(browser):
    def post(content, kind="customers", name="people.csv", **more):
        file = SimpleUploadedFile(name, content)
        return browser.post(reverse("import-new"), {"kind": kind, "file": file, **more})

    return post


def text_of(response):
    return response.content.decode()


def make_run(at, **values):
    return IngestRun.objects.create(**{"kind": "customers", "source": "people.csv", "started_at": at, **values})


def n_queries(browser, url):
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(url).status_code == 200
    return len(queries)


def test_nobody_sees_imports_without_logging_in(client, at):
    pk = make_run(at).pk
    for name, args in (
        ("imports", []),
        ("import-new", []),
        ("ingest-run", [pk]),
        ("rejected-rows", [pk]),
        ("import-template", ["orders"]),
    ):
        assert client.get(reverse(name, args=args)).url.startswith(reverse("login"))


@pytest.mark.parametrize(
    ("content", "more", "sentence"),
    [
        (b"", {}, "The file is empty."),
        (b",,\n1,2,3\n", {}, "The heading is empty"),
        (b"PK\x03\x04 no workbook", {}, "damaged or incomplete"),
        (b"PAR1 but broken", {}, "damaged or incomplete"),
        (CUSTOMERS, {"kind": "socks"}, "Select a valid choice"),
        (CUSTOMERS, {"kind": ""}, "Choose what is in the file."),
    ],
)
def test_an_upload_that_cannot_be_read_is_refused_at_the_field(upload, upload_dir, content, more, sentence):
    response = upload(content, **more)
    assert response.status_code == 422
    assert sentence in text_of(response)
    assert not IngestRun.objects.exists()
    assert not Job.objects.exists()
    assert not list(upload_dir.iterdir())


def test_an_upload_without_a_file_is_refused(browser):
    response = browser.post(reverse("import-new"), {"kind": "customers"})
    assert response.status_code == 422
    assert "Choose a file." in text_of(response)


def test_a_file_that_is_too_large_is_refused(upload, settings):
    settings.MAX_UPLOAD_BYTES = 10
    assert "Cut it into smaller files" in text_of(upload(CUSTOMERS))


def test_uploading_needs_the_permission(client):
    reader = User.objects.create_user("reader", password="a-long-test-password")
    client.force_login(reader)
    file = SimpleUploadedFile("people.csv", CUSTOMERS)
    assert client.post(reverse("import-new"), {"kind": "customers", "file": file}).status_code == 403
    assert reverse("import-new") not in text_of(client.get(reverse("imports")))
    reader.user_permissions.add(Permission.objects.get(codename="add_ingestrun"))
    client.force_login(User.objects.get(pk=reader.pk))
    assert reverse("import-new") in text_of(client.get(reverse("imports")))


def test_the_list_needs_no_more_queries_for_more_imports(browser, at, marketer):
    for _ in range(2):
        make_run(at, started_by=marketer)
    before = n_queries(browser, reverse("imports"))
    for _ in range(8):
        make_run(at, started_by=marketer)
    assert n_queries(browser, reverse("imports")) == before


def test_imports_are_filtered_by_the_address(browser, at):
    make_run(at, source="first.csv")
    make_run(at, source="second.csv", kind="orders", state="done")
    assert [one.run.source for one in browser.get(reverse("imports"), {"kind": "orders"}).context["imports"]] == [
        "second.csv"
    ]
    assert [one.run.source for one in browser.get(reverse("imports"), {"state": "pending"}).context["imports"]] == [
        "first.csv"
    ]


def test_the_exported_list_holds_no_formula(browser, at):
    make_run(at, source="@SUM(1).csv")
    lines = b"".join(browser.get(reverse("imports"), {"format": "csv"}).streaming_content).decode()
    assert ",'@SUM(1).csv," in lines


def test_an_import_whose_job_was_stopped_does_not_wait_for_ever(browser, at):
    job = Job.objects.create(task="loyalty.ingest", label="Import", state="cancelled", created_at=at, finished_at=at)
    run = make_run(at, state="running", job=job)
    page = text_of(browser.get(reverse("ingest-run", args=[run.pk])))
    assert "Nothing was taken in" in page
    assert "hx-get" not in page


def test_an_import_under_way_asks_again(browser, at):
    job = Job.objects.create(task="loyalty.ingest", label="Import", created_at=at)
    run = make_run(at, job=job)
    assert "hx-get" in text_of(browser.get(reverse("ingest-run", args=[run.pk])))


def test_rejected_rows_are_shown_page_by_page_and_counted_by_reason(browser, at):
    run = make_run(at, state="done", n_rows=60, n_rejected=60)
    RejectedRow.objects.bulk_create(
        RejectedRow(run=run, line=line, column="name", value="x", reason="Odd." if line % 3 else "Wrong.")
        for line in range(60)
    )
    first = browser.get(reverse("ingest-run", args=[run.pk]))
    second = browser.get(reverse("ingest-run", args=[run.pk]), {"page": first.context["page"].after})
    lines = [row.line for response in (first, second) for row in response.context["page"].rows]
    assert lines == list(range(60))
    assert first.context["reasons"] == [("name", "Odd.", 40), ("name", "Wrong.", 20)]


def test_rejected_rows_download_without_formulas(browser, at):
    run = make_run(at, state="done", n_rejected=2)
    RejectedRow.objects.create(run=run, line=3, column="name", value="=1+1", reason="Odd.")
    RejectedRow.objects.create(run=run, line=2, column="-x", value="\tb", reason="Odd.")
    lines = b"".join(browser.get(reverse("rejected-rows", args=[run.pk])).streaming_content).decode().splitlines()
    assert lines == ["line,column,value,reason", "2,'-x,'\tb,Odd.", "3,name,'=1+1,Odd."]


def test_an_unknown_import_is_not_found(browser):
    assert browser.get(reverse("ingest-run", args=[1])).status_code == 404
    assert browser.get(reverse("rejected-rows", args=[1])).status_code == 404
    assert browser.get(reverse("import-template", args=["socks"])).status_code == 404


@pytest.mark.parametrize("kind", [kind.name for kind in kinds()])
def test_every_kind_has_a_template_that_is_accepted(browser, upload, kind):
    template = browser.get(reverse("import-template", args=[kind]))
    assert template["Content-Disposition"] == f'attachment; filename="{kind}.csv"'
    assert upload(template.content, kind=kind).status_code == 302
