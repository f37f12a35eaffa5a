"""Checked before anything is written, taken whole or not at all, and thrown away when nobody goes on."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from loyalty.models import Customer, IngestRun, Job, Order, OrderLine, Product
from loyalty.services import imports
from loyalty.services.ingest import FileRefused, Mapping, MappingRefused, Reading, check_run, run_ingest
from loyalty.services.progress import QuietProgress

pytestmark = pytest.mark.django_db
TEXT = "order;who;when;sku;n;sum\nO1;A;2017-07-01;1;2;3.00\nO1;A;2017-07-01;2;1;cheap\nO2;A;2017-07-02;1;1;1.50\n"
COLUMNS = {
    "order": "order_id",
    "who": "customer_id",
    "when": "ordered_at",
    "sku": "sku",
    "n": "quantity",
    "sum": "amount",
}
MAPPING = Mapping(columns=COLUMNS, unknown_products="create", unknown_customers="create")


@pytest.fixture(autouse=True)
def upload_dir(settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return settings.UPLOAD_DIR


def draft(at, text=TEXT, mapping=MAPPING):
    run = imports.begin_draft(kind="orders", file=SimpleUploadedFile("till.csv", text.encode()), by=None, at=at)
    if mapping is not None:
        imports.choose_mapping(run=run, mapping=mapping)
    return run


def checked(run, at):
    job = imports.start_check(run=run, by=None, at=at)
    check_run(run_id=run.pk, report=QuietProgress())
    Job.objects.filter(pk=job.pk).update(state="done")
    run.refresh_from_db()
    return run


def taken(run, at):
    job = imports.start_import(run=run, by=None, at=at)
    try:
        run_ingest(run_id=run.pk, report=QuietProgress())
    finally:
        Job.objects.filter(pk=job.pk).update(state="done")
        run.refresh_from_db()
    return run


def counts(run):
    return run.n_rows, run.n_created, run.n_updated, run.n_unchanged, run.n_rejected


def nothing_is_written():
    return not any(model.objects.exists() for model in (Order, OrderLine, Product, Customer))


def test_a_check_tells_what_would_happen_and_writes_nothing(at):
    run = checked(draft(at), at)

    assert (run.state, counts(run)) == (IngestRun.State.CHECKED, (3, 1, 0, 0, 2))
    assert nothing_is_written()
    assert [row.line for row in run.rejected_rows.all()] == [2, 3]
    assert run.checked["notes"] == [
        "3 rows hold times without a zone; they were read as times in America/New_York.",
        "1 unknown customer key comes with a new customer.",
        "1 unknown product key comes with a new product.",
    ]


class KilledBeforeTheEnd(QuietProgress):
    """Dies after everything was compared, before anything is kept."""

    @contextmanager
    def writing(self):
        with transaction.atomic():
            yield
            raise SystemExit


def test_a_check_that_was_killed_is_done_again_and_counts_nothing_twice(at):
    run = draft(at)
    imports.start_check(run=run, by=None, at=at)
    with pytest.raises(SystemExit):
        check_run(run_id=run.pk, report=KilledBeforeTheEnd())
    run.refresh_from_db()
    assert (run.state, run.rejected_rows.count()) == (IngestRun.State.CHECKING, 0)

    check_run(run_id=run.pk, report=QuietProgress())
    run.refresh_from_db()
    assert (run.state, counts(run), run.rejected_rows.count()) == (IngestRun.State.CHECKED, (3, 1, 0, 0, 2), 2)


def test_the_import_does_what_the_check_foretold(at):
    run = draft(at)
    foretold = counts(checked(run, at))

    assert counts(taken(run, at)) == foretold
    again = checked(draft(at), at)
    assert counts(again) == (3, 0, 0, 1, 2)
    changed = checked(draft(at, TEXT.replace("1.50", "1.75").replace("cheap", "1")), at)
    assert counts(changed) == (3, 2, 1, 0, 0)
    assert counts(taken(changed, at)) == (3, 2, 1, 0, 0)


def test_all_or_nothing_writes_nothing_when_one_row_is_wrong(at):
    whole = Mapping(**{**MAPPING.to_json(), "on_bad_rows": "refuse_all"})
    run = draft(at, mapping=whole)

    with pytest.raises(FileRefused, match=r"2 of 3 rows cannot be taken\. All or nothing was chosen"):
        taken(run, at)
    run.refresh_from_db()
    assert (run.state, counts(run)) == (IngestRun.State.FAILED, (3, 0, 0, 0, 2))
    assert run.rejected_rows.count() == 2
    assert nothing_is_written()
    imports.choose_mapping(run=run, mapping=MAPPING)
    assert counts(taken(run, at)) == (3, 1, 0, 0, 2)


def test_another_reading_forgets_the_mapping_and_another_mapping_the_check(at):
    run = checked(draft(at), at)
    imports.choose_mapping(run=run, mapping=Mapping(**{**MAPPING.to_json(), "zone": "Europe/Berlin"}))
    run.refresh_from_db()
    assert (run.state, run.checked, run.rejected_rows.count()) == (IngestRun.State.DRAFT, {}, 0)

    look = imports.choose_reading(run=run, reading=Reading(delimiter=","))
    run.refresh_from_db()
    assert (look.names, run.mapping) == (("order;who;when;sku;n;sum",), {})


def test_a_mapping_that_does_not_fit_is_not_kept(at):
    run = draft(at, mapping=None)
    with pytest.raises(MappingRefused):
        imports.choose_mapping(run=run, mapping=Mapping(columns={"order": "order_id"}))
    run.refresh_from_db()
    assert run.mapping == {}


def test_nothing_is_decided_about_an_import_that_is_under_way(at):
    run = draft(at)
    imports.start_check(run=run, by=None, at=at)

    for decide in (
        lambda: imports.start_import(run=run, by=None, at=at),
        lambda: imports.choose_mapping(run=run, mapping=MAPPING),
        lambda: imports.discard_import(run=run, at=at),
    ):
        with pytest.raises(imports.ImportNotOpen, match="under way"):
            decide()


def test_a_draft_is_thrown_away_after_a_week(at, upload_dir, django_capture_on_commit_callbacks):
    old, young = draft(at), draft(at + timedelta(days=3))
    with django_capture_on_commit_callbacks(execute=True):
        assert imports.sweep_imports(at=at + timedelta(days=8)) == 1

    old.refresh_from_db()
    assert old.state == IngestRun.State.DISCARDED
    assert [path.name for path in upload_dir.iterdir()] == [f"{young.pk}.upload"]
    with pytest.raises(imports.ImportNotOpen, match="has ended"):
        imports.start_check(run=old, by=None, at=at)


def test_a_run_whose_command_was_killed_does_not_stop_the_sweep(at, upload_dir):
    killed = IngestRun.objects.create(kind="orders", source="till.csv", state="running", started_at=at)

    assert imports.sweep_imports(at=at + timedelta(days=8)) == 1
    killed.refresh_from_db()
    assert killed.state == IngestRun.State.DISCARDED


def test_the_same_name_replaces_a_saved_mapping(at):
    imports.save_mapping(kind="orders", name=" Till  export ", mapping=MAPPING, by=None, at=at)
    other = Mapping(columns=COLUMNS, decimal=",")
    saved = imports.save_mapping(kind="orders", name="Till export", mapping=other, by=None, at=at)

    assert Mapping.saved(saved) == other
    assert saved.pk
