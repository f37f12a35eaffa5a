import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from loyalty.models import Customer, IngestRun
from loyalty.services.ingest import FileRefused, accept_upload, run_ingest
from loyalty.services.progress import QuietProgress

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def upload_dir(settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return settings.UPLOAD_DIR


def accept(at, content, kind="customers"):
    return accept_upload(kind=kind, file=SimpleUploadedFile("people.csv", content), by=None, at=at)


def test_a_kept_file_is_taken_in_and_then_gone(at, upload_dir):
    run = accept(at, b"customer_id\nA\n")
    assert len(list(upload_dir.iterdir())) == 1

    assert run_ingest(run_id=run.pk, report=QuietProgress())["created"] == 1
    assert list(upload_dir.iterdir()) == []


def test_a_run_that_is_done_does_nothing_again(at):
    run = accept(at, b"customer_id\nA\n")
    first = run_ingest(run_id=run.pk, report=QuietProgress())
    Customer.objects.all().delete()

    assert run_ingest(run_id=run.pk, report=QuietProgress()) == first
    assert not Customer.objects.exists()


def test_a_bad_heading_is_refused_at_once_and_nothing_is_kept(at, upload_dir):
    with pytest.raises(FileRefused, match="Unknown column"):
        accept(at, b"shoe\n40\n")
    assert not IngestRun.objects.exists()
    assert list(upload_dir.iterdir()) == []


def test_a_file_that_is_too_large_is_refused_with_what_to_do(at, settings):
    settings.MAX_UPLOAD_BYTES = 10
    with pytest.raises(FileRefused, match="Cut it into smaller files"):
        accept(at, b"customer_id\nA\nB\nC\n")


def test_a_fault_found_while_reading_fails_the_run_with_the_sentence(at):
    run = accept(at, b'customer_id,name\nA,"open\n')

    with pytest.raises(FileRefused):
        run_ingest(run_id=run.pk, report=QuietProgress())
    run.refresh_from_db()
    assert run.state == IngestRun.State.FAILED
    assert run.note.startswith("Line 2 cannot be read.")
