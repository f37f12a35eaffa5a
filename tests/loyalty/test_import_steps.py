"""The wizard step by step: what is shown, what is asked, and that nothing is written before everything was checked."""

import gc
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.models import Customer, ImportMapping, IngestRun, Job, Order, Product
from loyalty.services.imports import sweep_imports
from loyalty.services.ingest import check_run, kept_path, run_ingest, template_file
from loyalty.services.progress import QuietProgress

pytestmark = pytest.mark.django_db
GERMAN = (
    "Bestellnummer;Kunde;Datum;Artikelnummer;Menge;Betrag;Bemerkung\n"
    "B1;Jürgen;31.12.2016;A-1;2;1.234,50;grün\n"
    "B2;Jürgen;01.02.2017;A-2;1;-3,25;\n"
).encode("cp1252")
CUSTOMERS = b"Customer ID,Full name\nc1,Ann\nc2,Ben\n"


@pytest.fixture(autouse=True)
def upload_dir(settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path
    return tmp_path


@pytest.fixture
def browser(client, marketer):
    client.force_login(marketer)
    return client


@pytest.fixture
def draft(browser):
    """Upload a file and return the draft that comes of it."""

    def upload(content, kind="customers", name="people.csv"):
        response = browser.post(reverse("import-new"), {"kind": kind, "file": SimpleUploadedFile(name, content)})
        assert response.status_code == 302
        return IngestRun.objects.latest("pk")

    return upload


def at_step(step, run):
    return reverse(f"import-{step}", args=[run.pk])


def text_of(response):
    return response.content.decode()


def choices(response, **more):
    """What the form on the page would send if nobody changed anything but `more`."""
    form = response.context["form"]
    told = {name: form[name].value() or "" for name in form.fields}
    named = {column.name: f"column_{number}" for number, column in enumerate(form.look.columns)}
    return told | {named.get(name, name): value for name, value in more.items()}


def map_columns(browser, run, **more):
    address = at_step("map", run)
    return browser.post(address, choices(browser.get(address), **more))


def check(browser, run):
    browser.post(at_step("check", run))
    check_run(run_id=run.pk, report=QuietProgress())
    Job.objects.update(state="done")
    run.refresh_from_db()
    return run


def take_in(browser, run):
    browser.post(at_step("start", run))
    run_ingest(run_id=run.pk, report=QuietProgress())
    Job.objects.update(state="done")
    run.refresh_from_db()
    return run


def test_an_upload_goes_on_to_how_it_is_read(browser, draft):
    run = draft(GERMAN, kind="orders", name="verkauf.csv")
    assert run.state == "draft"
    page = text_of(browser.get(at_step("look", run)))
    assert "Jürgen" in page
    assert "Western European (Windows-1252)" in page
    assert "a semicolon" in page


def test_other_letters_show_other_rows_and_change_nothing(browser, draft):
    run = draft(GERMAN, kind="orders")
    page = text_of(browser.get(at_step("look", run), {"encoding": "cp1251"}))
    assert "Jürgen" not in page
    run.refresh_from_db()
    assert run.reading == {}


def test_a_reading_that_fails_says_why_and_can_be_changed(browser, draft):
    run = draft(GERMAN, kind="orders")
    response = browser.get(at_step("look", run), {"encoding": "klingon"})
    assert "There is no encoding" in text_of(response)
    assert 'name="encoding"' in text_of(response)


def test_how_it_is_read_is_kept(browser, draft):
    run = draft(GERMAN, kind="orders")
    response = browser.post(at_step("look", run), {"encoding": "cp1252", "delimiter": ";", "sheet": ""})
    run.refresh_from_db()
    assert response.url == at_step("map", run)
    assert run.reading == {"encoding": "cp1252", "delimiter": ";"}


def test_columns_are_suggested_and_what_is_missing_is_said(browser, draft):
    run = draft(b"Bestellnummer;Datum;Menge\nB1;31.12.2016;2\n", kind="orders")
    response = browser.get(at_step("map", run))
    form = response.context["form"]
    assert [line.field.value() for line in form.lines] == ["order_id", "ordered_at", "quantity"]
    assert {"sku", "amount"} <= {column.name for column in form.missing}
    assert (form["decimal"].value(), form["date_order"].value()) == (",", "dmy")
    assert "Still needed" in text_of(response)


def test_a_column_must_be_mapped_or_skipped_on_purpose(browser, draft):
    run = draft(GERMAN, kind="orders")
    response = map_columns(browser, run, Bemerkung="")
    assert response.status_code == 422
    assert "skip it on purpose" in text_of(response)
    run.refresh_from_db()
    assert run.mapping == {}
    assert map_columns(browser, run, Bemerkung="-").url == at_step("preview", run)


def test_every_refusal_stands_at_its_column(browser, draft):
    run = draft(GERMAN, kind="orders")
    response = map_columns(browser, run, Bemerkung="amount", Menge="-")
    form = response.context["form"]
    wrong = {line.column.name for line in form.lines if line.field.errors}
    assert wrong & {"Bemerkung", "Betrag"}
    assert form.errors["constant_quantity"]


def test_what_the_file_lacks_is_one_value_for_all_rows(browser, draft):
    run = draft(CUSTOMERS)
    map_columns(browser, run, constant_location="Berlin")
    take_in(browser, check(browser, run))
    assert set(Customer.objects.values_list("location", flat=True)) == {"Berlin"}


def test_a_column_nobody_foresaw_is_kept_as_a_named_value(browser, draft):
    run = draft(b"customer_id,Shoe size\nc1,42\n")
    map_columns(browser, run, **{"Shoe size": "attributes.shoe_size"})
    take_in(browser, check(browser, run))
    assert Customer.objects.get().attributes == {"shoe_size": "42"}


def test_a_page_opened_before_the_reading_was_changed_is_asked_again(browser, draft):
    run = draft(GERMAN, kind="orders")
    told = choices(browser.get(at_step("map", run)))
    browser.post(at_step("look", run), {"delimiter": ","})
    response = browser.post(at_step("map", run), told)
    assert response.status_code == 422
    assert "read differently" in text_of(response)


def test_the_preview_marks_what_is_wrong_and_writes_nothing(browser, draft):
    run = draft(b"customer_id,Joined\nc1,2017-02-30\nc2,2017-03-01\n")
    map_columns(browser, run, Joined="joined_on")
    page = text_of(browser.get(at_step("preview", run)))
    assert "There is no such day" in page
    assert "1 row could not be taken" in page
    assert not Customer.objects.exists()


def test_a_preview_without_a_mapping_asks_for_one(browser, draft):
    run = draft(CUSTOMERS)
    assert browser.get(at_step("preview", run)).url == at_step("map", run)


def test_a_check_says_what_would_happen_and_writes_nothing(browser, draft):
    Customer.objects.create(external_id="c1", name="Ann")
    run = draft(b"customer_id,name\nc1,Ann\nc2,Ben\nc2,Bob\n")
    map_columns(browser, run)
    check(browser, run)
    page = text_of(browser.get(reverse("ingest-run", args=[run.pk])))
    assert "2 of 3 rows can be taken" in page
    assert "Would be new" in page
    assert Customer.objects.count() == 1


def test_what_is_worth_knowing_is_told_before_it_is_written(browser, draft):
    Customer.objects.create(external_id="Jürgen")
    run = draft(GERMAN, kind="orders")
    map_columns(browser, run, Bemerkung="-", unknown_products="create")
    check(browser, run)
    page = text_of(browser.get(run.get_absolute_url()))
    assert "times without a zone" in page
    assert "unknown product keys" in page
    assert not Product.objects.exists()


def test_a_checked_import_is_taken_in_and_told(browser, draft):
    run = draft(b"customer_id,name\nc1,Ann\nc2,Ben\nc2,Bob\n")
    map_columns(browser, run)
    take_in(browser, check(browser, run))
    page = text_of(browser.get(reverse("ingest-run", args=[run.pk])))
    assert set(Customer.objects.values_list("name", flat=True)) == {"Ann", "Ben"}
    assert "2 rows taken in" in page
    assert "left out and listed" in page


def test_the_same_file_again_changes_nothing(browser, draft):
    for _ in range(2):
        run = draft(CUSTOMERS)
        map_columns(browser, run)
        take_in(browser, check(browser, run))
    assert (run.n_created, run.n_updated, run.n_unchanged) == (0, 0, 2)
    assert "Nothing new" in text_of(browser.get(reverse("ingest-run", args=[run.pk])))


def test_all_or_nothing_writes_nothing_with_one_bad_row(browser, draft):
    run = draft(b"customer_id,joined_on\nc1,2017-01-01\nc2,soon\n")
    map_columns(browser, run, on_bad_rows="refuse_all")
    check(browser, run)
    page = text_of(browser.get(reverse("ingest-run", args=[run.pk])))
    assert "1 row cannot be taken, so nothing would be" in page
    assert 'id="import-start"' not in page
    assert not Customer.objects.exists()


def test_nothing_is_imported_that_was_not_checked(browser, draft):
    run = draft(CUSTOMERS)
    map_columns(browser, run)
    browser.post(at_step("start", run))
    run.refresh_from_db()
    assert run.state == "draft"
    assert not Job.objects.exists()


def test_a_change_after_the_check_asks_for_another(browser, draft):
    run = draft(CUSTOMERS)
    map_columns(browser, run)
    check(browser, run)
    map_columns(browser, run, constant_location="Berlin")
    page = text_of(browser.post(at_step("start", run), follow=True))
    assert "once more" in page
    run.refresh_from_db()
    assert run.state == "draft"


@pytest.mark.parametrize("step", ["check", "start"])
def test_a_button_pressed_twice_does_its_work_once(browser, draft, step, django_capture_on_commit_callbacks):
    run = draft(CUSTOMERS)
    map_columns(browser, run)
    if step == "start":
        check(browser, run)
    before = Job.objects.count()
    with django_capture_on_commit_callbacks() as woken:
        for _ in range(2):
            response = browser.post(at_step(step, run), follow=True)
    assert Job.objects.count() == before + 1
    assert len(woken) == 1
    assert not list(response.context["messages"])


def test_an_import_can_be_stopped_while_it_waits(browser, draft):
    run = draft(CUSTOMERS)
    map_columns(browser, run)
    browser.post(at_step("check", run))
    browser.post(at_step("stop", run))
    page = text_of(browser.get(reverse("ingest-run", args=[run.pk])))
    assert Job.objects.get().state == "cancelled"
    assert at_step("preview", run) in page


def test_what_is_thrown_away_is_gone_and_known(browser, draft, django_capture_on_commit_callbacks):
    run = draft(CUSTOMERS)
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(at_step("discard", run))
    run.refresh_from_db()
    assert run.state == "discarded"
    assert not kept_path(run).exists()
    assert browser.get(at_step("map", run)).url == run.get_absolute_url()


def test_a_draft_is_found_again_in_the_list(browser, draft):
    run = draft(CUSTOMERS)
    page = text_of(browser.get(reverse("imports")))
    assert run.get_absolute_url() in page
    assert at_step("look", run) in text_of(browser.get(run.get_absolute_url()))
    map_columns(browser, run)
    assert at_step("preview", run) in text_of(browser.get(run.get_absolute_url()))


def test_a_file_that_is_gone_is_told(browser, draft):
    run = draft(CUSTOMERS)
    kept_path(run).unlink()
    for step in ("look", "map"):
        assert "no longer there" in text_of(browser.get(at_step(step, run)))


def test_another_marketer_may_go_on(client, draft):
    run = draft(CUSTOMERS)
    client.force_login(User.objects.create_superuser("other"))
    assert map_columns(client, run).url == at_step("preview", run)


def test_who_may_not_import_sees_no_step(client, draft):
    run = draft(CUSTOMERS)
    client.force_login(User.objects.create_user("reader"))
    for step in ("look", "map", "preview"):
        assert client.get(at_step(step, run)).status_code == 403
    for step in ("check", "start", "stop", "discard"):
        assert client.post(at_step(step, run)).status_code == 403


def test_a_mapping_is_saved_and_used_for_the_next_file(browser, draft):
    run = draft(GERMAN, kind="orders")
    map_columns(browser, run, Bemerkung="-", save_as="Kasse")
    saved = ImportMapping.objects.get()
    assert (saved.kind, saved.name, saved.by.username) == ("orders", "Kasse", "marketer")
    again = draft(GERMAN, kind="orders")
    response = browser.get(at_step("map", again))
    assert response.context["applied"] == saved
    assert "“Kasse” fits this file" in text_of(response)
    assert not response.context["form"].n_undecided


def test_one_may_begin_without_the_mapping_that_fits(browser, draft):
    run = draft(GERMAN, kind="orders")
    map_columns(browser, run, Bemerkung="-", save_as="Kasse")
    response = browser.get(at_step("map", draft(GERMAN, kind="orders")), {"mapping": "none"})
    assert response.context["applied"] is None
    assert response.context["form"].n_undecided == 1
    assert "1 column of the file still to be decided" in text_of(response)


def test_a_mapping_for_another_heading_fills_in_what_it_knows(browser, draft):
    run = draft(b"Nr,Wohnort\nc1,Ulm\n")
    map_columns(browser, run, Nr="customer_id", Wohnort="location", save_as="Kartei")
    saved = ImportMapping.objects.get()
    other = draft(b"Nr,Wohnort,Full name\nc1,Ulm,Ann\n")
    form = browser.get(at_step("map", other), {"mapping": saved.pk}).context["form"]
    assert [line.field.value() for line in form.lines] == ["customer_id", "location", "name"]


def test_saved_mappings_are_listed_and_deleted(browser, draft):
    map_columns(browser, draft(CUSTOMERS), save_as="People")
    assert "People" in text_of(browser.get(reverse("import-mappings")))
    saved = ImportMapping.objects.get()
    for _ in range(2):
        assert browser.post(reverse("import-mapping-delete", args=[saved.pk])).status_code == 302
    assert not ImportMapping.objects.exists()


def test_the_list_of_mappings_needs_no_more_queries_for_more_of_them(browser, at, marketer):
    def n_queries():
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(reverse("import-mappings")).status_code == 200
        return len(queries)

    ImportMapping.objects.create(kind="orders", name="first", by=marketer, at=at)
    before = n_queries()
    for number in range(5):
        ImportMapping.objects.create(kind="orders", name=f"m{number}", by=marketer, at=at)
    assert n_queries() == before


def returned(browser, run):
    return b"".join(browser.get(reverse("rejected-file", args=[run.pk])).streaming_content)


def test_refused_rows_come_back_as_they_were_and_can_be_sent_again(browser, draft):
    Product.objects.create(sku="A-1", currency="EUR")
    Customer.objects.create(external_id="Jürgen")
    run = draft(GERMAN, kind="orders", name="verkauf.csv")
    map_columns(browser, run, Bemerkung="-", save_as="Kasse")
    take_in(browser, check(browser, run))
    assert (run.n_created, run.n_rejected) == (1, 1)

    lines = returned(browser, run).decode("utf-8-sig").splitlines()
    assert lines[0] == "Bestellnummer;Kunde;Datum;Artikelnummer;Menge;Betrag;Bemerkung;reason"
    assert lines[1].startswith("B2;Jürgen;01.02.2017;A-2;1;-3,25;;")
    assert len(lines) == 2

    Product.objects.create(sku="A-2", currency="EUR")
    again = draft(returned(browser, run), kind="orders", name="verkauf-to-correct.csv")
    assert browser.get(at_step("map", again)).context["applied"].name == "Kasse"
    map_columns(browser, again)
    take_in(browser, check(browser, again))
    assert (again.n_created, again.n_rejected) == (1, 0)
    assert Order.objects.count() == 2


def test_refused_rows_come_back_without_formulas(browser, draft):
    run = draft(b'customer_id,joined_on,name\nc1,soon,"=cmd|x"\n')
    map_columns(browser, run)
    check(browser, run)
    assert "c1,soon,'=cmd|x," in returned(browser, run).decode()


def test_a_row_with_too_many_cells_comes_back_whole(browser, draft):
    run = draft(b"customer_id,name\nc1,Ann\nc2,Ben,Bob,Bo\n")
    map_columns(browser, run)
    check(browser, run)
    assert 'c2,"Ben,Bob,Bo",' in returned(browser, run).decode()


def test_refused_rows_can_be_downloaded_for_a_week(browser, draft):
    run = draft(b"customer_id,joined_on\nc1,2017-01-01\nc2,soon\n")
    map_columns(browser, run)
    take_in(browser, check(browser, run))
    sweep_imports(at=run.finished_at + timedelta(days=6))
    assert kept_path(run).exists()
    sweep_imports(at=run.finished_at + timedelta(days=8))
    assert not kept_path(run).exists()
    assert browser.get(reverse("rejected-file", args=[run.pk])).status_code == 404
    assert "Download these rows" not in text_of(browser.get(run.get_absolute_url()))


def test_a_workbook_that_nobody_reads_on_leaves_no_file_open(draft):
    """Warnings are errors here: a file left to the garbage collector would be one."""
    draft(template_file("customers", "xlsx"), name="people.xlsx")
    gc.collect()
