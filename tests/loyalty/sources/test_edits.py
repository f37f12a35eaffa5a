"""Connecting, changing, resting and removing a source."""

from datetime import time, timedelta

import pytest

from loyalty.models import Customer, ImportSource, IngestRun, SourceFile
from loyalty.services.sources import edits
from loyalty.services.sources.places import PlaceRefused
from loyalty.services.sources.visits import SourceTrouble
from tests.loyalty.sources.conftest import AT, make_source, visit

pytestmark = pytest.mark.django_db
VALUES = {"name": "Till", "kind": "customers", "pattern": "*.csv", "every": "day", "day_time": time(2, 30)}


def save(folder, source=None, **values):
    given = {**VALUES, "url": str(folder), **values}
    return edits.save_source(source=source or ImportSource(), values=given, by=None, at=AT)


def test_a_new_source_knows_when_it_is_due(folder):
    source = save(folder)

    assert source.next_due_at.isoformat() == "2017-11-02T06:30:00+00:00"  # 02:30 in New York


def test_an_address_that_is_not_allowed_is_refused_before_it_is_kept(folder):
    with pytest.raises(PlaceRefused, match="holds a password"):
        save("s3://key:secret@bucket/x")
    assert not ImportSource.objects.exists()


def test_what_was_refused_is_tried_again_after_a_change(folder):
    (folder / "1.csv").write_text("customer_id,name\nA,a\n")
    source = make_source(folder, kind="products")
    with pytest.raises(SourceTrouble):
        visit(source)

    save(folder, source)
    assert visit(source)["taken"] == 1
    assert Customer.objects.count() == 1


def test_a_source_rests_and_goes_on(folder):
    source = save(folder)
    edits.pause_source(source=source, at=AT)
    source.refresh_from_db()
    assert (source.is_active, source.next_due_at) == (False, None)

    edits.resume_source(source=source, at=AT + timedelta(days=1))
    source.refresh_from_db()
    assert source.next_due_at.isoformat() == "2017-11-03T06:30:00+00:00"


def test_a_visit_out_of_turn_is_one_at_a_time(folder):
    source = save(folder)
    edits.visit_now(source=source, by=None, at=AT)

    with pytest.raises(edits.SourceBusy, match="being visited just now"):
        edits.visit_now(source=source, by=None, at=AT + timedelta(seconds=5))


def test_what_a_source_brought_stays_when_it_goes(folder):
    (folder / "1.csv").write_text("customer_id,name\nA,a\n")
    source = make_source(folder)
    visit(source)

    edits.delete_source(source=source)
    assert (ImportSource.objects.count(), SourceFile.objects.count()) == (0, 0)
    assert (Customer.objects.count(), IngestRun.objects.count()) == (1, 1)
